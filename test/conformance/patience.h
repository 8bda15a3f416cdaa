// Sizes and deadlines of the harness.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdlib>

namespace cuse_binder::conformance {

// Of one process; the last is the harness's own, for system calls that are not the case's subject.
inline constexpr int kThreadsPerActor = 12;
inline constexpr std::size_t kThreadMemory = 128 << 10;  // of the arena, per thread
inline constexpr std::size_t kArenaSize = std::size_t{64} << 20;

// How long a case waits for something that must happen before it fails. CONFORMANCE_PATIENCE_MS for slow
// machines.
inline std::chrono::milliseconds patience() {
  static const std::chrono::milliseconds value = [] {
    const char* text = std::getenv("CONFORMANCE_PATIENCE_MS");
    const long number = text ? std::atol(text) : 0;
    return std::chrono::milliseconds(number > 0 ? number : 15000);
  }();
  return value;
}

}  // namespace cuse_binder::conformance
