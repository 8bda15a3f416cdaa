#include "servicemanager/event_loop.h"

#include <binder/IPCThreadState.h>
#include <spdlog/spdlog.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

namespace servicemanager {

using android::IPCThreadState;
using android::Looper;
using android::sp;

class EventLoop::Source final : public android::LooperCallback {
 public:
  explicit Source(std::function<void(int)> handle) : handle_(std::move(handle)) {}
  int handleEvent(int fd, int /*events*/, void* /*data*/) override {
    handle_(fd);
    return 1;  // again
  }

 private:
  const std::function<void(int)> handle_;
};

EventLoop::EventLoop() : looper_(Looper::prepare(0)) {}

EventLoop::~EventLoop() {
  for (const int fd : owned_) {
    looper_->removeFd(fd);
    close(fd);
  }
}

bool EventLoop::add(int fd, std::function<void(int)> handle) {
  if (fd < 0 || looper_->addFd(fd, Looper::POLL_CALLBACK, Looper::EVENT_INPUT,
                               sp<android::LooperCallback>(new Source(std::move(handle))), nullptr) != 1) {
    spdlog::error("cannot set up the event loop: {}", std::strerror(errno));
    return false;
  }
  return true;
}

bool EventLoop::serve_binder() {
  int fd = -1;
  if (IPCThreadState::self()->setupPolling(&fd) != android::OK || fd < 0) {
    spdlog::error("cannot poll the binder device");
    return false;
  }
  return add(fd, [](int) { IPCThreadState::self()->handlePolledCommands(); });
}

bool EventLoop::every(std::chrono::milliseconds period, std::function<void()> tick) {
  const int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  if (fd < 0) return add(fd, {});
  owned_.push_back(fd);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(period);
  const std::chrono::nanoseconds rest = period - seconds;
  itimerspec times{};
  times.it_interval.tv_sec = seconds.count();
  times.it_interval.tv_nsec = rest.count();
  times.it_value = times.it_interval;
  if (timerfd_settime(fd, 0, &times, nullptr) != 0) {
    spdlog::error("cannot set a timer: {}", std::strerror(errno));
    return false;
  }
  return add(fd, [tick = std::move(tick)](int timer) {
    uint64_t expirations = 0;
    if (read(timer, &expirations, sizeof(expirations)) == sizeof(expirations)) tick();
  });
}

bool EventLoop::handle_signals(std::function<void()> reload) {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
  if (pthread_sigmask(SIG_BLOCK, &set, nullptr) != 0) return add(-1, {});
  const int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd >= 0) owned_.push_back(fd);
  return add(fd, [this, reload = std::move(reload)](int signals) {
    signalfd_siginfo info{};
    if (read(signals, &info, sizeof(info)) != sizeof(info)) return;
    if (info.ssi_signo == SIGHUP)
      reload();
    else
      is_over_ = true;
  });
}

void EventLoop::run() {
  while (!is_over_) looper_->pollOnce(-1);
}

}  // namespace servicemanager
