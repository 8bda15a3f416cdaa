// The registers of a stopped thread that was caught in a system call: the only part of borrowing a thread
// that depends on the processor.
//
// All calls come from the thread's tracer while the thread is stopped; they return 0 or a positive errno,
// ESRCH if the thread was killed meanwhile.
#pragma once

#include <sys/types.h>
#include <sys/user.h>

#include <array>
#include <cstdint>

namespace cuse_binder::client {

class ThreadRegisters {
 public:
  // Whether this processor's part has been written.
  static bool supported();

  // Remembers the registers of the thread, which is on its way out of an ioctl. ENOSYS if the call was not of
  // the daemon's own kind (32-bit programs); the thread can be made to repeat it nevertheless. EINVAL if it
  // was in no ioctl; there is nothing to repeat then.
  int capture(pid_t tid);

  // Lets the thread execute system call `number` when it runs on.
  int enter_call(pid_t tid, long number, const std::array<std::uint64_t, 6>& arguments) const;
  // Result of a call that has returned, as the kernel gives it: -4095 … -1 are errors.
  int call_result(pid_t tid, long& result) const;

  // The remembered registers, but standing on the instruction of the original call with its number and
  // arguments in place, so that the thread executes it once more.
  int repeat_original(pid_t tid) const;

  // Everything below is unused by the thread's own code.
  std::uint64_t unused_stack() const;

 private:
  user_regs_struct saved_{};
  bool repeatable_ = false;
};

}  // namespace cuse_binder::client
