#define LOG_TAG "libbinder"
#include <binder/IPCThreadState.h>
#include <binder/IServiceManager.h>
#include <binder/ProcessState.h>
#include <log/log.h>

#include <chrono>
#include <mutex>
#include <thread>

#include "manager/dialect_choice.h"
#include "manager/service_manager_shim.h"

namespace android {
namespace {

using namespace std::chrono_literals;

// How often we look for a manager that is not there yet, and every how many times we say so.
constexpr auto kManagerInterval = 100ms;
constexpr int kManagerMessageEvery = 10;

std::once_flag default_once;

// Never destroyed: threads of the pool may use it while the process exits.
sp<IServiceManager>& default_manager() {
  static auto* manager = new sp<IServiceManager>();
  return *manager;
}

sp<IBinder> wait_for_context_object() {
  const sp<ProcessState> process = ProcessState::self();
  for (int round = 1;; ++round) {
    if (sp<IBinder> found = process->getContextObject(nullptr); found != nullptr) return found;
    if (round % kManagerMessageEvery == 0)
      ALOGI("Waiting for a service manager on %s", process->getDriverName().c_str());
    std::this_thread::sleep_for(kManagerInterval);
  }
}

}  // namespace

IServiceManager::IServiceManager() = default;
IServiceManager::~IServiceManager() = default;

const String16& IServiceManager::getInterfaceDescriptor() const {
  static const String16 descriptor(manager::kManagerDescriptor);
  return descriptor;
}

sp<IServiceManager> defaultServiceManager() {
  std::call_once(default_once, [] {
    sp<IBinder> binder = wait_for_context_object();
    const std::string device = ProcessState::self()->getDriverName().c_str();
    const manager::Dialect& dialect = manager::chosen_dialect(device);
    default_manager() = new manager::ServiceManagerShim(std::make_shared<manager::ManagerProxy>(
        dialect, std::move(binder), [] { return ProcessState::self()->getContextObject(nullptr); }));
  });
  return default_manager();
}

void setDefaultServiceManager(const sp<IServiceManager>& sm) {
  bool is_set = false;
  std::call_once(default_once, [&] {
    default_manager() = sm;
    is_set = true;
  });
  LOG_ALWAYS_FATAL_IF(!is_set, "setDefaultServiceManager() was called after defaultServiceManager()");
}

void* openDeclaredPassthroughHal(const String16& /*interface*/, const String16& /*instance*/, int /*flag*/) {
  return nullptr;
}

}  // namespace android
