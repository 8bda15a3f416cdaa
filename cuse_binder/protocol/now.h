// The clock of the logs and of what they tell the age of.
#pragma once

#include <cstdint>
#include <ctime>

namespace cuse_binder::protocol {

// Milliseconds of CLOCK_MONOTONIC; some of them old, which nobody who reads logs minds, and cheap.
inline std::int64_t now_ms() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

}  // namespace cuse_binder::protocol
