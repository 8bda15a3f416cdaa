// ProcessState: this process before the driver: the open device, its mapping, the thread pool, the table of
// proxies.
//
// One per process. Thread-safe. Facts: AOSP's binder/ProcessState.h and ProcessState.cpp.
#pragma once

#include <binder/IBinder.h>
#include <utils/String16.h>
#include <utils/String8.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

namespace android {

class BpBinder;
class IPCThreadState;

namespace internal {
class DriverDevice;
class ProcessScope;
}  // namespace internal

class ProcessState : public virtual RefBase {
 public:
  // The process's state; opens the device when first called. The device is the one of initWithDriver(), else
  // that of the environment variable CUSE_BINDER_DEVICE, else /dev/binder. Aborts, with a message, if there
  // is no usable device.
  static sp<ProcessState> self();
  // Null if nobody has called self() yet.
  static sp<ProcessState> selfOrNull();
  // The same with a device of one's choice. Aborts if another device is in use already.
  static sp<ProcessState> initWithDriver(const char* driver);

  // The context manager's proxy, or null if there is none.
  sp<IBinder> getContextObject(const sp<IBinder>& caller);

  // Begins to serve calls on threads of this process, up to the maximum. More threads are started when the
  // driver asks.
  void startThreadPool();
  // Starts one more thread that serves calls.
  void spawnPooledThread(bool isMain);
  // At most this many threads beyond those that join by themselves (default 15).
  status_t setThreadPoolMaxThreadCount(size_t maxThreads);
  // All threads that may serve at most.
  size_t getThreadPoolMaxTotalThreadCount() const;
  bool isThreadPoolStarted() const;
  // Names the calling thread like a thread of the pool.
  void giveThreadPoolName();

  bool becomeContextManager();

  // A proxy for a handle that the driver gave; the same object for the same handle as long as it lives. For
  // handle 0, the context manager is pinged first, and null is returned if there is none.
  sp<IBinder> getStrongProxyForHandle(int32_t handle);
  void expungeHandle(int32_t handle, IBinder* binder);

  status_t enableOnewaySpamDetection(bool enable);
  String8 getDriverName();

  // Addresses and cookies of this process's nodes that others refer to, up to `count`; -1 on error.
  ssize_t getKernelReferences(size_t count, uintptr_t* buf);
  // Strong references that processes hold to the node behind the proxy; the caller must be the context
  // manager. -1 on error.
  ssize_t getStrongRefCountForNode(const sp<BpBinder>& binder);

  // What happens on calls that wait for an answer: nothing, an error in the log, or the end of the process. A
  // program that must never block on others uses it.
  enum class CallRestriction { NONE, ERROR_IF_NOT_ONEWAY, FATAL_IF_NOT_ONEWAY };
  void setCallRestriction(CallRestriction restriction);

  enum class DriverFeature { ONEWAY_SPAM_DETECTION, EXTENDED_ERROR, FREEZE_NOTIFICATION };
  static bool isDriverFeatureEnabled(const DriverFeature feature);

 private:
  friend class BpBinder;
  friend class IPCThreadState;
  friend class Parcel;
  friend class internal::ProcessScope;
  friend class sp<ProcessState>;

  ProcessState(std::string driver, std::unique_ptr<internal::DriverDevice> device);
  ~ProcessState();
  ProcessState(const ProcessState&) = delete;
  ProcessState& operator=(const ProcessState&) = delete;

  static sp<ProcessState> init(const char* driver, bool require_this);
  std::string threadPoolName();
  void checkExpectingThreadPoolStart() const;
  void verifyNotForked() const;
  bool offersSecurityContexts() const;
  status_t driverCall(unsigned long request, void* argument) const;
  void threadBegins();
  void threadEnds();

  struct HandleEntry {
    IBinder* binder = nullptr;
    RefBase::weakref_type* refs = nullptr;
  };
  HandleEntry* lookupHandleLocked(int32_t handle);

  const std::string driver_;
  const std::unique_ptr<internal::DriverDevice> device_;

  // How busy the pool is: IPCThreadState counts calls that are being served and notices starvation.
  mutable std::mutex thread_count_lock_;  // guards what follows
  std::condition_variable thread_count_decreased_;
  size_t executing_threads_ = 0;
  size_t waiting_for_threads_ = 0;
  int64_t starvation_start_ms_ = 0;  // 0: a thread is free
  size_t max_threads_;
  size_t current_threads_ = 0;  // that serve
  size_t pool_threads_ = 0;     // that this class started

  mutable std::mutex lock_;  // guards what follows
  std::vector<HandleEntry> handles_;
  sp<BBinder> context_manager_;
  bool is_context_manager_ = false;
  bool thread_pool_started_ = false;
  std::atomic<int> thread_pool_sequence_{1};
  std::atomic<CallRestriction> call_restriction_{CallRestriction::NONE};
};

}  // namespace android
