// Runs what a worker may not do itself because it would have to wait for a client: see protocol/elsewhere.h.
//
// One thread does it as a rule. When it gets stuck in a client's memory the watchdog has another one take its
// place.
#pragma once

#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <mutex>

#include "cuse_binder/protocol/elsewhere.h"

namespace cuse_binder::frontends {

struct Worker;
class WorkerSet;

class Errands final : public protocol::Elsewhere {
 public:
  // `no_longer_stuck` is called by a worker that was declared stuck and has finished its errand; may be
  // empty.
  Errands(WorkerSet& workers, std::function<void(Worker&)> no_longer_stuck)
      : workers_(workers), no_longer_stuck_(std::move(no_longer_stuck)) {}
  Errands(const Errands&) = delete;
  Errands& operator=(const Errands&) = delete;

  // Throws std::system_error if there can be no thread.
  void start();
  // What was accepted before is still done; WorkerSet::join_all() waits for that.
  void stop() noexcept;

  bool run(std::function<void()> work) noexcept override;
  // Root and the daemon's own user could stop the daemon as well.
  bool trusts(uid_t euid) const noexcept override { return euid == 0 || euid == daemon_; }

  // The watchdog's: a stuck worker loses its place, another one takes it.
  void retire(Worker& worker) noexcept;
  void replace(Worker& worker);

 private:
  void serve(Worker& worker);

  WorkerSet& workers_;
  const std::function<void(Worker&)> no_longer_stuck_;
  const uid_t daemon_ = geteuid();
  std::mutex mutex_;  // guards what follows
  std::condition_variable wanted_;
  std::deque<std::function<void()>> work_;
  bool stopping_ = false;
};

}  // namespace cuse_binder::frontends
