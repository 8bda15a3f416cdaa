#include "bench/support/placement.h"

#include <filesystem>
#include <string>

#include "bench/support/error.h"

namespace cuse_binder::bench {

std::vector<pid_t> threads_of(pid_t pid) {
  std::vector<pid_t> threads;
  std::error_code gone;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task", gone))
    threads.push_back(std::stoi(entry.path().filename()));
  return threads;
}

OnOneCpu::OnOneCpu(const std::vector<pid_t>& pids, int cpu) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(cpu, &one);
  for (const pid_t pid : pids) {
    for (const pid_t thread : threads_of(pid)) {
      Saved saved{thread, {}};
      if (sched_getaffinity(thread, sizeof saved.cpus, &saved.cpus) < 0) continue;  // it ended meanwhile
      if (sched_setaffinity(thread, sizeof one, &one) < 0) {
        if (errno == ESRCH) continue;
        throw_errno("sched_setaffinity");
      }
      saved_.push_back(saved);
    }
  }
}

OnOneCpu::~OnOneCpu() {
  for (const Saved& saved : saved_) sched_setaffinity(saved.thread, sizeof saved.cpus, &saved.cpus);
}

}  // namespace cuse_binder::bench
