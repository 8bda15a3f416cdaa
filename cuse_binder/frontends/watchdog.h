// Notices workers that are stuck in the memory of a client (userfaultfd, a file system that does not answer),
// and keeps such clients from occupying all workers.
//
// Its thread sleeps while no worker touches client memory. Once one does, it looks every kPeriod whether an
// access has lasted since it looked last.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>

namespace cuse_binder::protocol {
class Session;
}

namespace cuse_binder::frontends {

class FuseRequest;
class WorkerSet;
struct Worker;

class Watchdog {
 public:
  static constexpr std::chrono::milliseconds kPeriod{20};
  static constexpr unsigned kStuckPerProcess = 8;

  // What to do about a stuck worker: see FuseTransport::retire and replace.
  struct Actions {
    std::function<void(Worker&)> retire;
    std::function<void(Worker&)> replace;
  };

  explicit Watchdog(WorkerSet& workers) : workers_(workers) {}
  ~Watchdog() { stop(); }

  void start(Actions actions);
  void stop();

  // Called by a worker that has just shown its access in Worker::access.
  void access_began() noexcept {
    if (asleep_.load(std::memory_order_seq_cst)) wake();
  }

  // A request that is neither parked nor finished was interrupted: it is being handled by a worker or
  // postponed here. True if somebody has taken note; false if it was not found (any more).
  bool interrupt(std::uint64_t id) noexcept;

  // Requests of clients that already hold kStuckPerProcess workers wait here.
  bool must_wait(pid_t process) const;
  // False, and nothing done, if the client need not wait (any more).
  bool postpone(std::unique_ptr<FuseRequest>& request, std::shared_ptr<protocol::Session> session);
  // Called by a worker that was declared stuck and has finished its request. `serve` is called for requests
  // that may now go on.
  void worker_is_free(
      Worker& worker,
      const std::function<void(std::unique_ptr<FuseRequest>, std::shared_ptr<protocol::Session>)>& serve);
  // Drops (and so ends) all postponed requests.
  void drop_postponed();

  unsigned stuck_workers() const { return total_stuck_; }

 private:
  struct Postponed {
    std::unique_ptr<FuseRequest> request;
    std::shared_ptr<protocol::Session> session;
  };

  void watch();
  bool anybody_in_client_memory() const;
  bool look();  // false when nothing has happened since the last look
  void declare_stuck(Worker& worker, std::uint64_t accesses);
  void wake() noexcept;

  WorkerSet& workers_;
  Actions actions_;
  std::thread thread_;
  std::atomic<bool> asleep_{false};
  std::atomic<unsigned> total_stuck_{0};
  std::unordered_map<const Worker*, std::uint64_t>
      seen_;  // accesses at the last look; the watchdog's thread only

  std::mutex sleep_mutex_;
  std::condition_variable wake_up_;
  bool stopping_ = false;  // guarded by sleep_mutex_

  mutable std::mutex mutex_;  // guards what follows
  std::map<pid_t, unsigned> stuck_by_process_;
  std::unordered_map<const Worker*, pid_t> blamed_;
  std::list<Postponed> postponed_;
};

}  // namespace cuse_binder::frontends
