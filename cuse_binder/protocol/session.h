// One open device file: the driver's side of open, ioctl, poll, flush, release. Every door talks to this class only.
//
// Thread-safe. Calls never block on other clients; ioctl() may block for as long as the *calling* client's memory does.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "cuse_binder/protocol/request.h"

namespace cuse_binder::client {
class ReceiveArea;
}

namespace cuse_binder::protocol {

class Device;

// Where a client mapped its receive area.
struct Mapping {
  std::uint64_t address = 0;
  std::uint64_t size = 0;  // bytes
  // Which byte of the receive area is at `address`. The kernel's driver ignores the offset that mmap was given; a door whose
  // mappings go to the area by themselves cannot, so the area simply begins there.
  std::uint64_t area_offset = 0;
};

// What a door knows of a client that opens a device.
struct OpenInfo {
  pid_t tid = 0;             // the opening thread, in the daemon's pid namespace
  uid_t euid = 0;
  bool nonblocking = false;  // O_NONBLOCK at open
  // Looks the mapping up (slow: /proc/<pid>/maps); called without locks when an address is first needed, and again until
  // it finds one. Null for doors where the client announces it (Session::set_mapping).
  std::function<std::optional<Mapping>()> find_mapping;
  // Whether O_NONBLOCK is set now (fcntl may have changed it); slow, thread `tid` sits in an ioctl. Null: as at open.
  std::function<bool(pid_t tid)> is_nonblocking;
  // Whether a signal waits for thread `tid` to leave its ioctl; slow. For doors that are not told of every signal.
  std::function<bool(pid_t tid)> is_interrupted;
};

// A one-shot wake-up for poll(2) on a session.
class PollWaiter {
 public:
  virtual ~PollWaiter() = default;
  virtual void notify() noexcept = 0;  // something may have become readable; poll again
};

class Session {
 public:
  virtual ~Session() = default;

  virtual client::ReceiveArea& receive_area() = 0;
  virtual void set_mapping(Mapping mapping) = 0;

  // Takes over the request and answers it, now or later.
  virtual void ioctl(std::unique_ptr<Request> request) = 0;
  // A new request will have this id: interrupts that came for an earlier one, too late, are forgotten.
  virtual void expect(std::uint64_t id) = 0;
  // A signal interrupts request `id` of thread `tid`: a parked read ends with EINTR (work assigned meanwhile stays with
  // the thread). False if that request is not parked.
  virtual bool interrupt(pid_t tid, std::uint64_t id) = 0;
  // Whether the thread would find something to read. If not, `waiter` (may be null) is notified when that may have
  // changed; it replaces an earlier one.
  virtual bool poll(pid_t tid, std::unique_ptr<PollWaiter> waiter) = 0;
  // A descriptor of this open file was closed (every close of any duplicate).
  virtual void flush() = 0;
  // The last reference to the open file is gone; nothing but the destructor may follow. Parked reads were
  // interrupted before, or are answered with EINTR here.
  virtual void release() = 0;
  // The thread has ended without BINDER_THREAD_EXIT (for doors that cannot deliver that ioctl).
  virtual void thread_gone(pid_t tid) = 0;

  virtual pid_t pid() const = 0;             // of the opener, in the daemon's pid namespace
  virtual bool owns_log_entry() const = 0;   // binder_logs/proc/<pid> stands for this session
};

}  // namespace cuse_binder::protocol
