#include "cuse_binder/client/descriptor_installer.h"

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <list>
#include <mutex>
#include <thread>

#include "cuse_binder/base/log.h"
#include "cuse_binder/client/descriptor_job.h"
#include "cuse_binder/client/descriptor_transfer.h"
#include "cuse_binder/client/proc_file.h"
#include "cuse_binder/client/tracee.h"

namespace cuse_binder::client {
namespace {

using base::Layer;
using JobPtr = std::shared_ptr<DescriptorJob>;

void log_refusal(pid_t tid, int error) {
  const auto status = read_proc_file(tid, "status");
  const int tracer = status ? std::atoi(status_field(status.value(), "TracerPid").c_str()) : 0;
  const int seccomp = status ? std::atoi(status_field(status.value(), "Seccomp").c_str()) : 0;
  const char* reason = tracer != 0 ? "it is being traced, perhaps by a debugger"
                       : seccomp != 0
                           ? "it has a seccomp filter that this daemon may not suspend (CAP_SYS_ADMIN)"
                           : "the daemon may not trace it (CAP_SYS_PTRACE)";
  if (error == ESRCH) return;  // nothing unusual: it has ended
  CB_LOG_LIMITED(Layer::client, spdlog::level::warn,
                 "descriptors cannot be installed in thread {}: {} (errno {})", tid, reason, error);
}

// Does what the job wants with the stopped thread.
DescriptorOutcome transfer(Tracee& tracee, DescriptorJob& job) {
  DescriptorTransfer table(tracee, job);
  DescriptorOutcome outcome;
  if (!job.to_close().empty()) table.close(job.to_close());
  if (job.install_count() > 0) {
    auto installed = table.install();
    outcome.error = installed.error();
    if (installed) outcome.installed = std::move(installed.value());
  }
  if (tracee.state() != Tracee::State::stopped) outcome = {ESRCH, {}};
  return outcome;
}

// The whole of a job. False when the calling thread must end, because the kernel frees a thread that does not
// stop only from a tracer that is no more.
bool perform(DescriptorJob& job) {
  Tracee tracee(job.tid(), job.patience());
  const int refused = ThreadRegisters::supported() ? tracee.seize() : ENOSYS;
  if (refused != 0) {
    log_refusal(job.tid(), refused);
    job.finish({refused, {}});
    return true;
  }
  int error = tracee.interrupt();
  if (error == 0 && !job.leave()) error = ETIMEDOUT;
  if (error == 0) error = tracee.wait_for_stop();
  if (error == ENOSYS) {
    CB_LOG_LIMITED(Layer::client, spdlog::level::warn,
                   "descriptors cannot be installed in thread {}: a 32-bit program, or an unknown way to "
                   "enter the kernel",
                   job.tid());
  }

  auto outcome = error == 0 ? transfer(tracee, job) : DescriptorOutcome{error, {}};
  const std::vector<int> installed = outcome.installed;
  // The caller's state must be ready before the thread can repeat its ioctl.
  const bool in_time = job.finish(std::move(outcome));
  if (!in_time && tracee.state() == Tracee::State::stopped) DescriptorTransfer(tracee, job).close(installed);
  if (tracee.state() == Tracee::State::stopped) tracee.release();
  return tracee.state() == Tracee::State::none || tracee.state() == Tracee::State::gone;
}

}  // namespace

class DescriptorInstaller::Pool {
 public:
  explicit Pool(Options options) : options_(options) {}

  ~Pool() {
    std::list<JobPtr> left;
    {
      std::lock_guard guard(mutex_);
      stopping_ = true;
      left.assign(queue_.begin(), queue_.end());
      left.insert(left.end(), running_.begin(), running_.end());
      queue_.clear();
    }
    for (auto& job : left) {
      job->finish({ECANCELED, {}});
      job->abandon();
    }
    work_.notify_all();
    watch_.notify_all();
    std::unique_lock guard(mutex_);
    watch_.wait(guard, [this] { return workers_ == 0; });
    join_ended(guard);
    guard.unlock();
    if (watcher_.joinable()) watcher_.join();
  }

  void submit(JobPtr job) {
    bool wake_watcher;
    {
      std::lock_guard guard(mutex_);
      queue_.push_back(std::move(job));
      if (idle_ < queue_.size() && active() < options_.workers) start_worker();
      if (!watcher_.joinable()) watcher_ = std::thread([this] { watch(); });
      wake_watcher = watcher_rests_;
    }
    work_.notify_one();
    if (wake_watcher) watch_.notify_one();
  }

