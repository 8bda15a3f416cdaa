// How often a process has allocated memory, in a number that its parent can read.
//
// The functions of malloc are replaced in the whole program. That costs each of them one look at a pointer,
// also in the peers.
#pragma once

#include <atomic>
#include <cstdint>

namespace cuse_binder::bench {

// In memory that processes share which are forked from now on.
class AllocationCount {
 public:
  AllocationCount();
  ~AllocationCount();
  AllocationCount(const AllocationCount&) = delete;
  AllocationCount& operator=(const AllocationCount&) = delete;

  // From now on the allocations of this process are counted here.
  void count_this_process();
  std::uint64_t value() const { return number_->load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t>* number_;
};

}  // namespace cuse_binder::bench
