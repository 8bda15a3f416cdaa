#define LOG_TAG "libbinder"
#include "manager/service_manager_shim.h"

#include <binder/IPCThreadState.h>
#include <binder/ProcessState.h>
#include <log/log.h>
#include <utils/String8.h>

#include <chrono>
#include <condition_variable>
#include <thread>

#include "manager/callbacks.h"

namespace android::manager {
namespace {

using binder::Status;
using namespace std::chrono_literals;

// How long getService() waits, as in AOSP, and how often it looks.
constexpr auto kGetServicePatience = 5s;
constexpr auto kGetServiceInterval = 100ms;
// How often waitForService() looks by itself. A service that is to be started may have died between our
// question and its start: then only another question starts it again (AOSP: CppBackendShim::waitForService).
constexpr auto kWaitInterval = 1s;

std::string narrow(const String16& text) {
  const String8 utf8(text);
  return std::string(utf8.c_str(), utf8.size());
}

String16 widen(const std::string& text) {
  return String16(text.data(), text.size());
}

Vector<String16> widen(const std::vector<std::string>& texts) {
  Vector<String16> result;
  result.setCapacity(texts.size());
  for (const auto& text : texts) result.push_back(widen(text));
  return result;
}

// Says so if it went wrong. INVALID_OPERATION is no news: the dialect has no such request.
bool went_well(const Status& status, const char* what, const std::string& about) {
  if (status.isOk()) return true;
  if (status.transactionError() != INVALID_OPERATION)
    ALOGW("%s(%s) failed: %s", what, about.c_str(), status.toString8().c_str());
  return false;
}

// One thread waits until another one is told of a service.
class Waiter {
 public:
  void tell(const sp<IBinder>& service) {
    {
      std::lock_guard lock(lock_);
      service_ = service;
    }
    told_.notify_all();
  }
  sp<IBinder> wait() {
    std::unique_lock lock(lock_);
    told_.wait_for(lock, kWaitInterval, [this] { return service_ != nullptr; });
    return service_;
  }

