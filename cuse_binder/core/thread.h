// The driver's state of one client thread of one process: created by its first ioctl or poll, removed by
// BINDER_THREAD_EXIT or with the process. Not the daemon's thread.
#pragma once

#include <sys/types.h>

#include <boost/intrusive/list.hpp>
#include <cstdint>
#include <memory>

#include "cuse_binder/core/outbox.h"
#include "cuse_binder/core/stats.h"
#include "cuse_binder/core/transaction.h"
#include "cuse_binder/core/work.h"

namespace cuse_binder::core {

struct Process;

// Looper bits as the logs print them.
struct Looper {
  static constexpr std::uint8_t kRegistered = 0x01;
  static constexpr std::uint8_t kEntered = 0x02;
  static constexpr std::uint8_t kExited = 0x04;
  static constexpr std::uint8_t kInvalid = 0x08;
  static constexpr std::uint8_t kWaiting = 0x10;
  static constexpr std::uint8_t kPoll = 0x20;

  std::uint8_t bits = 0;
  bool has(std::uint8_t bit) const { return (bits & bit) != 0; }
  bool is_looper() const { return has(kRegistered) || has(kEntered); }
};

struct ExtendedError {
  std::uint32_t id = 0;
  std::uint32_t command = BR_OK;
  std::int32_t param = 0;  // negative errno
};

struct IdleHook;
using IdleLink = boost::intrusive::list_base_hook<boost::intrusive::tag<IdleHook>,
                                                  boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

struct Thread final : IdleLink {
  Thread(Process& owner, pid_t number) : process(owner), tid(number) {}

  bool idle() const { return IdleLink::is_linked(); }

  Process& process;
  const pid_t tid;
  Looper looper;
  bool must_return = true;  // ends the next wait at once
  bool dead = false;        // exited; freed when no pin is left
  bool exit_wanted = false;  // exit at the end of the running ioctl
  int ioctls = 0;           // running or parked: 0 or 1 for a real client
  int pins = 0;             // ioctls and drafts that use it while the lock is not held
  WorkQueue todo;
  ErrorSlot return_error;  // refusal of its own command
  ErrorSlot reply_error;   // failure of the call it waits for
  ExtendedError extended_error;
  std::uint64_t read_buffer = 0;  // the client's buffer that was last found writable
  Transaction* stack = nullptr;
  Transaction* delivering = nullptr;  // taken for it; its descriptors are being installed
  std::unique_ptr<Waiter> waiter;     // its parked read
  bool park_noted = false;            // in Context::take_recent_parks
};

}  // namespace cuse_binder::core
