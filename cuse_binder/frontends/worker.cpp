#include "cuse_binder/frontends/worker.h"

#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <string>

namespace cuse_binder::frontends {
namespace {

thread_local Worker* current_worker = nullptr;

// Interrupts a system call of a worker; chosen from the range that neither libc nor sanitizers use.
int wake_signal() {
  return SIGRTMIN + 6;
}

void install_wake_handler() {
  static std::once_flag once;
  std::call_once(once, [] {
    struct sigaction action {};
    action.sa_handler = [](int) {};  // without SA_RESTART: the system call returns EINTR
    sigaction(wake_signal(), &action, nullptr);
  });
}

// Workers take no signals but the one above: the daemon's belong to its main thread.
class WorkerSignalMask {
 public:
  WorkerSignalMask() {
    sigset_t mask;
    sigfillset(&mask);
    sigdelset(&mask, wake_signal());
    pthread_sigmask(SIG_SETMASK, &mask, &old_);
  }
  ~WorkerSignalMask() { pthread_sigmask(SIG_SETMASK, &old_, nullptr); }

 private:
  sigset_t old_;
};

}  // namespace

FuseRequest* Worker::taken_access() {
  static char marker;
  return reinterpret_cast<FuseRequest*>(&marker);  // an address that no request has; never dereferenced
}

bool Worker::sleeps() const {
  std::ifstream stat("/proc/self/task/" + std::to_string(tid) + "/stat");
  std::string text;
  if (!std::getline(stat, text)) return true;
  const auto name_end = text.rfind(')');  // the name may contain anything
  return name_end == std::string::npos || name_end + 2 >= text.size() || text[name_end + 2] != 'R';
}

WorkerSet::~WorkerSet() {
  join_all();
}

Worker* WorkerSet::current() {
  return current_worker;
}

Worker& WorkerSet::spawn(std::function<void(Worker&)> body) {
  install_wake_handler();
  const std::lock_guard lock(mutex_);
  Worker* worker = nullptr;
  for (const auto& old : workers_) {
    if (!old->finished.load(std::memory_order_acquire)) continue;
    worker = old.get();
    if (worker->thread.joinable()) worker->thread.join();  // it has nothing left to do but to return
    break;
  }
  if (worker == nullptr) worker = workers_.emplace_back(std::make_unique<Worker>()).get();
  const WorkerSignalMask inherited_by_thread;
  worker->finished = false;
  worker->replaced = false;
  worker->serves = nullptr;
  try {
    worker->thread = std::thread([this, worker, body = std::move(body)] {
      current_worker = worker;
      worker->tid = static_cast<pid_t>(syscall(SYS_gettid));
      body(*worker);
      current_worker = nullptr;
      worker->finished.store(true, std::memory_order_release);
      ended_.notify_all();
    });
  } catch (...) {
    worker->finished = true;
    throw;
  }
  return *worker;
}

void WorkerSet::join_all() {
  std::unique_lock lock(mutex_);
  for (;;) {
    bool all = true;
    for (const auto& worker : workers_) {
      if (worker->finished) continue;
      all = false;
      pthread_kill(worker->thread.native_handle(), wake_signal());
    }
    if (all) break;
    // A signal that comes just before the system call it was meant for is lost: hence again.
    ended_.wait_for(lock, std::chrono::milliseconds(5));
  }
  for (const auto& worker : workers_) {
    if (worker->thread.joinable()) worker->thread.join();
  }
}

}  // namespace cuse_binder::frontends
