// The usual life of a service in three lines: a class with `static const char* getServiceName()` derives from
// BinderService<itself> and gets publish(), instantiate() and publishAndJoinThreadPool(). Facts: AOSP's
// BinderService.h.
#pragma once

#include <binder/IPCThreadState.h>
#include <binder/IServiceManager.h>
#include <binder/ProcessState.h>
#include <utils/String16.h>

namespace android {

template <typename SERVICE>
class BinderService {
 public:
  // Registers a new object of the class under its name. What the service manager said.
  static status_t publish(bool allowIsolated = false,
                          int dumpFlags = IServiceManager::DUMP_FLAG_PRIORITY_DEFAULT) {
    return defaultServiceManager()->addService(String16(SERVICE::getServiceName()), sp<SERVICE>(new SERVICE),
                                               allowIsolated, dumpFlags);
  }

  // Serves on the pool and on the calling thread; does not return while there is a driver.
  static void publishAndJoinThreadPool(bool allowIsolated = false,
                                       int dumpFlags = IServiceManager::DUMP_FLAG_PRIORITY_DEFAULT) {
    publish(allowIsolated, dumpFlags);
    joinThreadPool();
  }

  static void instantiate() { publish(); }
  static status_t shutdown() { return OK; }

 private:
  static void joinThreadPool() {
    const sp<ProcessState> process = ProcessState::self();
    process->startThreadPool();
    process->giveThreadPoolName();
    IPCThreadState::self()->joinThreadPool();
  }
};

}  // namespace android
