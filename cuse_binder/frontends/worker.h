// A thread that serves requests, as the watchdog and the transports see it.
//
// Fields marked "own" are written by the worker's thread only; everybody may read them.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace cuse_binder::frontends {

class FuseRequest;

struct Worker {
  // The request for which the thread is in client memory now; `taken_access()` while somebody else looks at
  // it, who keeps the request alive by that: client_access_ends() waits.
  std::atomic<FuseRequest*> access{nullptr};
  std::atomic<std::uint64_t> accesses{0};  // own: how often it went into client memory
  std::atomic<std::uint64_t> current{0};   // own: Request::id being handled, 0 for none
  std::atomic<std::uint64_t> interrupted{
      0};                                    // id of a request that was interrupted while it was handled here
  std::atomic<bool> stuck{false};            // declared so by the watchdog; ended by the worker itself
  std::atomic<bool> replaced{false};         // its place was given to another worker
  std::atomic<const void*> serves{nullptr};  // own: who started it, as far as they care
  std::atomic<std::uint64_t> requests{0};    // own
  std::atomic<std::uint64_t> syscalls{0};    // own: by the transport
  // Free entries of io_uring queues whose next request comes by way of this thread (uring_queue.h).
  std::atomic<int> lent{0};
  std::atomic<bool> finished{true};          // no thread runs
  std::atomic<pid_t> tid{0};                 // own
  std::thread thread;

  static FuseRequest* taken_access();
  // Whether the thread sleeps in the kernel; true if that cannot be told.
  bool sleeps() const;
  static void count(std::atomic<std::uint64_t>& own,
                    std::uint64_t n = 1) {  // one writer: no locked instruction
    own.store(own.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
};

// All workers of a mount. A Worker is never freed before the set is; its thread may end and the object be
// used again.
class WorkerSet {
 public:
  WorkerSet() = default;
  WorkerSet(const WorkerSet&) = delete;
  WorkerSet& operator=(const WorkerSet&) = delete;
  ~WorkerSet();  // joins

  // The worker that the calling thread is, or null.
  static Worker* current();

  // Starts a thread that runs `body`. Throws std::system_error when there can be no more threads.
  Worker& spawn(std::function<void(Worker&)> body);
  // Waits until all threads have ended; system calls that they block in are interrupted again and again.
  void join_all();

  // Calls `visit` for each worker, also finished ones. Not to be called from within `visit`.
  template <typename Visit>
  void for_each(Visit visit) const {
    const std::lock_guard lock(mutex_);
    for (const auto& worker : workers_) visit(*worker);
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable ended_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace cuse_binder::frontends
