#include "cuse_binder/daemon/event_loop.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>

#include "cuse_binder/base/log.h"

namespace cuse_binder::daemon {
namespace {

constexpr int kTickMilliseconds = 5000;

sigset_t handled_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) sigaddset(&set, number);
  return set;
}

}  // namespace

EventLoop::EventLoop() {
  const auto set = handled_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  // A client that vanishes must not end us.
  std::signal(SIGPIPE, SIG_IGN);
  signals_.reset(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  lost_.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

void EventLoop::notify_lost() noexcept {
  const std::uint64_t one = 1;
  // Can only fail when the counter is full, and then the loop is awake anyway.
  [[maybe_unused]] const auto written = write(lost_.get(), &one, sizeof(one));
}

void EventLoop::run(const Handlers& handlers) {
  timespec last_tick;
  clock_gettime(CLOCK_MONOTONIC, &last_tick);
  for (;;) {
    pollfd descriptors[] = {{signals_.get(), POLLIN, 0}, {lost_.get(), POLLIN, 0}};
    poll(descriptors, 2, kTickMilliseconds);

    std::uint64_t count;
    if (read(lost_.get(), &count, sizeof(count)) == sizeof(count) && !handlers.mount_lost()) {
      base::log(base::Layer::daemon).info("nothing left to serve");
      return;
    }
    signalfd_siginfo signal;
    while (read(signals_.get(), &signal, sizeof(signal)) == sizeof(signal)) {
      switch (signal.ssi_signo) {
        case SIGHUP:
          handlers.reopen_log();
          break;
        case SIGUSR1:
          handlers.report_counters();
          break;
        default:
          base::log(base::Layer::daemon)
              .info("ending on request (signal {} of process {})", signal.ssi_signo, signal.ssi_pid);
          return;
      }
    }
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if ((now.tv_sec - last_tick.tv_sec) * 1000 >= kTickMilliseconds) {
      last_tick = now;
      handlers.every_few_seconds();
    }
  }
}

void EventLoop::allow_kill() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace cuse_binder::daemon
