// A client's thread that is borrowed with ptrace while it sits in one of our ioctls.
//
// The order is seize, interrupt, (the ioctl is answered), wait_for_stop, call …, release. Every method must
// be called on the thread that called seize(): to the kernel the tracer is a thread. If that thread ends
// without release(), the kernel lets the client's thread go; from wait_for_stop() on, when its registers are
// no longer its own, the client is killed instead of running on with them.
#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstdint>

#include "cuse_binder/base/result.h"
#include "cuse_binder/client/thread_registers.h"

namespace cuse_binder::client {

// When to stop waiting for a client; set by another thread.
struct Patience {
  std::atomic<bool> over{false};       // its operation has failed; borrow nothing more
  std::atomic<bool> abandoned{false};  // not even to put the thread in order
};

class Tracee {
 public:
  enum class State {
    none,     // not attached, or released
    running,  // attached, runs or is in the kernel
    stopped,  // attached, registers can be changed
    gone,     // has ended; nothing is left to do
  };

  Tracee(pid_t tid, const Patience& patience) : tid_(tid), patience_(patience) {}

  State state() const { return state_; }

  // 0, or errno: ESRCH; EPERM if it has a tracer already or we may not trace it.
  int seize();
  // Makes the thread stop where it would next return to user space.
  int interrupt();
  // Waits for that, and takes the registers over. 0; ESRCH; ETIMEDOUT when patience is over (state: running
  // or none); other errors of ThreadRegisters::capture (state: stopped, only release() is allowed).
  int wait_for_stop();
  // Lets the thread execute one system call. An error means that the thread is lost (gone or running); errors
  // of the call itself are in the value, -4095 … -1. Waits even when patience is over, until the thread is
  // abandoned: it must not be left with our registers.
  base::Result<long> call(long number, std::array<std::uint64_t, 6> arguments = {});
  // Stops being its tracer; it repeats its ioctl. The thread must be stopped.
  void release();

  // The place in its stack that may be overwritten, `size` bytes; must be saved and put back, as a stack of
  // small size may end there.
  std::uint64_t scratch(std::size_t size) const {
    return (registers_.unused_stack() - size) & ~std::uint64_t{63};
  }

  pid_t tid() const { return tid_; }

 private:
  enum class Event { trap, system_call, signal, gone, given_up };
  Event wait(const std::atomic<bool>& give_up, int& signal);
  bool resume_to_system_call();
  int lost();

  const pid_t tid_;
  const Patience& patience_;
  State state_ = State::none;
  ThreadRegisters registers_;
  long options_ = 0;
  std::uint64_t signal_mask_ = 0;
  bool signals_held_ = false;
};

}  // namespace cuse_binder::client
