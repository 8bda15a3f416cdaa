// The processes that play sequences before one driver.
//
// Making a process is what costs most before a real device, so they are kept from one sequence to the next: a
// new open of the device gives the driver nothing that it has seen before. In process, every sequence gets a
// driver of its own.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "test/conformance/backend.h"

namespace cuse_binder::differential {

inline constexpr int kThreads = 3;              // of each process, that sequences use
inline constexpr int kHelperThread = kThreads;  // makes system calls that are not the sequence's subject

class Cast {
 public:
  using MakeBackend = std::function<std::unique_ptr<conformance::Backend>()>;
  // With `lasting` the backend and its processes are used again. in_kernel: the driver is the kernel's own.
  Cast(MakeBackend make, bool lasting, bool in_kernel = false)
      : make_(std::move(make)), lasting_(lasting), in_kernel_(in_kernel) {}

  void begin();  // before each sequence
  conformance::Backend& backend() { return *backend_; }
  bool in_kernel() const { return in_kernel_; }
  // A process with its threads, in ascending order of their ids.
  int take();
  // It has nothing open but what it was born with.
  void give_back(int process) { free_.push_back(process); }

  // The number of open files that the driver knows of, from its statistics.
  long active_processes();
  // Waits until it is `expected`; releases are asynchronous. False after the deadline.
  bool await_active(long expected);

 private:
  MakeBackend make_;
  bool lasting_;
  bool in_kernel_;
  std::unique_ptr<conformance::Backend> backend_;
  std::vector<int> free_;
  int made_ = 0;
};

}  // namespace cuse_binder::differential
