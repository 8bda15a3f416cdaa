// A device of a mount: the context, its minor number and its place under `max`. Exists from its creation
// until its file is unlinked and the last descriptor closed.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>

#include "cuse_binder/protocol/driver.h"

namespace cuse_binder::frontends {

// Minor numbers of device files, lowest free first. All mounts of the daemon share one set, as all mounts of
// the kernel's binderfs do.
class MinorNumbers {
 public:
  static constexpr std::uint32_t kCount = 1u << 20;

  static std::shared_ptr<MinorNumbers> shared();

  std::optional<std::uint32_t> take();
  void give_back(std::uint32_t minor);

 private:
  std::mutex mutex_;
  std::set<std::uint32_t> returned_;  // below next_
  std::uint32_t next_ = 0;
};

struct DeviceEntry {
  DeviceEntry(std::shared_ptr<protocol::Device> device_, std::uint32_t minor_,
              std::shared_ptr<MinorNumbers> numbers)
      : device(std::move(device_)), minor(minor_), numbers_(std::move(numbers)) {}
  ~DeviceEntry() { numbers_->give_back(minor); }
  DeviceEntry(const DeviceEntry&) = delete;
  DeviceEntry& operator=(const DeviceEntry&) = delete;

  const std::shared_ptr<protocol::Device> device;
  const std::uint32_t minor;

 private:
  const std::shared_ptr<MinorNumbers> numbers_;
};

}  // namespace cuse_binder::frontends
