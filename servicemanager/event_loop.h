// The one thread of the program: requests from the driver, the timer of client callbacks, signals.
#pragma once

#include <utils/Looper.h>

#include <chrono>
#include <functional>
#include <vector>

namespace servicemanager {

class EventLoop {
 public:
  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Each false, with a message in the log, if the system refuses. Callbacks run in run().
  bool serve_binder();
  bool every(std::chrono::milliseconds period, std::function<void()> tick);
  // SIGTERM and SIGINT end the loop; SIGHUP calls `reload`. To be called before there are other threads.
  bool handle_signals(std::function<void()> reload);

  // Returns when a signal says so.
  void run();

 private:
  class Source;
  bool add(int fd, std::function<void(int)> handle);

  android::sp<android::Looper> looper_;
  std::vector<int> owned_;
  bool is_over_ = false;
};

}  // namespace servicemanager
