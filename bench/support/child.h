// A forked process that takes orders over a socket and answers them. It dies with its parent and with its
// Child object.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>

#include "cuse_binder/base/unique_fd.h"

namespace cuse_binder::bench {

struct Order {
  std::uint64_t calls = 0;  // make this many calls …
  double seconds = 0;       // … or, if 0, go on for so long
  std::uint64_t size = 64;  // bytes per call
};

struct Answer {
  double min_us = 0, median_us = 0, p99_us = 0;  // per call
  std::uint64_t calls = 0;
  double seconds = 0;
};

// The child's end.
class Channel {
 public:
  explicit Channel(int fd) : fd_(fd) {}
  void say_ready();
  Order next_order();
  void answer(const Answer& answer);

 private:
  int fd_;
};

class Child {
 public:
  // Runs `body` in a new process; returns when the child said that it is ready. An exception in the child
  // ends it with a message, and the parent's next look at it throws. The caller must be single-threaded.
  Child(std::string name, const std::function<void(Channel&)>& body);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return pid_; }
  void order(const Order& order);
  Answer wait_answer();
  Answer ask(const Order& what) {
    order(what);
    return wait_answer();
  }

 private:
  void receive(void* to, std::size_t size);

  std::string name_;
  pid_t pid_;
  base::UniqueFd fd_;
};

// Waits until the process is gone; false after `seconds`.
bool wait_for_end(pid_t pid, int seconds);

}  // namespace cuse_binder::bench
