// One character device of the CUSE door: its connection to the kernel, its node and its open files.
//
// libfuse's callbacks come from workers.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "cuse_binder/frontends/crew.h"
#include "cuse_binder/frontends/cuse_file.h"
#include "cuse_binder/frontends/cuse_node.h"
#include "cuse_binder/frontends/fuse_channel.h"
#include "cuse_binder/frontends/open_files.h"

namespace cuse_binder::frontends {

class CuseDevice {
 public:
  struct Parts {
    std::string name;
    std::shared_ptr<protocol::Device> context;
    Crew& crew;
    AreaServer& areas;
    unsigned readers;
    std::function<void()> lost;
  };
  explicit CuseDevice(Parts parts);
  ~CuseDevice();  // the crew was joined before
  CuseDevice(const CuseDevice&) = delete;
  CuseDevice& operator=(const CuseDevice&) = delete;

  // Makes the device over `cuse_fd`, an open /dev/cuse, and begins to serve; EEXIST if its name is taken.
  int start(base::UniqueFd cuse_fd);
  // Refuses what comes and ends what is pending.
  void close_files();
  // Asks the workers to end; the crew joins them.
  void stop() noexcept;
  // When no worker runs any more: the device disappears.
  void remove();

  const std::string& name() const { return parts_.name; }
  FuseTransport& transport() { return channel_->transport(); }
  bool serves() const { return serves_.load(std::memory_order_acquire); }
  std::size_t open_files() const { return files_.devices(); }
  std::uint64_t ioctls() const { return ioctls_; }

 private:
  friend struct CuseOperations;  // the callbacks

  void open(Reply& reply, fuse_file_info info);
  void release(const fuse_file_info& info);
  static void interrupted(fuse_req_t request, void* handle) noexcept;

  const Parts parts_;
  std::atomic<std::uint64_t> ioctls_{0};
  OpenFiles files_;
  const CuseServices services_;
  std::unique_ptr<FuseChannel> channel_;
  std::atomic<bool> serves_{false};  // then channel_ does not change until remove()
};

}  // namespace cuse_binder::frontends
