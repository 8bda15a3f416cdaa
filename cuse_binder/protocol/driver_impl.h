// The one implementation of Driver.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "cuse_binder/core/context.h"
#include "cuse_binder/protocol/device_impl.h"
#include "cuse_binder/protocol/driver.h"
#include "cuse_binder/protocol/services.h"
#include "cuse_binder/protocol/timer.h"

namespace cuse_binder::protocol {

class DriverImpl final : public Driver {
 public:
  DriverImpl(client::ClientMemory& memory, client::ClientFiles& files, client::ClientIdentity& identity);

  std::shared_ptr<Device> create_device(std::string name) override;
  std::string log_text(LogFile which) override;
  std::string process_log_text(pid_t pid) override;
  DriverCounters counters() override;
  void check_invariants() override;
  void trim() override;
  void shut_down() override;
  void rescue() override;

  Services& services() { return services_; }
  Timer& timer() { return timer_; }
  core::Ids& ids() { return ids_; }
  std::vector<std::shared_ptr<DeviceImpl>> devices();
  // An open file of this pid appeared. True if it is the only one: then binder_logs/proc/<pid> is its.
  bool add_open(pid_t pid);
  void drop_open(pid_t pid);

 private:
  Counters counters_;
  Services services_;
  core::Ids ids_;
  std::uint64_t hash_key_;
  std::mutex mutex_;  // of the two lists below; innermost
  std::vector<std::weak_ptr<DeviceImpl>> devices_;
  std::map<pid_t, int> opens_;  // open files by pid
  Timer timer_;                 // last: its thread uses all of the above until it is joined
};

}  // namespace cuse_binder::protocol
