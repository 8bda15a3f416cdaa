// What the kernel says about a process: memory, time, switches.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace cuse_binder::bench {

struct ResidentMemory {
  std::uint64_t anonymous_kib = 0;  // heap and stacks
  std::uint64_t shared_kib = 0;     // receive areas, as far as the daemon has touched them
  std::uint64_t file_kib = 0;
  std::uint64_t total_kib() const { return anonymous_kib + shared_kib + file_kib; }
};

ResidentMemory resident_memory(pid_t pid);

// Sums over the threads that are alive.
struct ProcessorUse {
  double cpu_us = 0;
  std::uint64_t waits = 0;  // voluntary context switches: how often a thread went to sleep
};

ProcessorUse processor_use(pid_t pid);

}  // namespace cuse_binder::bench
