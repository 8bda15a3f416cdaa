// The registry: names, their services, who waits for them, and who wants to know of their clients.
//
// The methods are those of android.os.IServiceManager, with the caller as first argument, and answer what
// AOSP's servicemanager answers (cmds/servicemanager/ServiceManager.cpp). Not thread-safe: the program has
// one thread.
#pragma once

#include <binder/IBinder.h>
#include <binder/Status.h>

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "manager/dialect.h"
#include "manager/wire.h"
#include "servicemanager/access.h"
#include "servicemanager/caller.h"
#include "servicemanager/declarations.h"
#include "servicemanager/holdings.h"
#include "servicemanager/surroundings.h"

namespace servicemanager {

class ServiceManager final : public android::IBinder::DeathRecipient {
 public:
  using Binder = android::sp<android::IBinder>;
  using Status = android::binder::Status;

  // `surroundings` outlives this object.
  ServiceManager(Surroundings& surroundings, Access access, Declarations declarations);

  // New rules for requests from now on; what is registered stays.
  void set_access(Access access) { access_ = std::make_unique<Access>(std::move(access)); }
  void set_declarations(Declarations declarations) { declarations_ = std::move(declarations); }

  // Never fails: a service that may not be found is not there.
  android::manager::FoundService getService(const Caller& caller, const std::string& name);
  android::manager::FoundUnion getService2(const Caller& caller, const std::string& name);
  Status addService(const Caller& caller, const std::string& name, const Binder& service, bool allow_isolated,
                    int32_t priority);
  // Sorted.
  Status listServices(const Caller& caller, int32_t priority, std::vector<std::string>* out);
  // The one with that index in the sorted list; null behind the end. For callers that ask one by one: fast as
  // long as nothing is added or removed.
  Status service_at(const Caller& caller, int32_t priority, size_t index, const std::string** out);
  Status registerForNotifications(const Caller& caller, const std::string& name, const Binder& callback);
  Status unregisterForNotifications(const Caller& caller, const std::string& name, const Binder& callback);
  Status isDeclared(const Caller& caller, const std::string& name, bool* out);
  Status getDeclaredInstances(const Caller& caller, const std::string& interface,
                              std::vector<std::string>* out);
  Status updatableViaApex(const Caller& caller, const std::string& name, std::optional<std::string>* out);
  Status getUpdatableNames(const Caller& caller, const std::string& apex, std::vector<std::string>* out);
  Status getConnectionInfo(const Caller& caller, const std::string& name,
                           std::optional<android::manager::ConnectionInfo>* out);
  Status registerClientCallback(const Caller& caller, const std::string& name, const Binder& service,
                                const Binder& callback);
  Status tryUnregisterService(const Caller& caller, const std::string& name, const Binder& service);
  Status getServiceDebugInfo(const Caller& caller, std::vector<android::manager::DebugInfo>* out);
  Status checkServiceAccess(const Caller& caller, const android::manager::CallerContext& of,
                            const std::string& name, const std::string& permission, bool* out);

  // Now and then: tells services whose last client has gone.
  void handleClientCallbacks();

  void binderDied(const android::wp<android::IBinder>& who) override;

  size_t size() const { return services_.size(); }

 private:
  struct Service {
    Binder binder;
    bool allow_isolated = false;
    int32_t priority = 0;
    bool has_clients = false;  // what its client callbacks were told last
    // Somebody is about to be a client whom the driver does not count yet: until the next look, there is one.
    bool guarantee_client = false;
    Caller owner;
  };
  using Services = std::unordered_map<std::string, Service>;
  using Callbacks = std::unordered_map<std::string, std::vector<Binder>>;

  void onFirstRef() override;

  // Null if the declaration does not say that another service leads to it.
  const std::string* accessor_of(const std::string& name) const;
  Status can_find(const Caller& caller, const std::string& name) const;
  Status can_add(const Caller& caller, const std::string& name) const;
  // The entry, if it is that caller's and that binder's; or why not.
  Status own_entry(const Caller& caller, const std::string& name, const Binder& service, int mismatch,
                   Service** out);
  void forget_service(Services::iterator entry);
  void remove_callback(Callbacks& callbacks, Holdings::Kind kind, const std::string& name,
                       const Binder& callback);

  // Whether the service has clients, or has nobody who wants to know. `known`: references that are no
  // clients.
  bool update_clients(const std::string& name, Service& service, ssize_t known, bool may_end);
  void tell_clients(const std::string& name, Service& service, bool has_clients);
  const std::vector<std::string>& sorted(int32_t priority);

  Surroundings& surroundings_;
  std::unique_ptr<Access> access_;
  Declarations declarations_;
  std::unique_ptr<Holdings> holdings_;
  Services services_;
  Callbacks registration_callbacks_;
  Callbacks client_callbacks_;
  // The answer to the last list, until something changes.
  std::vector<std::string> list_;
  std::optional<int32_t> list_priority_;
};

}  // namespace servicemanager
