#include "servicemanager/service_manager.h"

#include <binder/IServiceManager.h>
#include <binder/Stability.h>

#include <algorithm>

#include "servicemanager/log.h"
#include "servicemanager/service_name.h"

namespace servicemanager {

using android::manager::CallerContext;
using android::manager::ConnectionInfo;
using android::manager::DebugInfo;
using android::manager::FoundService;
using android::manager::FoundUnion;
using Kind = Holdings::Kind;
using Status = ServiceManager::Status;

namespace {

Status refuse(int exception, const char* message) {
  return Status::fromExceptionCode(exception, message);
}

}  // namespace

ServiceManager::ServiceManager(Surroundings& surroundings, Access access, Declarations declarations)
    : surroundings_(surroundings),
      access_(std::make_unique<Access>(std::move(access))),
      declarations_(std::move(declarations)) {}

void ServiceManager::onFirstRef() {
  holdings_ = std::make_unique<Holdings>(android::wp<android::IBinder::DeathRecipient>(this));
}

const std::string* ServiceManager::accessor_of(const std::string& name) const {
  const Declaration* declaration = declarations_.find(name);
  return declaration != nullptr && !declaration->accessor.empty() ? &declaration->accessor : nullptr;
}

Status ServiceManager::can_find(const Caller& caller, const std::string& name) const {
  if (!access_->can_find(caller, name))
    return refuse(Status::EX_SECURITY, "Not allowed to find this service.");
  if (const std::string* accessor = accessor_of(name); accessor && !access_->can_find(caller, *accessor))
    return refuse(Status::EX_SECURITY, "Not allowed to find the accessor of this service.");
  return Status::ok();
}

Status ServiceManager::can_add(const Caller& caller, const std::string& name) const {
  if (!access_->can_add(caller, name)) return refuse(Status::EX_SECURITY, "Not allowed to add this service.");
  if (const std::string* accessor = accessor_of(name); accessor && !access_->can_add(caller, *accessor))
    return refuse(Status::EX_SECURITY, "Not allowed to add the accessor of this service.");
  return Status::ok();
}

FoundService ServiceManager::getService(const Caller& caller, const std::string& name) {
  if (!access_->can_find(caller, name)) return {};
  const auto found = services_.find(name);
  if (found == services_.end()) return {};
  Service& service = found->second;
  if (!service.allow_isolated && access_->is_isolated(caller)) {
    SM_LOG_LIMITED(spdlog::level::warn, "'{}' is not for isolated users ({})", name, to_string(caller));
    return {};
  }
  // The service hears of its client at once. And it may not leave before the next look: the driver counts the client
  // only when it has got this reply.
  service.guarantee_client = true;
  update_clients(name, service, 2 /* ours and this reply's */, false);
  service.guarantee_client = true;
  return {service.binder, (service.priority & android::manager::kFlagIsLazyService) != 0};
}

FoundUnion ServiceManager::getService2(const Caller& caller, const std::string& name) {
  FoundUnion result;
  const std::string* accessor = accessor_of(name);
  if (accessor == nullptr) {
    result.service = getService(caller, name);
    return result;
  }
  result.tag = FoundUnion::Tag::accessor;
  if (access_->can_find(caller, name)) result.accessor = getService(caller, *accessor).service;
  return result;
}

Status ServiceManager::addService(const Caller& caller, const std::string& name, const Binder& service,
                                  bool allow_isolated, int32_t priority) {
  if (Status status = can_add(caller, name); !status.isOk()) return status;
  if (service == nullptr) return refuse(Status::EX_ILLEGAL_ARGUMENT, "Null binder.");
  if (!is_valid_service_name(name)) {
    SM_LOG_LIMITED(spdlog::level::err, "a service cannot be called '{}' ({})",
                   name.substr(0, kMaxServiceName), to_string(caller));
    return refuse(Status::EX_ILLEGAL_ARGUMENT, "Invalid service name.");
  }
  if (android::internal::Stability::requiresVintfDeclaration(service) &&
      declarations_.find(name) == nullptr) {
    SM_LOG_LIMITED(spdlog::level::err, "'{}' has VINTF stability but is not declared ({})", name,
                   to_string(caller));
    return refuse(Status::EX_ILLEGAL_ARGUMENT, "VINTF declaration error.");
  }
  if (!holdings_->add(service, {Kind::service, name})) {
    SM_LOG_LIMITED(spdlog::level::err, "'{}' died while it was added ({})", name, to_string(caller));
    return refuse(Status::EX_ILLEGAL_STATE, "Couldn't linkToDeath.");
  }
  Service entry{service, allow_isolated, priority, false, false, caller};
  const auto [it, is_new] = services_.try_emplace(name);
  if (!is_new) {
    const Service& old = it->second;
    SM_LOG_LIMITED(spdlog::level::info, "'{}' of {} is replaced by that of {}", name, to_string(old.owner),
                   to_string(caller));
    entry.has_clients = old.has_clients;  // what the callbacks of this name believe
    if (old.binder != service) holdings_->remove(old.binder, {Kind::service, name});
  }
  it->second = std::move(entry);
  list_priority_.reset();
  spdlog::debug("added '{}' ({})", name, to_string(caller));

  if (const auto waiting = registration_callbacks_.find(name); waiting != registration_callbacks_.end()) {
    // Those who wait are about to be clients.
    it->second.guarantee_client = true;
    update_clients(name, it->second, 2 /* ours and this call's */, false);
    it->second.guarantee_client = true;
    for (const Binder& callback : waiting->second) surroundings_.send_registration(callback, name, service);
  }
  return Status::ok();
}

const std::vector<std::string>& ServiceManager::sorted(int32_t priority) {
  if (list_priority_ == priority) return list_;
  list_.clear();
  for (const auto& [name, service] : services_)
    if ((service.priority & priority) != 0) list_.push_back(name);
  std::sort(list_.begin(), list_.end());
  list_priority_ = priority;
  return list_;
}

Status ServiceManager::listServices(const Caller& caller, int32_t priority, std::vector<std::string>* out) {
  if (!access_->can_list(caller)) return refuse(Status::EX_SECURITY, "Not allowed to list services.");
  *out = sorted(priority);
  return Status::ok();
}

Status ServiceManager::service_at(const Caller& caller, int32_t priority, size_t index,
                                  const std::string** out) {
  *out = nullptr;
  if (!access_->can_list(caller)) return refuse(Status::EX_SECURITY, "Not allowed to list services.");
  const std::vector<std::string>& names = sorted(priority);
  if (index < names.size()) *out = &names[index];
  return Status::ok();
}

Status ServiceManager::registerForNotifications(const Caller& caller, const std::string& name,
                                                const Binder& callback) {
  if (Status status = can_find(caller, name); !status.isOk()) return status;
  // The service may come later, and may not be for them.
  if (access_->is_isolated(caller)) return refuse(Status::EX_SECURITY, "isolated app");
  if (!is_valid_service_name(name)) return refuse(Status::EX_ILLEGAL_ARGUMENT, "Invalid service name.");
  if (callback == nullptr) return refuse(Status::EX_NULL_POINTER, "Null callback.");
  if (!holdings_->add(callback, {Kind::registration_callback, name}))
    return refuse(Status::EX_ILLEGAL_STATE, "Couldn't link to death.");
  registration_callbacks_[name].push_back(callback);
  if (const auto found = services_.find(name); found != services_.end())
    surroundings_.send_registration(callback, name, found->second.binder);
  return Status::ok();
}

void ServiceManager::remove_callback(Callbacks& callbacks, Kind kind, const std::string& name,
                                     const Binder& callback) {
  const auto it = callbacks.find(name);
  if (it == callbacks.end()) return;
  std::erase(it->second, callback);
  if (it->second.empty()) callbacks.erase(it);
  holdings_->remove(callback, {kind, name});
}

Status ServiceManager::unregisterForNotifications(const Caller& caller, const std::string& name,
                                                  const Binder& callback) {
  if (Status status = can_find(caller, name); !status.isOk()) return status;
  const auto it = registration_callbacks_.find(name);
  if (it == registration_callbacks_.end() ||
      std::find(it->second.begin(), it->second.end(), callback) == it->second.end())
    return refuse(Status::EX_ILLEGAL_STATE, "Nothing to unregister.");
  remove_callback(registration_callbacks_, Kind::registration_callback, name, callback);
  return Status::ok();
}

Status ServiceManager::isDeclared(const Caller& caller, const std::string& name, bool* out) {
  if (Status status = can_find(caller, name); !status.isOk()) return status;
  *out = declarations_.find(name) != nullptr;
  return Status::ok();
}

Status ServiceManager::getDeclaredInstances(const Caller& caller, const std::string& interface,
                                            std::vector<std::string>* out) {
  const std::vector<std::string> all = declarations_.instances(interface);
  out->clear();
  for (const std::string& instance : all)
    if (can_find(caller, interface + "/" + instance).isOk()) out->push_back(instance);
  if (out->empty() && !all.empty()) return refuse(Status::EX_SECURITY, "Not allowed to find any of them.");
  return Status::ok();
}

Status ServiceManager::updatableViaApex(const Caller& caller, const std::string& name,
                                        std::optional<std::string>* out) {
  if (Status status = can_find(caller, name); !status.isOk()) return status;
  const Declaration* declaration = declarations_.find(name);
  out->reset();
  if (declaration != nullptr && !declaration->apex.empty()) *out = declaration->apex;
  return Status::ok();
}

Status ServiceManager::getUpdatableNames(const Caller& caller, const std::string& apex,
                                         std::vector<std::string>* out) {
  const std::vector<std::string> all = declarations_.updated_by(apex);
  out->clear();
  for (const std::string& name : all)
    if (can_find(caller, name).isOk()) out->push_back(name);
  if (out->empty() && !all.empty()) return refuse(Status::EX_SECURITY, "Not allowed to find any of them.");
  return Status::ok();
}

Status ServiceManager::getConnectionInfo(const Caller& caller, const std::string& name,
                                         std::optional<ConnectionInfo>* out) {
  if (Status status = can_find(caller, name); !status.isOk()) return status;
  const Declaration* declaration = declarations_.find(name);
  out->reset();
  if (declaration != nullptr && !declaration->ip.empty())
    *out = ConnectionInfo{declaration->ip, declaration->port};
  return Status::ok();
}

Status ServiceManager::own_entry(const Caller& caller, const std::string& name, const Binder& service,
                                 int mismatch, Service** out) {
  if (Status status = can_add(caller, name); !status.isOk()) return status;
  const auto found = services_.find(name);
  if (found == services_.end()) return refuse(mismatch, "There is no such service.");
  if (found->second.owner.pid != caller.pid)
    return refuse(Status::EX_UNSUPPORTED_OPERATION, "Only the service itself may do that.");
  if (found->second.binder != service)
    return refuse(mismatch, "A different service is registered under this name.");
  *out = &found->second;
  return Status::ok();
}

Status ServiceManager::registerClientCallback(const Caller& caller, const std::string& name,
                                              const Binder& service, const Binder& callback) {
  if (callback == nullptr) return refuse(Status::EX_NULL_POINTER, "Null callback.");
  Service* entry = nullptr;
  if (Status status = own_entry(caller, name, service, Status::EX_ILLEGAL_ARGUMENT, &entry); !status.isOk())
    return status;
  if (!holdings_->add(callback, {Kind::client_callback, name}))
    return refuse(Status::EX_ILLEGAL_STATE, "Couldn't linkToDeath.");
  // All callbacks of a service have been told the same.
  if (entry->has_clients) surroundings_.send_clients(callback, service, true);
  client_callbacks_[name].push_back(callback);
  update_clients(name, *entry, 2 /* ours and this call's */, false);
  return Status::ok();
}

Status ServiceManager::tryUnregisterService(const Caller& caller, const std::string& name,
                                            const Binder& service) {
  if (service == nullptr) return refuse(Status::EX_NULL_POINTER, "Null service.");
  Service* entry = nullptr;
  if (Status status = own_entry(caller, name, service, Status::EX_ILLEGAL_STATE, &entry); !status.isOk())
    return status;
  if (entry->guarantee_client) return refuse(Status::EX_ILLEGAL_STATE, "Can't unregister, pending client.");
  if (update_clients(name, *entry, 2 /* ours and this call's */, false)) {
    entry->guarantee_client = true;  // do not try again at once
    return refuse(Status::EX_ILLEGAL_STATE, "Can't unregister, known client.");
  }
  spdlog::info("'{}' is unregistered ({})", name, to_string(caller));
  forget_service(services_.find(name));
  return Status::ok();
}

Status ServiceManager::getServiceDebugInfo(const Caller& caller, std::vector<DebugInfo>* out) {
  if (!access_->can_list(caller)) return refuse(Status::EX_SECURITY, "Not allowed to list services.");
  out->clear();
  out->reserve(services_.size());
  for (const auto& [name, service] : services_) out->push_back({name, service.owner.pid});
  std::sort(out->begin(), out->end(), [](const DebugInfo& a, const DebugInfo& b) { return a.name < b.name; });
  return Status::ok();
}

Status ServiceManager::checkServiceAccess(const Caller& caller, const CallerContext& of,
                                          const std::string& name, const std::string& permission, bool* out) {
  *out = false;
  const auto allows = [&](const Caller& who) {
    if (permission == "find") return can_find(who, name).isOk();
    if (permission == "add") return can_add(who, name).isOk();
    return access_->can_list(who);
  };
  if (permission != "find" && permission != "add" && permission != "list")
    return refuse(Status::EX_ILLEGAL_ARGUMENT, "Invalid permission");
  if (!allows(caller))
    return refuse(Status::EX_SECURITY, "Caller is not allowed to delegate this check to servicemanager.");
  if (!allows(Caller{of.pid, static_cast<uid_t>(of.uid), of.sid}))
    return refuse(Status::EX_SECURITY, "Not allowed.");
  *out = true;
  return Status::ok();
}

void ServiceManager::handleClientCallbacks() {
  // Telling somebody does not come back here: the calls are oneway.
  for (const auto& [name, callbacks] : client_callbacks_)
    if (const auto found = services_.find(name); found != services_.end())
      update_clients(name, found->second, 1 /* ours */, true);
}

bool ServiceManager::update_clients(const std::string& name, Service& service, ssize_t known, bool may_end) {
  if (!client_callbacks_.contains(name)) return true;
  const ssize_t count = surroundings_.strong_count(service.binder);
  if (count == -1) return true;
  const bool is_held = count > known;
  if (service.guarantee_client) {
    if (!service.has_clients && !is_held) tell_clients(name, service, true);
    service.guarantee_client = false;  // for one look
  }
  if (is_held && !service.has_clients) tell_clients(name, service, true);
  // That clients have gone is said late, and only now and then: processes should not end and start all the
  // time.
  if (may_end && !is_held && service.has_clients) tell_clients(name, service, false);
  return service.has_clients;
}

void ServiceManager::tell_clients(const std::string& name, Service& service, bool has_clients) {
  spdlog::debug("'{}' has {}", name, has_clients ? "clients" : "no clients any more");
  service.has_clients = has_clients;
  for (const Binder& callback : client_callbacks_.at(name))
    surroundings_.send_clients(callback, service.binder, has_clients);
}

void ServiceManager::forget_service(Services::iterator entry) {
  holdings_->remove(entry->second.binder, {Kind::service, entry->first});
  services_.erase(entry);
  list_priority_.reset();
}

void ServiceManager::binderDied(const android::wp<android::IBinder>& who) {
  for (const Holdings::Use& use : holdings_->take(who)) {
    switch (use.kind) {
      case Kind::service:
        SM_LOG_LIMITED(spdlog::level::info, "'{}' died", use.name);
        services_.erase(use.name);
        list_priority_.reset();
        break;
      case Kind::registration_callback:
      case Kind::client_callback: {
        Callbacks& callbacks =
            use.kind == Kind::client_callback ? client_callbacks_ : registration_callbacks_;
        const auto it = callbacks.find(use.name);
        if (it == callbacks.end()) break;
        std::erase_if(it->second, [&](const Binder& each) { return each.get() == who.unsafe_get(); });
        if (it->second.empty()) callbacks.erase(it);
        break;
      }
    }
  }
}

}  // namespace servicemanager
