// One request to install or close descriptors, from the moment it is asked for until its end was reported.
//
// Two threads may want to report: the one that does the work, and the one that watches the clock. The first
// wins.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>

#include "cuse_binder/client/client_files.h"
#include "cuse_binder/client/tracee.h"

namespace cuse_binder::client {

class DescriptorJob {
 public:
  using Clock = std::chrono::steady_clock;

  DescriptorJob(pid_t tid, DescriptorWork work, std::function<void()> leave,
                std::function<void(DescriptorOutcome)> done, Clock::time_point deadline);

  pid_t tid() const { return tid_; }
  Clock::time_point deadline() const { return deadline_; }
  const std::vector<int>& to_close() const { return work_.close; }
  std::size_t install_count() const { return work_.install.size(); }
  const Patience& patience() const { return patience_; }

  // Calls `leave`. False, and no call, when the end was reported already.
  bool leave();
  // Sends files [first, first + count) with one byte over `socket`. ETIMEDOUT when the end was reported
  // already: the files are no longer ours then.
  int send_files(int socket, std::size_t first, std::size_t count);
  // Reports the end. False if it was reported before.
  bool finish(DescriptorOutcome outcome);
  // The thread is not worth waiting for any longer, not even to put it in order.
  void abandon() { patience_.abandoned = true; }
  bool finished() const { return patience_.over; }

 private:
  const pid_t tid_;
  const DescriptorWork work_;
  const std::function<void()> leave_;
  const std::function<void(DescriptorOutcome)> done_;
  const Clock::time_point deadline_;

  std::mutex mutex_;  // held while the files or `leave` are in use, and to decide who reports
  Patience patience_;
};

}  // namespace cuse_binder::client
