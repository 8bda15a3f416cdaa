// Which processors the processes of a measurement may use.
#pragma once

#include <sched.h>
#include <sys/types.h>

#include <array>
#include <memory>
#include <vector>

namespace cuse_binder::bench {

std::vector<pid_t> threads_of(pid_t pid);

// Keeps all present threads of some processes on one processor, and gives them back the ones they had before.
class OnOneCpu {
 public:
  OnOneCpu(const std::vector<pid_t>& pids, int cpu);
  ~OnOneCpu();
  OnOneCpu(const OnOneCpu&) = delete;
  OnOneCpu& operator=(const OnOneCpu&) = delete;

 private:
  struct Saved {
    pid_t thread;
    cpu_set_t cpus;
  };
  std::vector<Saved> saved_;
};

// The two ways in which the processes of a call are placed. In this order: processes that were on one CPU
// once tend to stay together, which would flatter the other figure.
struct Placement {
  const char* name;
  bool one_cpu;

  // Holds as long as the result lives.
  std::unique_ptr<OnOneCpu> apply(const std::vector<pid_t>& pids, int cpu) const {
    return one_cpu ? std::make_unique<OnOneCpu>(pids, cpu) : nullptr;
  }
};

constexpr std::array<Placement, 2> kPlacements{{{"free to move", false}, {"on one CPU", true}}};

}  // namespace cuse_binder::bench
