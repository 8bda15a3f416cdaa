// The FUSE door: one mounted file system of device files, a binderfs of our own.
//
// A mount is an isolated set of contexts: its device files, its binder-control, its binder_logs. Several
// mounts may share a Driver (the logs are then global over all of them, as with the kernel's binderfs).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cuse_binder/base/result.h"

namespace cuse_binder::protocol {
class Device;
class Driver;
}  // namespace cuse_binder::protocol

namespace cuse_binder::frontends {

// How requests come from the kernel.
enum class TransportChoice {
  auto_select,  // io_uring if the kernel offers it, else reads
  uring,        // io_uring or fail
  read,         // read and write on /dev/fuse
};

// What the daemon's benchmarks want to know; all totals since the mount was made.
struct FuseCounters {
  std::uint64_t requests = 0;       // FUSE requests of every kind
  std::uint64_t ioctls = 0;         // of them ioctls on device files
  std::uint64_t syscalls = 0;       // made by the transport to receive requests and to send replies
  std::uint64_t workers = 0;        // threads that serve requests now
  std::uint64_t stuck_workers = 0;  // of them waiting in the memory of a client now
  std::uint64_t open_files = 0;     // device files open now
};

class FuseMount {
 public:
  struct Options {
    std::string mount_point;  // an existing directory
    std::vector<std::string> devices{"binder", "hwbinder", "vndbinder"};
    mode_t mode = 0600;  // of device files; binder-control keeps 0600
    uid_t uid = 0;
    gid_t gid = 0;
    std::uint32_t max_devices = 1048576;  // as binderfs' mount option `max`
    bool stats = true;                    // offer binder_logs/
    TransportChoice transport = TransportChoice::auto_select;
    bool passthrough = true;  // false: do without, as on kernels before 6.9
    unsigned workers =
        0;  // readers of the read transport (io_uring has one per CPU); 0: chosen by the number of CPUs
  };

  // Mounts and serves, from threads of its own, until unmount(). On failure the reason is in the log: EBUSY
  // if a live daemon serves this mount point, ENOSPC if `devices` exceeds `max_devices`, EINVAL for a bad
  // option, or what mount(2) said. A mount that a dead daemon left behind is replaced. `driver` is borrowed
  // until the destructor has run.
  static base::Result<std::unique_ptr<FuseMount>> mount(protocol::Driver& driver, Options options);

  virtual ~FuseMount() = default;  // unmounts

  // Detaches the mount, ends every pending call of its clients, joins all threads. Clients that keep
  // descriptors get ENOTCONN from then on. Not to be called from a callback of this class.
  virtual void unmount() = 0;

  virtual std::string_view transport() const = 0;  // "uring" or "read"
  virtual bool passthrough() const = 0;            // whether mmap reaches the memfd natively
  virtual FuseCounters counters() const = 0;

  // `callback` is called once, from a thread of the mount, when somebody else unmounted it or the connection
  // was aborted; at once if that has happened already. It must not call unmount() itself.
  virtual void on_lost(std::function<void()> callback) = 0;

  // The contexts by the names of their files now, so that other doors can offer the same ones.
  struct NamedDevice {
    std::string name;
    std::shared_ptr<protocol::Device> device;
  };
  virtual std::vector<NamedDevice> devices() const = 0;
};

}  // namespace cuse_binder::frontends
