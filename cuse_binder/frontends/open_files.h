// The open files of one connection, from OPEN to RELEASE, and which of them are devices.
//
// Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "cuse_binder/frontends/device_file.h"
#include "cuse_binder/frontends/open_file.h"

namespace cuse_binder::frontends {

class OpenFiles {
 public:
  void add(std::shared_ptr<OpenFile> file);
  // False, and nothing done, if the door is being closed.
  bool add_device(std::shared_ptr<DeviceFile> file);
  // The file leaves the table; null if it is not there (any more).
  std::shared_ptr<OpenFile> take(std::uint64_t handle);
  std::size_t devices() const;

  // Set by close(), for good.
  const std::atomic<bool>& closing() const { return closing_; }
  // Refuses further devices and releases those that are open, which ends all that is parked.
  void close(Watchdog* watchdog);
  void clear();

  // A signal interrupts request `id` of thread `tid` on the device `handle`.
  void interrupt(std::uint64_t handle, pid_t tid, std::uint64_t id, Watchdog& watchdog);

 private:
  std::atomic<bool> closing_{false};
  mutable std::mutex mutex_;                                            // guards what follows
  std::unordered_map<std::uint64_t, std::shared_ptr<OpenFile>> files_;  // by handle
  std::unordered_map<std::uint64_t, std::shared_ptr<protocol::Session>>
      sessions_;  // of those that are devices
};

}  // namespace cuse_binder::frontends
