// What LazyServiceRegistrar does: registers services, and knows which of them have clients.
//
// Facts: AOSP's libs/binder/LazyServiceRegistrar.cpp. The end is in three steps, because a client may come in
// between: the manager says that nobody holds a service; each service is taken back, which the manager
// refuses if somebody asked for it meanwhile; only when all are taken back does the process exit. Otherwise
// those that were are registered again.
#pragma once

#include <binder/Status.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "manager/manager_proxy.h"

namespace android {

namespace binder::internal {

class ClientCounterCallback : public std::enable_shared_from_this<ClientCounterCallback> {
 public:
  // `exit_process` is called when the last client is gone and everything is taken back.
  ClientCounterCallback(std::function<manager::ManagerProxy*()> manager, std::function<void()> exit_process);

  bool registerService(const sp<IBinder>& service, const std::string& name, bool allow_isolated,
                       int dump_flags);
  void forcePersist(bool persist);
  void setActiveServicesCallback(const std::function<bool(bool)>& callback);
  // Both with the lock held: in the callback.
  bool tryUnregister();
  void reRegister();

 private:
  struct Entry {
    sp<IBinder> service;
    bool allow_isolated;
    int dump_flags;
    bool has_clients = false;
    bool is_registered = true;
  };

  void on_clients(const sp<IBinder>& service, bool has_clients);
  bool add(const std::string& name, const Entry& entry);
  size_t in_use() const;
  void maybe_end();

  const std::function<manager::ManagerProxy*()> manager_;
  const std::function<void()> exit_process_;

  std::mutex lock_;  // guards what follows
  std::map<std::string, Entry> entries_;
  sp<IBinder> callback_;
  bool persist_ = false;
  std::optional<bool> told_active_;  // what the active services callback was told last
  std::function<bool(bool)> active_services_;
};

}  // namespace binder::internal
}  // namespace android
