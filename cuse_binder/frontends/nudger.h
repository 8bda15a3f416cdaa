// Makes the kernel send a request of no importance (STATFS) from a given CPU: see
// UringTransport::check_exhausted.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace cuse_binder::frontends {

class Nudger {
 public:
  explicit Nudger(std::string path) : path_(std::move(path)) {}
  ~Nudger() { stop(); }

  void nudge(unsigned cpu) noexcept;
  // The mount must have been detached and aborted, or be served, for this to return.
  void stop() noexcept;

 private:
  static constexpr std::size_t kMostThreads = 64;

  void run();

  const std::string path_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable wanted_;
  std::deque<unsigned> cpus_;
  bool stopping_ = false;
  std::size_t idle_ = 0;
  // Mostly none or one; more while nudges wait in the kernel themselves, behind what they are to get moving.
  std::vector<std::thread> threads_;
};

}  // namespace cuse_binder::frontends
