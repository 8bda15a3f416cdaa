// What a running daemon offers: one driver and the doors to it.
//
// Used by the main thread only; the doors serve from threads of their own.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cuse_binder/daemon/client_services.h"
#include "cuse_binder/daemon/device_links.h"
#include "cuse_binder/daemon/exit_code.h"
#include "cuse_binder/daemon/options.h"
#include "cuse_binder/frontends/cuse_door.h"
#include "cuse_binder/frontends/fuse_mount.h"
#include "cuse_binder/protocol/driver.h"

namespace cuse_binder::daemon {

class Server {
 public:
  // `on_lost` is called from any thread when somebody else took a mount or a device away; call
  // collect_lost() then.
  explicit Server(std::function<void()> on_lost);
  ~Server();  // stops

  // All doors or none.
  std::optional<StartError> start(const Options& options);
  // Ends pending calls, closes all doors.
  void stop();

  // Closes the doors whose mounts or devices are gone; returns how many are left.
  std::size_t collect_lost();
  // Gives unused memory back if there was traffic lately. Call it every few seconds.
  void trim();
  void log_counters();
  // For a service manager's status display.
  std::string status() const;

 private:
  struct Door {
    std::string mount_point;
    std::atomic<bool> lost{false};
    std::unique_ptr<frontends::FuseMount> mount;  // its threads use `lost`: dies first
  };

  std::optional<StartError> open_door(const Options& options, const std::string& mount_point);
  std::optional<StartError> open_cuse(const Options& options);

  const std::function<void()> on_lost_;
  ClientServices services_;
  std::unique_ptr<protocol::Driver> driver_;
  std::vector<std::unique_ptr<Door>> doors_;
  std::atomic<bool> cuse_lost_{false};
  std::unique_ptr<frontends::CuseDoor> cuse_;  // its threads use `cuse_lost_`
  std::vector<std::string> cuse_names_;
  std::unique_ptr<DeviceLinks> links_;
  std::uint64_t transactions_at_trim_ = 0;
  unsigned trims_due_ = 0;
};

}  // namespace cuse_binder::daemon
