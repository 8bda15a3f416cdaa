// android::IBinder: something that can be called, here or in another process.
//
// Thread-safe unless said otherwise. The declarations are those of AOSP's
// frameworks/native/libs/binder/include/binder/IBinder.h.
#pragma once

#include <android-base/unique_fd.h>
#include <utils/Errors.h>
#include <utils/RefBase.h>
#include <utils/String16.h>
#include <utils/Vector.h>

#include <functional>

// Four characters as a transaction code, the first one in the highest byte.
#define B_PACK_CHARS(c1, c2, c3, c4) ((((c1) << 24)) | (((c2) << 16)) | (((c3) << 8)) | (c4))

namespace android {

class BBinder;
class BpBinder;
class IInterface;
class IResultReceiver;
class IShellCallback;
class Parcel;

class IBinder : public virtual RefBase {
 public:
  enum {
    // Codes that interfaces may use.
    FIRST_CALL_TRANSACTION = 0x00000001,
    LAST_CALL_TRANSACTION = 0x00ffffff,

    // Codes that every binder answers; BBinder does it.
    PING_TRANSACTION = B_PACK_CHARS('_', 'P', 'N', 'G'),
    START_RECORDING_TRANSACTION = B_PACK_CHARS('_', 'S', 'R', 'D'),
    STOP_RECORDING_TRANSACTION = B_PACK_CHARS('_', 'E', 'R', 'D'),
    DUMP_TRANSACTION = B_PACK_CHARS('_', 'D', 'M', 'P'),
    SHELL_COMMAND_TRANSACTION = B_PACK_CHARS('_', 'C', 'M', 'D'),
    INTERFACE_TRANSACTION = B_PACK_CHARS('_', 'N', 'T', 'F'),
    SYSPROPS_TRANSACTION = B_PACK_CHARS('_', 'S', 'P', 'R'),
    EXTENSION_TRANSACTION = B_PACK_CHARS('_', 'E', 'X', 'T'),
    DEBUG_PID_TRANSACTION = B_PACK_CHARS('_', 'P', 'I', 'D'),
    SET_RPC_CLIENT_TRANSACTION = B_PACK_CHARS('_', 'R', 'P', 'C'),
    TWEET_TRANSACTION = B_PACK_CHARS('_', 'T', 'W', 'T'),
    LIKE_TRANSACTION = B_PACK_CHARS('_', 'L', 'I', 'K'),

    // Return at once; there is no reply (TF_ONE_WAY).
    FLAG_ONEWAY = 0x00000001,
    // The receiver's copy is zeroed when it is freed (TF_CLEAR_BUF).
    FLAG_CLEAR_BUF = 0x00000020,
    // Kept for source compatibility.
    FLAG_PRIVATE_LOCAL = 0,
    // The caller only has the stability guarantees of vendor code (see Stability.h).
    FLAG_PRIVATE_VENDOR = 0x10000000,
  };

  IBinder();

  // The implementation, if it lives in this process and has this descriptor; null otherwise.
  virtual sp<IInterface> queryLocalInterface(const String16& descriptor);

  // The name of the interface. Of a remote binder it is asked once (one call), and empty if that failed.
  // Valid as long as the binder.
  virtual const String16& getInterfaceDescriptor() const = 0;

  virtual bool isBinderAlive() const = 0;
  virtual status_t pingBinder() = 0;
  // `fd` is borrowed.
  virtual status_t dump(int fd, const Vector<String16>& args) = 0;

  // Runs a shell command of the target: in, out, err are borrowed; `callback` and `resultReceiver` may be
  // null.
  static status_t shellCommand(const sp<IBinder>& target, int in, int out, int err, Vector<String16>& args,
                               const sp<IShellCallback>& callback, const sp<IResultReceiver>& resultReceiver);

  // The binder that vendors attached to extend this one, or null.
  status_t getExtension(sp<IBinder>* out);
  // The pid of the process that owns the binder, as that process sees it.
  status_t getDebugPid(pid_t* outPid);

  // One call. `reply` may be null. Returns a status_t: OK, what the other side returned, or DEAD_OBJECT,
  // FAILED_TRANSACTION, ... of the driver.
  virtual status_t transact(uint32_t code, const Parcel& data, Parcel* reply, uint32_t flags = 0) = 0;

  class DeathRecipient : public virtual RefBase {
   public:
    // On a thread that serves binder, without locks. `who` may be compared; it cannot be promoted any more if
    // nobody else holds it.
    virtual void binderDied(const wp<IBinder>& who) = 0;
  };

  class FrozenStateChangeCallback : public virtual RefBase {
   public:
    enum class State { FROZEN, UNFROZEN };
    virtual void onStateChanged(const wp<IBinder>& who, State state) = 0;
  };

  // Asks to be told once when the process that owns the binder dies. The recipient is held weakly: keep it.
  // When the last strong reference to this proxy goes, its recipients are unlinked. DEAD_OBJECT if the owner
  // is dead already, INVALID_OPERATION for a local binder. Obituaries need a thread that serves binder.
  virtual status_t linkToDeath(const sp<DeathRecipient>& recipient, void* cookie = nullptr,
                               uint32_t flags = 0) = 0;
  // Takes that back. A null recipient is matched by cookie. NAME_NOT_FOUND if there is none, DEAD_OBJECT if
  // the obituary has been sent.
  virtual status_t unlinkToDeath(const wp<DeathRecipient>& recipient, void* cookie = nullptr,
                                 uint32_t flags = 0, wp<DeathRecipient>* outRecipient = nullptr) = 0;

  // Asks to be told when the owner is frozen or unfrozen, and at once what it is now. The callback is held
  // weakly. INVALID_OPERATION where the driver cannot do it, and for local binders.
  [[nodiscard]] status_t addFrozenStateChangeCallback(const wp<FrozenStateChangeCallback>& callback);
  [[nodiscard]] status_t removeFrozenStateChangeCallback(const wp<FrozenStateChangeCallback>& callback);

  virtual bool checkSubclass(const void* subclassID) const;

  typedef void (*object_cleanup_func)(const void* id, void* obj, void* cleanupCookie);

  // Attaches an object to this binder; `func` is called when the binder goes. Returns what is attached under
  // that id already (and attaches nothing), or null.
  virtual void* attachObject(const void* objectID, void* object, void* cleanupCookie,
                             object_cleanup_func func) = 0;
  virtual void* findObject(const void* objectID) const = 0;
  // Gives the attached object back; its clean-up is not called.
  virtual void* detachObject(const void* objectID) = 0;

  // Runs it under the lock of the attached objects. It must not call back into this binder.
  void withLock(const std::function<void()>& doWithLock);
  // The binder (held weakly) that is attached under this id, made by `make` if there is none.
  typedef sp<IBinder> (*object_make_func)(const void* makeArgs);
  sp<IBinder> lookupOrCreateWeak(const void* objectID, object_make_func make, const void* makeArgs);

  virtual BBinder* localBinder();
  virtual BpBinder* remoteBinder();

 protected:
  virtual ~IBinder();
};

}  // namespace android
