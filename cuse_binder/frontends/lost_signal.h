// Tells one listener, once, that a connection to the kernel has ended without our doing.
#pragma once

#include <functional>
#include <mutex>
#include <utility>

namespace cuse_binder::frontends {

class LostSignal {
 public:
  // The callback comes from any thread; at once if it has happened already.
  void listen(std::function<void()> callback) {
    {
      const std::lock_guard lock(mutex_);
      if (!lost_) {
        callback_ = std::move(callback);
        return;
      }
    }
    callback();
  }
  void lost() {
    std::function<void()> callback;
    {
      const std::lock_guard lock(mutex_);
      lost_ = true;
      callback = std::exchange(callback_, nullptr);
    }
    if (callback) callback();
  }
  // Nobody wants to hear it any more.
  void silence() {
    const std::lock_guard lock(mutex_);
    callback_ = nullptr;
  }

 private:
  std::mutex mutex_;  // guards what follows
  bool lost_ = false;
  std::function<void()> callback_;
};

}  // namespace cuse_binder::frontends
