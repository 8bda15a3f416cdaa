#include "cuse_binder/frontends/watchdog.h"

#include <pthread.h>
#include <signal.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "cuse_binder/base/log.h"
#include "cuse_binder/frontends/fuse_request.h"
#include "cuse_binder/frontends/worker.h"
#include "cuse_binder/protocol/session.h"

namespace cuse_binder::frontends {
namespace {

// Holds a worker in client memory, if it is there, so that its request can be looked at.
class HeldAccess {
 public:
  explicit HeldAccess(Worker& worker) : worker_(worker) {
    FuseRequest* request = worker.access.load();
    while (request != nullptr) {
      if (request == Worker::taken_access()) {
        std::this_thread::yield();
        request = worker.access.load();
      } else if (worker.access.compare_exchange_weak(request, Worker::taken_access())) {
        request_ = request;
        return;
      }
    }
  }
  ~HeldAccess() {
    if (request_ != nullptr) worker_.access.store(request_);
  }
  HeldAccess(const HeldAccess&) = delete;
  HeldAccess& operator=(const HeldAccess&) = delete;
  FuseRequest* request() const { return request_; }

 private:
  Worker& worker_;
  FuseRequest* request_ = nullptr;
};

}  // namespace

void Watchdog::start(Actions actions) {
  actions_ = std::move(actions);
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  thread_ = std::thread([this] { watch(); });
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
}

void Watchdog::stop() {
  {
    const std::lock_guard lock(sleep_mutex_);
    stopping_ = true;
  }
  wake_up_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Watchdog::wake() noexcept {
  if (!asleep_.exchange(false)) return;
  {
    const std::lock_guard lock(sleep_mutex_);
  }  // it is now either before its check of asleep_ or in the wait
  wake_up_.notify_all();
}

void Watchdog::watch() {
  std::unique_lock lock(sleep_mutex_);
  while (!stopping_) {
    asleep_.store(true, std::memory_order_seq_cst);
    if (anybody_in_client_memory()) asleep_ = false;  // it may have come before it could see us asleep
    wake_up_.wait(lock, [this] { return stopping_ || !asleep_; });
    asleep_ = false;
    bool busy = true;
    while (busy && !stopping_) {
      wake_up_.wait_for(lock, kPeriod, [this] { return stopping_; });
      if (stopping_) break;
      lock.unlock();
      busy = look();
      lock.lock();
    }
  }
}

bool Watchdog::anybody_in_client_memory() const {
  bool anybody = false;
  workers_.for_each([&](Worker& worker) {
    if (worker.access.load() != nullptr && !worker.stuck) anybody = true;
  });
  return anybody;
}

bool Watchdog::look() {
  bool busy = false;
  std::vector<std::pair<Worker*, std::uint64_t>> suspects;
  workers_.for_each([&](Worker& worker) {
    if (worker.stuck) return;
    const std::uint64_t accesses = worker.accesses;
    std::uint64_t& seen = seen_[&worker];
    if (accesses != seen) {
      busy = true;
    } else if (worker.access.load() != nullptr) {
      suspects.emplace_back(&worker, accesses);
    }
    seen = accesses;
  });
  for (const auto& [worker, accesses] : suspects) {
    if (worker->sleeps()) declare_stuck(*worker, accesses);
  }
  return busy || anybody_in_client_memory();
}

void Watchdog::declare_stuck(Worker& worker, std::uint64_t accesses) {
  {
    const HeldAccess held(worker);
    FuseRequest* request = held.request();
    if (request == nullptr || worker.accesses != accesses) return;  // it got out just now
    worker.stuck = true;
    ++total_stuck_;
    {
      const std::lock_guard lock(mutex_);
      ++stuck_by_process_[request->process()];
      blamed_[&worker] = request->process();
    }
    actions_.retire(worker);
    CB_LOG_LIMITED(base::Layer::frontend, spdlog::level::warn,
                   "a worker waits in the memory of client {} (thread {}); another one takes its place",
                   request->process(), request->tid);
    if (request->interrupted() || worker.interrupted == request->id) request->abandon();
  }
  try {
    actions_.replace(worker);
  } catch (const std::exception& error) {
    base::log(base::Layer::frontend).error("no thread to take the place of a stuck worker: {}", error.what());
  }
}

bool Watchdog::interrupt(std::uint64_t id) noexcept {
  std::unique_ptr<FuseRequest> ended;  // its destructor answers
  {
    const std::lock_guard lock(mutex_);
    for (auto entry = postponed_.begin(); entry != postponed_.end(); ++entry) {
      if (entry->request->id != id) continue;
      ended = std::move(entry->request);
      postponed_.erase(entry);
      return true;
    }
  }
  bool found = false;
  workers_.for_each([&](Worker& worker) {
    if (worker.current == id) {
      worker.interrupted = id;
      if (worker.current == id) found = true;  // else it may have looked before we wrote
    }
    const HeldAccess held(worker);
    if (held.request() == nullptr || held.request()->id != id) return;
    held.request()->note_interrupt();
    if (worker.stuck) held.request()->abandon();
    found = true;
  });
  return found;
}

bool Watchdog::must_wait(pid_t process) const {
  if (total_stuck_.load(std::memory_order_relaxed) == 0) return false;
  const std::lock_guard lock(mutex_);
  const auto count = stuck_by_process_.find(process);
  return count != stuck_by_process_.end() && count->second >= kStuckPerProcess;
}

bool Watchdog::postpone(std::unique_ptr<FuseRequest>& request, std::shared_ptr<protocol::Session> session) {
  const std::lock_guard lock(mutex_);
  const auto count = stuck_by_process_.find(request->process());
  if (count == stuck_by_process_.end() || count->second < kStuckPerProcess) return false;
  // An interrupt that came before now has found nothing; one that comes later waits for mutex_ and finds the
  // entry.
  if (request->was_interrupted()) request->answer(EINTR, {});
  postponed_.push_back({std::move(request), std::move(session)});
  return true;
}

void Watchdog::worker_is_free(
    Worker& worker,
    const std::function<void(std::unique_ptr<FuseRequest>, std::shared_ptr<protocol::Session>)>& serve) {
  while (worker.stuck) {
    pid_t process;
    {
      const std::lock_guard lock(mutex_);
      process = blamed_[&worker];
      blamed_.erase(&worker);
      if (--stuck_by_process_[process] == 0) stuck_by_process_.erase(process);
      --total_stuck_;
      worker.stuck = false;
    }
    while (!worker.stuck) {  // it may get stuck again
      Postponed next;
      {
        const std::lock_guard lock(mutex_);
        for (auto entry = postponed_.begin(); entry != postponed_.end(); ++entry) {
          if (entry->request->process() != process) continue;
          next = std::move(*entry);
          postponed_.erase(entry);
          break;
        }
      }
      if (next.request == nullptr) break;
      serve(std::move(next.request), std::move(next.session));
    }
  }
}

void Watchdog::drop_postponed() {
  std::list<Postponed> dropped;
  const std::lock_guard lock(mutex_);
  dropped.swap(postponed_);
}

}  // namespace cuse_binder::frontends
