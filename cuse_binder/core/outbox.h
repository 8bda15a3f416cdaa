// What a caller of the core has to do after unlocking: complete parked reads, notify pollers, release files.
//
// The core never waits, never replies and never closes anything. Whoever called it owns the consequences, all of them,
// exactly once: they are moved out of the core, so nobody else can carry them out as well.
#pragma once

#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <memory>
#include <vector>

#include "cuse_binder/base/file.h"

namespace cuse_binder::core {

// A read that waits for work. Opaque here: the protocol layer keeps the unanswered request in it.
class Waiter {
 public:
  virtual ~Waiter() = default;
};

// A one-shot wake-up for poll(2). Opaque here.
class PollSignal {
 public:
  virtual ~PollSignal() = default;
};

// Whoever stands behind a Process (the session). Opaque here; kept alive as long as the Process is.
class Owner {
 public:
  virtual ~Owner() = default;
  // The pid of this owner's process as the process of `observer` sees it, 0 if it does not. Values only; called under the lock.
  virtual int pid_seen_by(const Owner& observer) const = 0;
};

// A wrong request that the client does not hear of (the kernel's binder_user_error).
struct Complaint {
  const char* what;      // static text
  std::uint64_t detail;  // handle, address or cookie
  int pid;
  int tid;
};

struct Outbox {
  static constexpr std::size_t kMaxComplaints = 16;

  boost::container::small_vector<std::unique_ptr<Waiter>, 2> resume;
  boost::container::small_vector<std::unique_ptr<PollSignal>, 2> notify;
  std::vector<base::FilePtr> files;
  std::vector<std::shared_ptr<Owner>> owners;
  std::vector<Complaint> complaints;

  void complain(const char* what, std::uint64_t detail, int pid, int tid) {
    if (complaints.size() < kMaxComplaints) complaints.push_back({what, detail, pid, tid});
  }
};

}  // namespace cuse_binder::core
