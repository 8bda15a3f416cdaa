#include "cuse_binder/protocol/timer.h"

#include <utility>

namespace cuse_binder::protocol {

Timer::~Timer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::uint64_t Timer::after(std::chrono::milliseconds delay, std::function<void()> action) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t number = next_++;
  actions_.emplace(std::pair{Clock::now() + delay, number}, std::move(action));
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  changed_.notify_all();
  return number;
}

bool Timer::cancel(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  return std::erase_if(actions_, [&](const auto& entry) { return entry.first.second == number; }) > 0;
}

void Timer::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (actions_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const auto first = actions_.begin();
    // A copy: the entry may be cancelled while we wait, and wait_until looks at the time again afterwards.
    const Clock::time_point due = first->first.first;
    if (Clock::now() < due) {
      changed_.wait_until(lock, due);
      continue;
    }
    const auto action = std::move(first->second);
    actions_.erase(first);
    lock.unlock();
    action();
    lock.lock();
  }
}

}  // namespace cuse_binder::protocol
