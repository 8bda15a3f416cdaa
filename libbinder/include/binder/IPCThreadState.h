// IPCThreadState: one thread's conversation with the driver.
//
// One per thread and process, made when first used; not thread-safe: only its thread uses it. Facts: AOSP's
// binder/IPCThreadState.h and IPCThreadState.cpp.
#pragma once

#include <binder/Parcel.h>
#include <binder/ProcessState.h>
#include <utils/Errors.h>

#include <functional>
#include <memory>
#include <vector>

struct binder_transaction_data;

namespace android {

namespace internal {
class CommandBuffer;
}

class IPCThreadState {
 public:
  using CallRestriction = ProcessState::CallRestriction;

  static IPCThreadState* self();
  static IPCThreadState* selfOrNull();  // null if this thread never talked to the driver

  // Freezes or unfreezes all of a process's binder communication. Waits at most `timeout_ms` for calls in
  // progress: -EAGAIN if there still are some (it is then not frozen). Errors of the driver's BINDER_FREEZE.
  static status_t freeze(pid_t pid, bool enabled, uint32_t timeout_ms);
  // Bits of what happened to the process while it was frozen: 1 in *sync_received: it got a synchronous call;
  // 2: and more are pending. 1 in *async_received: it got oneway calls.
  static status_t getProcessFreezeInfo(pid_t pid, uint32_t* sync_received, uint32_t* async_received);
  status_t clearLastError();

  // Whose call this thread is serving; the thread's own process where it serves none. The pid of a oneway
  // call is 0.
  [[nodiscard]] pid_t getCallingPid() const;
  // The security context, if the binder asked for it (BBinder::setRequestingSid()); null otherwise. Valid
  // during the call.
  [[nodiscard]] const char* getCallingSid() const;
  [[nodiscard]] uid_t getCallingUid() const;
  // Aborts with that message if a call is being served (so that getCalling...() is not taken for the own
  // identity).
  class SpGuard {
   public:
    const void* address;
    const char* context;
  };
  const SpGuard* pushGetCallingSpGuard(const SpGuard* guard);
  void restoreGetCallingSpGuard(const SpGuard* guard);
  void checkContextIsBinderForUse(const char* use) const;

  // Everything that this thread's outgoing calls say about policy travels in the interface token.
  void setStrictModePolicy(int32_t policy);
  int32_t getStrictModePolicy() const;
  static constexpr uid_t kUnsetWorkSource = static_cast<uid_t>(-1);
  int64_t setCallingWorkSourceUid(uid_t uid);
  int64_t setCallingWorkSourceUidWithoutPropagation(uid_t uid);
  uid_t getCallingWorkSourceUid() const;
  int64_t clearCallingWorkSource();
  void restoreCallingWorkSource(int64_t token);
  void clearPropagateWorkSource();
  bool shouldPropagateWorkSource() const;

  // The flags of the transaction that this thread sent or received last.
  void setLastTransactionBinderFlags(int32_t flags);
  int32_t getLastTransactionBinderFlags() const;

  void setCallRestriction(CallRestriction restriction);
  CallRestriction getCallRestriction() const;

  // Makes this thread's own process the caller until restoreCallingIdentity().
  int64_t clearCallingIdentity();
  void restoreCallingIdentity(int64_t token);
  bool hasExplicitIdentity();

  // For loops of one's own: the descriptor becomes readable when there is something to do;
  // handlePolledCommands() does it and returns.
  status_t setupPolling(int* fd);
  status_t handlePolledCommands();
  void flushCommands();
  // Sends what is pending if the driver may be asked without waiting.
  bool flushIfNeeded();

  // Serves calls until the process ends or the driver has enough threads (isMain == false). Returns then.
  void joinThreadPool(bool isMain = true);
  // Ends this process's conversation with the driver.
  void stopProcess(bool immediate = true);

  status_t transact(int32_t handle, uint32_t code, const Parcel& data, Parcel* reply, uint32_t flags);

  void incStrongHandle(int32_t handle, BpBinder* proxy);
  void decStrongHandle(int32_t handle);
  void incWeakHandle(int32_t handle, BpBinder* proxy);
  void decWeakHandle(int32_t handle);
  status_t attemptIncStrongHandle(int32_t handle);
  static void expungeHandle(int32_t handle, IBinder* binder);

  status_t requestDeathNotification(int32_t handle, BpBinder* proxy);
  status_t clearDeathNotification(int32_t handle, BpBinder* proxy);
  [[nodiscard]] status_t addFrozenStateChangeCallback(int32_t handle, BpBinder* proxy);
  status_t removeFrozenStateChangeCallback(int32_t handle, BpBinder* proxy);

  static void shutdown();  // forgets this thread's state, before exec or at the end of a process

  // Whether incoming calls change the scheduling group of the threads that serve them. Nothing does it here;
  // the setting is kept.
  static void disableBackgroundScheduling(bool disable);
  static bool backgroundSchedulingDisabled();

  // Waits until a thread of the pool is free.
  void blockUntilThreadAvailable();
  // Whether the thread is serving a call that came through the driver (as opposed to a local one).
  bool isServingCall() const { return serving_stack_ != nullptr; }

  // Answers calls to handle 0, in the process that became the context manager.
  void setTheContextObject(const sp<BBinder>& obj);

 private:
  friend class BpBinder;
  friend class internal::ProcessScope;

  explicit IPCThreadState(sp<ProcessState> process);
  ~IPCThreadState();
  IPCThreadState(const IPCThreadState&) = delete;

  status_t sendReply(const Parcel& reply, uint32_t flags);
  status_t waitForResponse(Parcel* reply, status_t* acquireResult = nullptr);
  status_t talkWithDriver(bool doReceive = true);
  status_t writeTransactionData(uint32_t cmd, uint32_t flags, int32_t handle, uint32_t code,
                                const Parcel& data, status_t* statusBuffer);
  status_t getAndExecuteCommand();
  status_t executeCommand(uint32_t command);
  void executeTransaction(const binder_transaction_data& tr, const char* sid);
  status_t dispatch(const binder_transaction_data& tr, const Parcel& data, Parcel* reply);
  void processPendingDerefs();
  void processPostWriteDerefs();
  void clearCaller();
  static void threadDestructor(void* state);
  static void freeBuffer(const uint8_t* data, size_t dataSize, const binder_size_t* objects,
                         size_t objectsCount);
  static void logExtendedError();

  const sp<ProcessState> process_;
  std::vector<BBinder*> pending_strong_derefs_;
  std::vector<RefBase::weakref_type*> pending_weak_derefs_;
  std::vector<RefBase*> post_write_strong_derefs_;
  std::vector<RefBase::weakref_type*> post_write_weak_derefs_;
  std::unique_ptr<internal::CommandBuffer> in_;   // BR_*
  std::unique_ptr<internal::CommandBuffer> out_;  // BC_*
  status_t last_error_ = OK;
  const void* serving_stack_ = nullptr;
  const SpGuard* serving_guard_ = nullptr;
  pid_t calling_pid_;
  const char* calling_sid_ = nullptr;
  uid_t calling_uid_;
  // Whether the identity was set by clearCallingIdentity() (newer AOSP tells, for work profiles).
  bool has_explicit_identity_ = false;
  uid_t work_source_uid_ = kUnsetWorkSource;
  bool propagate_work_source_ = false;
  bool is_looper_ = false;
  bool is_flushing_ = false;
  bool is_polling_ = false;
  int32_t strict_mode_policy_ = 0;
  int32_t last_transaction_flags_ = 0;
  CallRestriction call_restriction_;
};

}  // namespace android
