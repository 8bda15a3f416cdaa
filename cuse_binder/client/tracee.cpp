#include "cuse_binder/client/tracee.h"

#include <sched.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "cuse_binder/base/check.h"
#include "cuse_binder/client/proc_file.h"

namespace cuse_binder::client {
namespace {

#ifndef PTRACE_EVENT_STOP
constexpr int PTRACE_EVENT_STOP = 128;
#endif
constexpr long kSuspendSeccomp = 1L << 21;  // PTRACE_O_SUSPEND_SECCOMP
constexpr int kGetSignalMask = 0x420a, kSetSignalMask = 0x420b;
constexpr int kSystemCallStop = SIGTRAP | 0x80;

template <typename Address, typename Data>
int trace(int request, pid_t tid, Address address, Data data) {
  return ptrace(static_cast<__ptrace_request>(request), tid, address, data) == 0 ? 0 : errno;
}

// How long to go on asking before sleeping: the thread usually stops within a few microseconds, and a sleep
// costs more than all of the work.
class Pause {
 public:
  void operator()() {
    const auto waited = std::chrono::steady_clock::now() - start_;
    if (waited < std::chrono::microseconds(200)) {
      sched_yield();
      return;
    }
    std::this_thread::sleep_for(sleep_);
    const auto longest =
        waited < std::chrono::seconds(1) ? std::chrono::microseconds(1000) : std::chrono::microseconds(20000);
    sleep_ = std::min(sleep_ * 2, longest);
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::chrono::microseconds sleep_{20};
};

}  // namespace

int Tracee::seize() {
  CB_CHECK(state_ == State::none);
  // A filter that was not written with our calls in mind would refuse them, or kill the client.
  options_ = PTRACE_O_TRACESYSGOOD | kSuspendSeccomp;
  int error = trace(PTRACE_SEIZE, tid_, nullptr, options_);
  if (error == EPERM || error == EINVAL) {
    const auto status = read_proc_file(tid_, "status");
    if (!status) return ESRCH;
    if (std::atoi(status_field(status.value(), "Seccomp").c_str()) != 0) return EPERM;
    options_ = PTRACE_O_TRACESYSGOOD;
    error = trace(PTRACE_SEIZE, tid_, nullptr, options_);
  }
  if (error == 0) state_ = State::running;
  return error;
}

int Tracee::interrupt() {
  CB_CHECK(state_ == State::running);
  return trace(PTRACE_INTERRUPT, tid_, nullptr, nullptr) == 0 ? 0 : lost();
}

int Tracee::wait_for_stop() {
  CB_CHECK(state_ == State::running);
  int signal = 0;
  switch (wait(patience_.over, signal)) {
    case Event::gone:
      return ESRCH;
    case Event::given_up:
      return ETIMEDOUT;
    case Event::trap:
      break;
    case Event::signal:
    case Event::system_call:
      // The kernel traps before it delivers signals. A thread that is stopped elsewhere is not in our ioctl.
      trace(PTRACE_DETACH, tid_, nullptr, static_cast<long>(signal));
      state_ = State::none;
      return EINVAL;
  }
  if (patience_.over) {  // late, but untouched: it may go, with the answer it has got
    if (trace(PTRACE_DETACH, tid_, nullptr, nullptr) != 0) return lost();
    state_ = State::none;
    return ETIMEDOUT;
  }
  state_ = State::stopped;
  if (const int error = registers_.capture(tid_); error != 0) return error == ESRCH ? lost() : error;
  // From here on it must not run on without us: its registers would be nonsense.
  if (trace(PTRACE_SETOPTIONS, tid_, nullptr, options_ | PTRACE_O_EXITKILL) != 0) return lost();
  // Signals wait until it is itself again. SIGSTOP cannot be held; it stops the process as it should, and the
  // kernel lets us go on with the stopped thread.
  const std::uint64_t all = ~std::uint64_t{0};
  if (trace(kGetSignalMask, tid_, sizeof signal_mask_, &signal_mask_) != 0) return lost();
  if (trace(kSetSignalMask, tid_, sizeof all, &all) != 0) return lost();
  signals_held_ = true;
  return 0;
}

base::Result<long> Tracee::call(long number, std::array<std::uint64_t, 6> arguments) {
  if (state_ != State::stopped) return base::Errno{ESRCH};
  if (registers_.enter_call(tid_, number, arguments) != 0) return base::Errno{lost()};
  if (!resume_to_system_call() || !resume_to_system_call()) return base::Errno{ESRCH};
  long result = 0;
  if (registers_.call_result(tid_, result) != 0) return base::Errno{lost()};
  return result;
}

void Tracee::release() {
  CB_CHECK(state_ == State::stopped);
  bool fine = registers_.repeat_original(tid_) == 0;
  fine = fine && (!signals_held_ || trace(kSetSignalMask, tid_, sizeof signal_mask_, &signal_mask_) == 0);
  fine = fine && trace(PTRACE_DETACH, tid_, nullptr, nullptr) == 0;
  if (fine) {
    state_ = State::none;
  } else {
    lost();
  }
}

// Runs to the next entry into or exit from a system call. False if the thread is lost.
bool Tracee::resume_to_system_call() {
  int signal = 0;
  for (;;) {
    if (trace(PTRACE_SYSCALL, tid_, nullptr, static_cast<long>(signal)) != 0) {
      lost();
      return false;
    }
    state_ = State::running;
    signal = 0;
    switch (wait(patience_.abandoned, signal)) {
      case Event::system_call:
        state_ = State::stopped;
        return true;
      case Event::trap:
        break;  // the process is stopped or continued around us
      case Event::signal:
        break;  // SIGSTOP, or a fault it has earned: deliver
      case Event::gone:
      case Event::given_up:
        return false;
    }
  }
}

// A request failed, which happens only to a thread that is being killed: wait for its end, so that its parent
// gets to see it.
int Tracee::lost() {
  state_ = State::running;
  for (int signal = 0;;) {
    const Event event = wait(patience_.over, signal);
    if (event == Event::gone || event == Event::given_up) return ESRCH;
  }
}

Tracee::Event Tracee::wait(const std::atomic<bool>& give_up, int& signal) {
  for (Pause pause;; pause()) {
    int status = 0;
    // This thread only, and as the tracer only: other threads of the daemon wait for tracees of their own.
    const pid_t found = waitpid(tid_, &status, __WALL | __WNOTHREAD | WNOHANG);
    if (found < 0 && errno == EINTR) continue;
    if (found < 0 || (found == tid_ && !WIFSTOPPED(status))) {
      state_ = State::gone;
      return Event::gone;
    }
    if (found == tid_) {
      signal = WSTOPSIG(status);
      if (status >> 16 == PTRACE_EVENT_STOP) {
        signal = 0;
        return Event::trap;
      }
      if (signal != kSystemCallStop) return Event::signal;
      signal = 0;
      return Event::system_call;
    }
    if (give_up.load(std::memory_order_relaxed)) return Event::given_up;
  }
}

}  // namespace cuse_binder::client
