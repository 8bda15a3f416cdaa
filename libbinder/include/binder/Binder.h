// BBinder: a binder that lives in this process. BpRefBase: the base of proxies.
//
// What generated and handwritten services derive from (by way of BnInterface). Thread-safe: transact() is
// called from any number of threads at once. The declarations are those of AOSP's binder/Binder.h.
#pragma once

#include <binder/IBinder.h>

#include <atomic>
#include <memory>

namespace android {

namespace internal {
class Stability;
}

class BBinder : public IBinder {
 public:
  BBinder();

  const String16& getInterfaceDescriptor() const override;
  bool isBinderAlive() const override;
  status_t pingBinder() override;
  status_t dump(int fd, const Vector<String16>& args) override;

  // Answers the codes that every binder has and hands everything else to onTransact().
  status_t transact(uint32_t code, const Parcel& data, Parcel* reply, uint32_t flags = 0) final;

  // A local binder dies with everybody who could be told: INVALID_OPERATION.
  status_t linkToDeath(const sp<DeathRecipient>& recipient, void* cookie = nullptr,
                       uint32_t flags = 0) override;
  status_t unlinkToDeath(const wp<DeathRecipient>& recipient, void* cookie = nullptr, uint32_t flags = 0,
                         wp<DeathRecipient>* outRecipient = nullptr) override;

  void* attachObject(const void* objectID, void* object, void* cleanupCookie, object_cleanup_func func) final;
  void* findObject(const void* objectID) const final;
  void* detachObject(const void* objectID) final;
  void withLock(const std::function<void()>& doWithLock);
  sp<IBinder> lookupOrCreateWeak(const void* objectID, IBinder::object_make_func make, const void* makeArgs);

  BBinder* localBinder() override;

  // The setters below are to be called before the binder is sent anywhere: the driver reads them once, when
  // it learns of the binder. Later calls abort.

  // Whether callers' security contexts are delivered with each call (IPCThreadState::getCallingSid()). On a
  // machine without a security module there are none, and getCallingSid() stays null.
  bool isRequestingSid();
  void setRequestingSid(bool requestSid);

  sp<IBinder> getExtension();
  void setExtension(const sp<IBinder>& extension);

  // Calls are served at least with this scheduling policy (SCHED_*) and priority (nice, or real-time
  // priority).
  void setMinSchedulerPolicy(int policy, int priority);
  int getMinSchedulerPolicy();
  int getMinSchedulerPriority();

  // Whether a caller's real-time policy is passed on to the thread that serves it.
  bool isInheritRt();
  void setInheritRt(bool inheritRt);

  pid_t getDebugPid();

  // Whether the binder has been sent; set by Parcel.
  bool wasParceled();
  void setParceled();

 protected:
  virtual ~BBinder();

  // `data` and `reply` live as long as the call; `reply` is null for a oneway call, or is one that nobody
  // reads.
  virtual status_t onTransact(uint32_t code, const Parcel& data, Parcel* reply, uint32_t flags = 0);

 private:
  BBinder(const BBinder&) = delete;
  BBinder& operator=(const BBinder&) = delete;

  // Names here must not be such as interfaces give their methods: in a service both are in scope.
  class Extras;
  Extras* extrasOrNull() const { return extras_.load(std::memory_order_acquire); }
  Extras* getOrCreateExtras();
  void requireNotParceled(const char* what);

  friend class internal::Stability;

  // Made when first needed: most binders never need it.
  std::atomic<Extras*> extras_;
  std::atomic<int16_t> stability_;  // internal::Stability; 0: not declared yet
  std::atomic<bool> parceled_;
};

// Holds the remote of a proxy object: strong for a local binder; for a BpBinder strong, and its lifetime
// follows the proxy's references.
class BpRefBase : public virtual RefBase {
 protected:
  explicit BpRefBase(const sp<IBinder>& o);
  virtual ~BpRefBase();
  void onFirstRef() override;
  void onLastStrongRef(const void* id) override;
  bool onIncStrongAttempted(uint32_t flags, const void* id) override;

  IBinder* remote() const { return remote_; }
  sp<IBinder> remoteStrong() const { return sp<IBinder>(remote_); }

 private:
  BpRefBase(const BpRefBase&) = delete;
  BpRefBase& operator=(const BpRefBase&) = delete;

  IBinder* const remote_;
  RefBase::weakref_type* refs_;
  std::atomic<int32_t> state_;
};

}  // namespace android