  Counts counts() const {
    std::lock_guard guard(mutex_);
    return {workers_ + (watcher_.joinable() ? 1 : 0), queue_.size(), running_.size()};
  }

 private:
  using Threads = std::list<std::thread>;

  // Workers that are not held up by a client.
  std::size_t active() const { return workers_ - stragglers_; }

  void start_worker() {
    ++workers_;
    threads_.emplace_back();
    const auto self = std::prev(threads_.end());
    *self = std::thread([this, self] { work(self); });
  }

  void work(Threads::iterator self) {
    std::unique_lock guard(mutex_);
    bool usable = true;
    while (usable) {
      ++idle_;
      work_.wait(guard, [this] { return stopping_ || !queue_.empty(); });
      --idle_;
      if (stopping_) break;
      const JobPtr job = queue_.front();
      queue_.pop_front();
      running_.push_back(job);
      guard.unlock();
      usable = perform(*job);
      guard.lock();
      running_.remove(job);
      if (late_.remove(job) > 0) {
        --stragglers_;
        if (active() > options_.workers) usable = false;  // it has been replaced
      }
    }
    --workers_;
    // Another has to do what this one was chosen for.
    if (!stopping_ && idle_ < queue_.size() && active() < options_.workers) start_worker();
    ended_.splice(ended_.end(), threads_, self);
    watch_.notify_all();
  }

  // Reports jobs that have run out of time, and has room made for others.
  void watch() {
    std::unique_lock guard(mutex_);
    while (!stopping_) {
      join_ended(guard);
      if (queue_.empty() && running_.size() == late_.size() && ended_.empty()) {
        watcher_rests_ = true;
        watch_.wait(guard);
        watcher_rests_ = false;
        continue;
      }
      const auto now = DescriptorJob::Clock::now();
      std::list<JobPtr> expired;
      while (!queue_.empty() && queue_.front()->deadline() <= now) {
        expired.push_back(queue_.front());
        queue_.pop_front();
      }
      for (const JobPtr& job : running_) {
        if (job->deadline() > now || std::find(late_.begin(), late_.end(), job) != late_.end()) continue;
        expired.push_back(job);
        late_.push_back(job);
        ++stragglers_;
        if (stragglers_ > options_.stragglers) late_.front()->abandon();
        if (idle_ < queue_.size() && active() < options_.workers) start_worker();
      }
      if (!expired.empty()) {
        guard.unlock();
        for (const JobPtr& job : expired) {
          if (!job->finish({ETIMEDOUT, {}})) continue;
          CB_LOG_LIMITED(Layer::client, spdlog::level::warn,
                         "descriptors were not installed in thread {}: it did not stop in time", job->tid());
        }
        guard.lock();
        continue;
      }
      watch_.wait_for(guard, options_.time_limit / 8);
    }
  }

  // Frees the threads that have ended.
  void join_ended(std::unique_lock<std::mutex>& guard) {
    Threads ended;
    ended.splice(ended.end(), ended_);
    if (ended.empty()) return;
    guard.unlock();
    for (std::thread& thread : ended) thread.join();
    guard.lock();
  }

  const Options options_;

  mutable std::mutex mutex_;
  std::condition_variable work_;   // a job is waiting, or the end
  std::condition_variable watch_;  // a worker has ended, or a job came while the watcher rested, or the end
  // All below: guarded by mutex_.
  std::deque<JobPtr> queue_;  // in order of their deadlines
  std::list<JobPtr> running_;
  std::list<JobPtr> late_;  // those of running_ that have been reported as failed, longest first
  Threads threads_, ended_;
  std::thread watcher_;
  std::size_t workers_ = 0, idle_ = 0, stragglers_ = 0;
  bool watcher_rests_ = false, stopping_ = false;
};

DescriptorInstaller::DescriptorInstaller(Options options)
    : time_limit_(options.time_limit), pool_(std::make_unique<Pool>(options)) {}

DescriptorInstaller::~DescriptorInstaller() = default;

void DescriptorInstaller::run(pid_t tid, DescriptorWork work, std::function<void()> leave,
                              std::function<void(DescriptorOutcome)> done) {
  pool_->submit(std::make_shared<DescriptorJob>(tid, std::move(work), std::move(leave), std::move(done),
                                                DescriptorJob::Clock::now() + time_limit_));
}

DescriptorInstaller::Counts DescriptorInstaller::counts() const {
  return pool_->counts();
}

}  // namespace cuse_binder::client
