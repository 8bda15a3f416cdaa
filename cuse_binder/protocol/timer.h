// Calls functions at a later time, on a thread of its own that exists only while something is scheduled for the first time.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

namespace cuse_binder::protocol {

class Timer {
 public:
  using Clock = std::chrono::steady_clock;

  ~Timer();
  // `action` is called once, without locks held. Returns a number for cancel().
  std::uint64_t after(std::chrono::milliseconds delay, std::function<void()> action);
  // True if the action will not be called.
  bool cancel(std::uint64_t number);

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::pair<Clock::time_point, std::uint64_t>, std::function<void()>> actions_;
  std::uint64_t next_ = 1;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace cuse_binder::protocol
