#define LOG_TAG "libbinder"
#include "manager/client_counter.h"

#include <log/log.h>
#include <utils/String8.h>

#include <algorithm>

#include "manager/callbacks.h"

namespace android::binder::internal {

ClientCounterCallback::ClientCounterCallback(std::function<manager::ManagerProxy*()> manager,
                                             std::function<void()> exit_process)
    : manager_(std::move(manager)), exit_process_(std::move(exit_process)) {}

bool ClientCounterCallback::add(const std::string& name, const Entry& entry) {
  const Status status = manager_()->addService(name, entry.service, entry.allow_isolated,
                                               entry.dump_flags | manager::kFlagIsLazyService);
  if (!status.isOk())
    ALOGE("Cannot register the lazy service %s: %s", name.c_str(), status.toString8().c_str());
  return status.isOk();
}

bool ClientCounterCallback::registerService(const sp<IBinder>& service, const std::string& name,
                                            bool allow_isolated, int dump_flags) {
  std::lock_guard lock(lock_);
  const Entry entry{service, allow_isolated, dump_flags};
  if (!add(name, entry)) return false;
  if (entries_.contains(name)) return true;  // its callback stays with the name
  if (callback_ == nullptr) {
    callback_ = new manager::ClientCallback(
        [self = weak_from_this()](const sp<IBinder>& its_service, bool has_clients) {
          if (const auto counter = self.lock()) counter->on_clients(its_service, has_clients);
        });
  }
  // The manager may answer before we know the entry: its callback waits for our lock.
  const Status status = manager_()->registerClientCallback(name, service, callback_);
  if (!status.isOk()) {
    ALOGE("Cannot count clients of the service %s: %s", name.c_str(), status.toString8().c_str());
    return false;
  }
  entries_.emplace(name, entry);
  return true;
}

void ClientCounterCallback::forcePersist(bool persist) {
  std::lock_guard lock(lock_);
  persist_ = persist;
  if (!persist_) maybe_end();  // the last client may have gone while it was set
}

void ClientCounterCallback::setActiveServicesCallback(const std::function<bool(bool)>& callback) {
  std::lock_guard lock(lock_);
  active_services_ = callback;
}

bool ClientCounterCallback::tryUnregister() {
  for (auto& [name, entry] : entries_) {
    const Status status = manager_()->tryUnregisterService(name, entry.service);
    if (!status.isOk()) {
      ALOGI("The service %s stays: %s", name.c_str(), status.toString8().c_str());
      return false;
    }
    entry.is_registered = false;
  }
  return true;
}

void ClientCounterCallback::reRegister() {
  for (auto& [name, entry] : entries_) {
    if (entry.is_registered) continue;
    // Clients could never reach it again; a new process can be reached.
    LOG_ALWAYS_FATAL_IF(!add(name, entry), "Cannot register the service %s again", name.c_str());
    entry.is_registered = true;
  }
}

size_t ClientCounterCallback::in_use() const {
  return static_cast<size_t>(std::count_if(entries_.begin(), entries_.end(),
                                           [](const auto& each) { return each.second.has_clients; }));
}

void ClientCounterCallback::on_clients(const sp<IBinder>& service, bool has_clients) {
  std::lock_guard lock(lock_);
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const auto& each) { return each.second.service == service; });
  if (found == entries_.end()) {
    ALOGE("Clients of a service that is not ours are counted here");
    return;
  }
  found->second.has_clients = has_clients;
  ALOGI("The service %s has %s; %zu of %zu services are in use", found->first.c_str(),
        has_clients ? "clients" : "no clients any more", in_use(), entries_.size());
  maybe_end();
}

void ClientCounterCallback::maybe_end() {
  if (persist_) return;
  const bool is_active = in_use() != 0;
  bool is_handled = false;
  if (active_services_ && told_active_ != is_active) {
    is_handled = active_services_(is_active);
    told_active_ = is_active;
  }
  if (is_handled || is_active) return;
  if (tryUnregister()) {
    ALOGI("The last client is gone");
    exit_process_();
  }
  reRegister();
}

}  // namespace android::binder::internal