 private:
  std::mutex lock_;
  std::condition_variable told_;
  sp<IBinder> service_;
};

}  // namespace

sp<IBinder> ServiceManagerShim::checkService(const String16& name) const {
  FoundService found;
  const std::string utf8 = narrow(name);
  if (!went_well(manager_->find(utf8, false, &found), "checkService", utf8)) return nullptr;
  return found.service;
}

sp<IBinder> ServiceManagerShim::getService(const String16& name) const {
  const auto end = std::chrono::steady_clock::now() + kGetServicePatience;
  FoundService found;
  const std::string utf8 = narrow(name);
  if (!went_well(manager_->find(utf8, true, &found), "getService", utf8)) return nullptr;
  while (found.service == nullptr && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(kGetServiceInterval);
    found.service = checkService(name);
  }
  if (found.service == nullptr) ALOGW("Service %s is not there", utf8.c_str());
  return found.service;
}

status_t ServiceManagerShim::addService(const String16& name, const sp<IBinder>& service, bool allowIsolated,
                                        int dumpsysFlags) {
  const Status status = manager_->addService(narrow(name), service, allowIsolated, dumpsysFlags);
  // AOSP gives out the number of the exception, which for a failed transaction says nothing.
  if (status.transactionError() != OK) return status.transactionError();
  return status.exceptionCode();
}

Vector<String16> ServiceManagerShim::listServices(int dumpsysFlags) {
  std::vector<std::string> names;
  if (!went_well(manager_->listServices(dumpsysFlags, &names), "listServices", {})) return {};
  return widen(names);
}

sp<IBinder> ServiceManagerShim::waitForService(const String16& name) {
  const std::string utf8 = narrow(name);
  FoundService found;
  if (!went_well(manager_->find(utf8, true, &found), "waitForService", utf8)) return nullptr;
  if (found.service != nullptr) return found.service;

  const auto waiter = std::make_shared<Waiter>();
  const sp<ServiceCallback> callback(
      new ServiceCallback([waiter](const std::string&, const sp<IBinder>& service) {
        waiter->tell(service);
        // What this thread still holds would count as a client of a lazy service.
        IPCThreadState::self()->flushCommands();
      }));
  const Status registered = manager_->registerForNotifications(utf8, callback);
  const bool is_told = registered.isOk();
  if (!is_told && registered.transactionError() != INVALID_OPERATION) {
    ALOGW("waitForService(%s) failed: %s", utf8.c_str(), registered.toString8().c_str());
    return nullptr;
  }
  for (;;) {
    found.service = waiter->wait();
    if (found.service != nullptr) break;
    ALOGW("Still waiting for service %s (threads that serve binder here: %zu)", utf8.c_str(),
          ProcessState::self()->getThreadPoolMaxTotalThreadCount());
    if (!went_well(manager_->find(utf8, true, &found), "waitForService", utf8)) break;
    if (found.service != nullptr) break;
  }
  if (is_told)
    (void)manager_->unregisterForNotifications(utf8, callback);  // if it is gone, so is the registration
  return found.service;
}

bool ServiceManagerShim::isDeclared(const String16& name) {
  bool declared = false;
  const std::string utf8 = narrow(name);
  return went_well(manager_->isDeclared(utf8, &declared), "isDeclared", utf8) && declared;
}

Vector<String16> ServiceManagerShim::getDeclaredInstances(const String16& interface) {
  std::vector<std::string> instances;
  const std::string utf8 = narrow(interface);
  if (!went_well(manager_->getDeclaredInstances(utf8, &instances), "getDeclaredInstances", utf8)) return {};
  return widen(instances);
}

std::optional<String16> ServiceManagerShim::updatableViaApex(const String16& name) {
  std::optional<std::string> apex;
  const std::string utf8 = narrow(name);
  if (!went_well(manager_->updatableViaApex(utf8, &apex), "updatableViaApex", utf8) || !apex)
    return std::nullopt;
  return widen(*apex);
}

Vector<String16> ServiceManagerShim::getUpdatableNames(const String16& apexName) {
  std::vector<std::string> names;
  const std::string utf8 = narrow(apexName);
  if (!went_well(manager_->getUpdatableNames(utf8, &names), "getUpdatableNames", utf8)) return {};
  return widen(names);
}

std::optional<IServiceManager::ConnectionInfo> ServiceManagerShim::getConnectionInfo(const String16& name) {
  std::optional<manager::ConnectionInfo> info;
  const std::string utf8 = narrow(name);
  if (!went_well(manager_->getConnectionInfo(utf8, &info), "getConnectionInfo", utf8) || !info)
    return std::nullopt;
  return IServiceManager::ConnectionInfo{info->ip_address, static_cast<unsigned int>(info->port)};
}

status_t ServiceManagerShim::registerForNotifications(const String16& name,
                                                      const sp<LocalRegistrationCallback>& callback) {
  if (callback == nullptr) return BAD_VALUE;
  const std::string utf8 = narrow(name);
  const sp<IBinder> told_to(
      new ServiceCallback([callback](const std::string& its_name, const sp<IBinder>& service) {
        callback->onServiceRegistration(widen(its_name), service);
      }));
  std::lock_guard lock(lock_);
  const Status status = manager_->registerForNotifications(utf8, told_to);
  if (status.transactionError() == INVALID_OPERATION) return INVALID_OPERATION;
  if (!went_well(status, "registerForNotifications", utf8)) return UNKNOWN_ERROR;
  registrations_.emplace(utf8, Registration{callback, told_to});
  return OK;
}

status_t ServiceManagerShim::unregisterForNotifications(const String16& name,
                                                        const sp<LocalRegistrationCallback>& callback) {
  if (callback == nullptr) return BAD_VALUE;
  const std::string utf8 = narrow(name);
  std::lock_guard lock(lock_);
  const auto [begin, end] = registrations_.equal_range(utf8);
  for (auto it = begin; it != end; ++it) {
    if (it->second.callback != callback) continue;
    const sp<IBinder> told_to = it->second.told_to;
    registrations_.erase(it);
    if (!went_well(manager_->unregisterForNotifications(utf8, told_to), "unregisterForNotifications", utf8))
      return UNKNOWN_ERROR;
    return OK;
  }
  ALOGE("unregisterForNotifications(%s): that callback is not registered", utf8.c_str());
  return BAD_VALUE;
}

std::vector<IServiceManager::ServiceDebugInfo> ServiceManagerShim::getServiceDebugInfo() {
  std::vector<DebugInfo> infos;
  if (!went_well(manager_->getServiceDebugInfo(&infos), "getServiceDebugInfo", {})) return {};
  std::vector<ServiceDebugInfo> result;
  result.reserve(infos.size());
  for (auto& info : infos) result.push_back({std::move(info.name), info.pid});
  return result;
}

void ServiceManagerShim::enableAddServiceCache(bool /*value*/) {}

bool ServiceManagerShim::checkServiceAccess(const String16& callerSid, pid_t callerDebugPid, uid_t callerUid,
                                            const String16& name, const String16& permission) {
  bool allowed = false;
  const CallerContext caller{narrow(callerSid), callerDebugPid, static_cast<int32_t>(callerUid)};
  const std::string utf8 = narrow(name);
  return went_well(manager_->checkServiceAccess(caller, utf8, narrow(permission), &allowed),
                   "checkServiceAccess", utf8) &&
         allowed;
}

IBinder* ServiceManagerShim::onAsBinder() {
  std::lock_guard lock(lock_);
  as_binder_ = manager_->binder();
  return as_binder_.get();
}

}  // namespace android::manager
