// IServiceManager, the interface that programs use, over the manager of the device.
#pragma once

#include <binder/IServiceManager.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "manager/manager_proxy.h"

namespace android::manager {

class ServiceManagerShim final : public IServiceManager {
 public:
  explicit ServiceManagerShim(std::shared_ptr<ManagerProxy> manager) : manager_(std::move(manager)) {}

  ManagerProxy& proxy() { return *manager_; }

  sp<IBinder> getService(const String16& name) const override;
  sp<IBinder> checkService(const String16& name) const override;
  status_t addService(const String16& name, const sp<IBinder>& service, bool allowIsolated,
                      int dumpsysFlags) override;
  Vector<String16> listServices(int dumpsysFlags) override;
  sp<IBinder> waitForService(const String16& name) override;
  bool isDeclared(const String16& name) override;
  Vector<String16> getDeclaredInstances(const String16& interface) override;
  std::optional<String16> updatableViaApex(const String16& name) override;
  Vector<String16> getUpdatableNames(const String16& apexName) override;
  std::optional<IServiceManager::ConnectionInfo> getConnectionInfo(const String16& name) override;
  status_t registerForNotifications(const String16& name,
                                    const sp<LocalRegistrationCallback>& callback) override;
  status_t unregisterForNotifications(const String16& name,
                                      const sp<LocalRegistrationCallback>& callback) override;
  std::vector<ServiceDebugInfo> getServiceDebugInfo() override;
  void enableAddServiceCache(bool value) override;
  bool checkServiceAccess(const String16& callerSid, pid_t callerDebugPid, uid_t callerUid,
                          const String16& name, const String16& permission) override;

 protected:
  IBinder* onAsBinder() override;

 private:
  struct Registration {
    sp<LocalRegistrationCallback> callback;
    sp<IBinder> told_to;  // what the manager calls
  };

  const std::shared_ptr<ManagerProxy> manager_;
  sp<IBinder> as_binder_;  // keeps what onAsBinder() gave
  std::mutex lock_;
  std::multimap<std::string, Registration> registrations_;
};

}  // namespace android::manager
