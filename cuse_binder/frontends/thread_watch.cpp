#include "cuse_binder/frontends/thread_watch.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "cuse_binder/base/log.h"
#include "cuse_binder/frontends/worker.h"
#include "cuse_binder/protocol/session.h"

namespace cuse_binder::frontends {
namespace {

constexpr unsigned kPidfdThread = O_EXCL;  // PIDFD_THREAD, which older headers lack

int open_thread(pid_t tid) {
  return static_cast<int>(syscall(SYS_pidfd_open, tid, kPidfdThread));
}

}  // namespace

int ThreadWatch::start() {
  epoll_.reset(epoll_create1(EPOLL_CLOEXEC));
  wake_.reset(eventfd(0, EFD_CLOEXEC));
  if (!epoll_ || !wake_) return errno;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = 0;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) != 0) return errno;
  workers_.spawn([this](Worker& worker) { serve(worker); });
  return 0;
}

void ThreadWatch::stop() noexcept {
  stopping_ = true;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(wake_.get(), &one, sizeof one);
}

std::shared_ptr<WatchedThreads> ThreadWatch::watched_threads(std::weak_ptr<protocol::Session> session) {
  auto threads = std::make_shared<WatchedThreads>();
  threads->session_ = std::move(session);
  return threads;
}

void ThreadWatch::notice(const std::shared_ptr<WatchedThreads>& threads, pid_t tid) {
  if (threads->knows(tid)) return;
  std::vector<pid_t> gone;
  std::shared_ptr<protocol::Session> session;
  {
    const std::lock_guard lock(mutex_);
    threads->slot(tid).store(tid, std::memory_order_relaxed);
    if (threads->watches_.count(tid) > 0) return;
    if (lazy_) {
      gone = take_ended(*threads);
      threads->watches_[tid] = 0;
      session = threads->session_.lock();
    } else {
      watch(threads, tid);
    }
  }
  if (session == nullptr) return;
  for (const pid_t ended : gone) report(*session, ended);
}

void ThreadWatch::watch(const std::shared_ptr<WatchedThreads>& threads, pid_t tid) {
  Watch watch{base::UniqueFd(open_thread(tid)), tid, threads};
  if (!watch.pidfd) {
    if (errno == ESRCH) return;  // not a thread that we can see: it never ends for us
    // EINVAL: the kernel is older than 6.9. Otherwise there are too many descriptors.
    lazy_ = true;
    base::log(base::Layer::frontend)
        .warn("ends of client threads are noticed late: pidfd_open: {}", std::strerror(errno));
    threads->watches_[tid] = 0;
    return;
  }
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = next_watch_;
  const int pidfd = watch.pidfd.get();
  threads->watches_[tid] = next_watch_;
  watches_.emplace(next_watch_, std::move(watch));
  epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, pidfd, &event);
  ++next_watch_;
}

std::vector<pid_t> ThreadWatch::take_ended(WatchedThreads& threads) {
  std::vector<pid_t> ended;
  for (auto thread = threads.watches_.begin(); thread != threads.watches_.end();) {
    const pid_t tid = thread->first;
    if (thread->second != 0 || syscall(SYS_tkill, tid, 0) == 0 || errno != ESRCH) {
      ++thread;
      continue;
    }
    pid_t known = tid;
    threads.slot(tid).compare_exchange_strong(known, 0);
    ended.push_back(tid);
    thread = threads.watches_.erase(thread);
  }
  return ended;
}

void ThreadWatch::report(protocol::Session& session, pid_t tid) noexcept {
  try {
    session.thread_gone(tid);
  } catch (const std::exception& error) {
    base::log(base::Layer::frontend).error("end of thread {}: {}", tid, error.what());
  }
}

void ThreadWatch::forget(WatchedThreads& threads) {
  std::vector<base::UniqueFd> closed;  // outside the lock: it costs
  const std::lock_guard lock(mutex_);
  for (const auto& [tid, id] : threads.watches_) {
    auto watch = watches_.find(id);
    if (watch == watches_.end()) continue;
    closed.push_back(std::move(watch->second.pidfd));
    watches_.erase(watch);
  }
  threads.watches_.clear();
}

void ThreadWatch::serve(Worker& worker) {
  worker.serves = this;
  while (!stopping_ && !worker.replaced) {
    epoll_event events[64];
    const int count = epoll_wait(epoll_.get(), events, 64, -1);
    for (int i = 0; i < count && !stopping_; ++i) {
      if (events[i].data.u64 != 0) thread_ended(events[i].data.u64);
    }
  }
}

void ThreadWatch::thread_ended(std::uint64_t id) {
  Watch watch;
  std::shared_ptr<protocol::Session> session;
  {
    const std::lock_guard lock(mutex_);
    auto found = watches_.find(id);
    if (found == watches_.end()) return;
    watch = std::move(found->second);
    watches_.erase(found);
    watch.threads->watches_.erase(watch.tid);
    pid_t known = watch.tid;
    watch.threads->slot(watch.tid).compare_exchange_strong(known, 0);
    session = watch.threads->session_.lock();
  }
  if (session != nullptr) report(*session, watch.tid);
}

void ThreadWatch::retire(Worker& worker) noexcept {
  if (worker.serves == this) worker.replaced = true;
}

void ThreadWatch::replace(Worker& worker) {
  if (worker.serves == this) workers_.spawn([this](Worker& next) { serve(next); });
}

}  // namespace cuse_binder::frontends
