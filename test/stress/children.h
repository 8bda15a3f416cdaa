// Child processes of a stress run: forked, killed, awaited. One that cannot be reaped in time is a failure,
// because it is stuck in the driver.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>

#include "cuse_binder/base/unique_fd.h"

namespace cuse_binder::stress {

inline constexpr std::chrono::seconds kPatience{60};

class Child {
 public:
  // `life` runs in the child and does not return.
  explicit Child(const std::function<void()>& life);
  // Kills and reaps.
  ~Child();
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;

  pid_t pid() const { return pid_; }
  bool ended();  // without waiting
  void kill();   // SIGKILL, and waits for the end

 private:
  pid_t pid_;
  base::UniqueFd pidfd_;
};

// A line of communication from a child: one byte, awaited with patience.
class Signal {
 public:
  Signal();
  int writer() const { return write_.get(); }
  char await();

 private:
  base::UniqueFd read_;
  base::UniqueFd write_;
};

[[noreturn]] void fail(const char* format, ...) __attribute__((format(printf, 1, 2)));

}  // namespace cuse_binder::stress
