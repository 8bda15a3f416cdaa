#include "cuse_binder/frontends/nudger.h"

#include <pthread.h>
#include <signal.h>
#include <sys/statfs.h>

#include <new>
#include <system_error>
#include <utility>

#include "cuse_binder/base/log.h"
#include "cuse_binder/frontends/cpu.h"

namespace cuse_binder::frontends {

void Nudger::nudge(unsigned cpu) noexcept {
  const std::lock_guard lock(mutex_);
  if (stopping_) return;
  try {
    if (cpus_.size() < kMostThreads) cpus_.push_back(cpu);
    wanted_.notify_one();
    if (idle_ >= cpus_.size() || threads_.size() == kMostThreads) return;
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    try {
      threads_.emplace_back([this] { run(); });
    } catch (const std::system_error& error) {
      CB_LOG_LIMITED(base::Layer::frontend, spdlog::level::err, "no thread for the io_uring queues: {}",
                     error.what());
    }
    pthread_sigmask(SIG_SETMASK, &old, nullptr);
  } catch (const std::bad_alloc&) {
  }
}

void Nudger::stop() noexcept {
  std::vector<std::thread> threads;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    threads.swap(threads_);
  }
  wanted_.notify_all();
  for (std::thread& thread : threads) thread.join();
}

void Nudger::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    wanted_.wait(lock, [this] { return stopping_ || !cpus_.empty(); });
    --idle_;
    if (stopping_) return;
    const unsigned cpu = cpus_.front();
    cpus_.pop_front();
    lock.unlock();
    pin_to_cpu(cpu);
    struct statfs ignored;
    statfs(path_.c_str(), &ignored);  // what counts is that it was asked
    lock.lock();
  }
}

}  // namespace cuse_binder::frontends
