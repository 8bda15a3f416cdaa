// What else a device may be busy with while calls are measured.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bench/support/child.h"

namespace cuse_binder::bench {

// Processes that have opened the device, mapped it and made one call; each with some threads that wait for
// work.
class Crowd {
 public:
  Crowd(const std::string& device, std::size_t processes, std::size_t threads_each);
  // Returns when all of them are gone.
  ~Crowd();

 private:
  Child child_;
};

// One process that owns objects and one that holds a reference to each.
class ManyNodes {
 public:
  ManyNodes(const std::string& device, std::uint32_t slot, std::size_t count);

 private:
  Child holder_;
  Child owner_;
};

}  // namespace cuse_binder::bench
