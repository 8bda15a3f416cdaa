// What the main thread waits for: signals, a lost mount, the time to give memory back.
#pragma once

#include <functional>

#include "cuse_binder/base/unique_fd.h"

namespace cuse_binder::daemon {

class EventLoop {
 public:
  struct Handlers {
    std::function<void()> reopen_log;
    std::function<void()> report_counters;
    std::function<bool()> mount_lost;  // returns whether anything is left to serve
    std::function<void()> every_few_seconds;
  };

  // Blocks the signals it handles, so it is created before the first thread. They stay blocked.
  EventLoop();

  bool usable() const { return signals_ && lost_; }
  // From any thread.
  void notify_lost() noexcept;
  // Until SIGTERM, SIGINT, or nothing is left to serve.
  void run(const Handlers& handlers);
  // From now on a second SIGTERM or SIGINT kills, should the orderly end take too long.
  static void allow_kill();

 private:
  base::UniqueFd signals_;
  base::UniqueFd lost_;
};

}  // namespace cuse_binder::daemon
