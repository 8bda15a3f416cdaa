// A driver in the test program: libbinder talks to it as it talks to a device, and no kernel is needed.
//
// Every device that is opened stands for a process of its own, with a pid and with threads of its own,
// whatever thread of the program uses it. Memory and descriptors are the program's.
#pragma once

#include <linux/android/binder.h>

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "cuse_binder/client/client_files.h"
#include "cuse_binder/client/client_identity.h"
#include "cuse_binder/client/client_memory.h"
#include "cuse_binder/protocol/driver.h"
#include "device/driver_device.h"

namespace cuse_binder::test {

class InProcessDriver final : private client::ClientMemory,
                              private client::ClientFiles,
                              private client::ClientIdentity {
 public:
  InProcessDriver();
  ~InProcessDriver() override;

  // Called when a device is destroyed, with the nodes of its process that the driver held references to: the
  // memory of a process that ends goes anyway, here somebody has to give them back.
  using OnEnd = std::function<void(std::vector<binder_node_debug_info>)>;

  // Opened as by another process.
  std::unique_ptr<android::internal::DriverDevice> open(OnEnd on_end);
  // The pid that the driver knows the last opened device by.
  pid_t last_pid() const { return last_pid_; }

  // Whether the calling thread is in an ioctl: what it does there is the driver's doing, not the library's.
  static bool is_in_driver();

  protocol::Driver& driver() { return *driver_; }
  // What is still alive in the driver; empty if nothing.
  std::string leftovers();

 private:
  std::size_t read(pid_t tid, std::span<const iovec> local,
                   std::span<const client::RemotePiece> remote) noexcept override;
  std::size_t write(pid_t tid, std::span<const iovec> local,
                    std::span<const client::RemotePiece> remote) noexcept override;
  base::Result<base::FilePtr> take(pid_t tid, int fd) override;
  void run(pid_t tid, client::DescriptorWork work, std::function<void()> leave,
           std::function<void(client::DescriptorOutcome)> done) override;
  base::Result<client::ProcessIdentity> process_of(pid_t tid) override;
  base::Result<std::string> security_context(pid_t tid) override;
  int nice_of(pid_t tid) override;

  std::atomic<pid_t> last_pid_{0};
  std::unique_ptr<protocol::Driver> driver_;
  std::shared_ptr<protocol::Device> device_;
};

}  // namespace cuse_binder::test
