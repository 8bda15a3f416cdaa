// The service manager as its clients see it: android.os.IServiceManager in the dialect of the device.
//
// Calls that a dialect does not have answer INVALID_OPERATION as a transaction error. Thread-safe. If the
// manager died and there is a new one, the next call goes to the new one.
#pragma once

#include <binder/IBinder.h>
#include <binder/Parcel.h>
#include <binder/Status.h>

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "manager/dialect.h"
#include "manager/wire.h"

namespace android::manager {

class ManagerProxy {
 public:
  using Status = binder::Status;

  // `find` gives the context manager, or null if there is none.
  ManagerProxy(const Dialect& dialect, sp<IBinder> manager, std::function<sp<IBinder>()> find);

  const Dialect& dialect() const { return dialect_; }
  sp<IBinder> binder();

  // `start`: with what makes the manager start a service that is not there (getService), where it can.
  Status find(const std::string& name, bool start, FoundService* out);
  Status addService(const std::string& name, const sp<IBinder>& service, bool allow_isolated,
                    int32_t priority);
  Status listServices(int32_t priority, std::vector<std::string>* out);
  Status registerForNotifications(const std::string& name, const sp<IBinder>& callback);
  Status unregisterForNotifications(const std::string& name, const sp<IBinder>& callback);
  Status isDeclared(const std::string& name, bool* out);
  Status getDeclaredInstances(const std::string& interface, std::vector<std::string>* out);
  Status updatableViaApex(const std::string& name, std::optional<std::string>* out);
  Status getUpdatableNames(const std::string& apex, std::vector<std::string>* out);
  Status getConnectionInfo(const std::string& name, std::optional<ConnectionInfo>* out);
  Status registerClientCallback(const std::string& name, const sp<IBinder>& service,
                                const sp<IBinder>& callback);
  Status tryUnregisterService(const std::string& name, const sp<IBinder>& service);
  Status getServiceDebugInfo(std::vector<DebugInfo>* out);
  Status checkServiceAccess(const CallerContext& caller, const std::string& name,
                            const std::string& permission, bool* out);

 private:
  using Fill = std::function<status_t(Parcel&)>;
  using Take = std::function<status_t(const Parcel&)>;
  // One call: token, arguments, transaction, status, result.
  Status call(Method method, const Fill& arguments, const Take& result = {});
  Status list_one_by_one(int32_t priority, std::vector<std::string>* out);

  const Dialect& dialect_;
  const std::function<sp<IBinder>()> find_;
  std::mutex lock_;
  sp<IBinder> manager_;
};

}  // namespace android::manager
