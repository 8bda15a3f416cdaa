// LazyServiceRegistrar: services that end with their last client.
//
// The manager counts who holds a service and tells its process when there are none left (some seconds later);
// the process then unregisters all of its services and exits. The declarations are those of AOSP's
// binder/LazyServiceRegistrar.h. Thread-safe. Needs a thread pool.
#pragma once

#include <binder/IServiceManager.h>
#include <binder/Status.h>
#include <utils/StrongPointer.h>

#include <functional>
#include <memory>

namespace android {
namespace binder {
namespace internal {
class ClientCounterCallback;
}

class LazyServiceRegistrar {
 public:
  // One per process, so that the process ends only if all of its services are unused.
  static LazyServiceRegistrar& getInstance();

  // UNKNOWN_ERROR, after a message in the log, if the manager refuses.
  status_t registerService(const sp<IBinder>& service, const std::string& name = "default",
                           bool allowIsolated = false,
                           int dumpFlags = IServiceManager::DUMP_FLAG_PRIORITY_DEFAULT);

  // Keeps the process alive without clients. Set before registering; setting it to false may end the process
  // at once.
  void forcePersist(bool persist);

  // Called when the first client comes (true) or the last one is gone (false). If it returns true the process
  // does not end. Set before registering. On a thread of the pool, under a lock: of this class only
  // tryUnregister() and reRegister() may be called in it.
  void setActiveServicesCallback(const std::function<bool(bool)>& activeServicesCallback);

  // Takes back all registrations; false if one of them has clients. Only in the callback above.
  bool tryUnregister();
  // Undoes a tryUnregister() that failed, on the same thread.
  void reRegister();

  // Another one, for tests of races between two.
  static LazyServiceRegistrar createExtraTestInstance();

 private:
  LazyServiceRegistrar();
  std::shared_ptr<internal::ClientCounterCallback> client_counter_;
};

}  // namespace binder
}  // namespace android
