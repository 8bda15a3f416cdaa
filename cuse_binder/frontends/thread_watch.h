// Tells sessions of client threads that ended.
//
// Clients call ioctl(fd, BINDER_THREAD_EXIT, 0), but the kernel wants to copy four bytes from address 0
// before it asks us, and answers EFAULT itself. So each client thread is watched by a pidfd of its own
// (Linux 6.9, as passthrough).
// Where that is impossible, the threads of a file are looked at whenever a new one appears there.
#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "cuse_binder/base/unique_fd.h"

namespace cuse_binder::protocol {
class Session;
}

namespace cuse_binder::frontends {

class WorkerSet;
struct Worker;

// The threads of one open file that are being watched.
class WatchedThreads {
 public:
  // Whether `tid` is certainly watched already; the usual case, without a lock.
  bool knows(pid_t tid) const { return slot(tid).load(std::memory_order_relaxed) == tid; }

 private:
  friend class ThreadWatch;
  static constexpr std::size_t kSlots = 64;
  std::atomic<pid_t>& slot(pid_t tid) { return recent_[static_cast<std::size_t>(tid) % kSlots]; }
  const std::atomic<pid_t>& slot(pid_t tid) const { return recent_[static_cast<std::size_t>(tid) % kSlots]; }

  std::array<std::atomic<pid_t>, kSlots> recent_{};
  std::unordered_map<pid_t, std::uint64_t> watches_;  // guarded by ThreadWatch::mutex_
  std::weak_ptr<protocol::Session> session_;          // likewise
};

class ThreadWatch {
 public:
  explicit ThreadWatch(WorkerSet& workers) : workers_(workers) {}

  int start();  // 0 or a positive errno
  void stop() noexcept;

  static std::shared_ptr<WatchedThreads> watched_threads(std::weak_ptr<protocol::Session> session);
  // Watches thread `tid`, which sits in a request of the session now, unless it is watched already.
  void notice(const std::shared_ptr<WatchedThreads>& threads, pid_t tid);
  void forget(WatchedThreads& threads);

  // See FuseTransport.
  void retire(Worker& worker) noexcept;
  void replace(Worker& worker);

 private:
  struct Watch {
    base::UniqueFd pidfd;
    pid_t tid;
    std::shared_ptr<WatchedThreads> threads;
  };
  void serve(Worker& worker);
  void thread_ended(std::uint64_t watch);
  void watch(const std::shared_ptr<WatchedThreads>& threads, pid_t tid);  // under mutex_
  std::vector<pid_t> take_ended(WatchedThreads& threads);                 // likewise
  static void report(protocol::Session& session, pid_t tid) noexcept;

  WorkerSet& workers_;
  base::UniqueFd epoll_;
  base::UniqueFd wake_;
  std::atomic<bool> stopping_{false};

  std::mutex mutex_;  // guards what follows
  std::uint64_t next_watch_ = 1;
  bool lazy_ = false;  // no pidfds (any more)
  std::unordered_map<std::uint64_t, Watch> watches_;
};

}  // namespace cuse_binder::frontends
