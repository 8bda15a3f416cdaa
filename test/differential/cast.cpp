#include "test/differential/cast.h"

#include <time.h>

#include <chrono>
#include <cstdlib>
#include <string>

#include "test/conformance/patience.h"

namespace cuse_binder::differential {
namespace {
// The backend remembers dead processes and their sockets; once in a while it is made anew.
constexpr int kProcessesPerBackend = 100;
}  // namespace

void Cast::begin() {
  if (backend_ && lasting_ && made_ < kProcessesPerBackend) return;
  free_.clear();
  backend_.reset();
  made_ = 0;
  backend_ = make_();
}

int Cast::take() {
  if (!free_.empty()) {
    const int process = free_.back();
    free_.pop_back();
    return process;
  }
  ++made_;
  const int process = backend_->spawn("actor");
  // The driver's logs list threads by id: all processes have them in the same order.
  for (int thread = 0; thread <= kHelperThread; ++thread) (void)backend_->tid({process, thread});
  return process;
}

long Cast::active_processes() {
  const std::string stats = backend_->log("stats");
  const std::string prefix = "proc: active ";
  const std::size_t at = stats.find(prefix);
  return at == std::string::npos ? 0 : std::atol(stats.c_str() + at + prefix.size());
}

bool Cast::await_active(long expected) {
  const auto deadline = std::chrono::steady_clock::now() + conformance::patience();
  while (active_processes() != expected) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    // The driver has no event for it; this only limits how often it is asked.
    const timespec pause{0, 200'000};
    nanosleep(&pause, nullptr);
  }
  return true;
}

}  // namespace cuse_binder::differential
