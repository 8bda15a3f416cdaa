// Descriptors of a client: taking a file out of a sender, and installing or closing descriptors in a
// receiver.
#pragma once

#include <sys/types.h>

#include <functional>
#include <vector>

#include "cuse_binder/base/file.h"
#include "cuse_binder/base/result.h"

namespace cuse_binder::client {

// What is to be done in the descriptor table of the process of one thread. Installing is all or nothing, in
// order, lowest free number first, close-on-exec.
struct DescriptorWork {
  std::vector<const base::File*> install;  // borrowed until `done` was called
  std::vector<int> close;                  // errors of single closes are ignored, as close_range would
};

struct DescriptorOutcome {
  int error = 0;  // positive errno (EMFILE, EPERM when the thread is being traced …), 0 for success
  std::vector<int> installed;  // numbers in the client, as many as DescriptorWork::install; empty on error
};

class ClientFiles {
 public:
  virtual ~ClientFiles() = default;

  // The open file behind descriptor `fd` of the process that `tid` belongs to. EBADF if there is none; O_PATH
  // descriptors count as not open (fs/file.c: fget).
  virtual base::Result<base::FilePtr> take(pid_t tid, int fd) = 0;

  // Does `work` in the process of `tid`, a thread that sits in one of our ioctls.
  //
  // A door that must borrow the thread calls `leave` at the moment at which the thread has to return from its
  // ioctl; the caller then answers the ioctl with bytes under which the client's repetition of the very same
  // ioctl continues the work. The thread is made to repeat it (registers and memory otherwise unchanged)
  // after `done` was called. If `leave` is not called before `done`, the ioctl is still unanswered.
  //
  // With ETIMEDOUT (or ECANCELED, at the end of the daemon) the repetition may be missing: a thread that did
  // not come out of its ioctl in time returns with the bytes of that answer.
  //
  // Both callbacks come at most once, `done` exactly once, from any thread, without locks held. Never blocks
  // the caller.
  virtual void run(pid_t tid, DescriptorWork work, std::function<void()> leave,
                   std::function<void(DescriptorOutcome)> done) = 0;
};

}  // namespace cuse_binder::client
