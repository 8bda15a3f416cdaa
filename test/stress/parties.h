// The processes of a stress run. Each function is the whole life of a forked child: it ends by being killed.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

namespace cuse_binder::stress {

// What the watchdog client tells its parent, in shared memory.
struct Pulse {
  std::atomic<std::uint64_t> calls{0};
  std::atomic<std::uint64_t> slowest_us{0};
  std::atomic<std::uint64_t> failed{
      0};  // refused: hostile clients can fill the manager's receive area for a moment
  std::atomic<bool> wrong{false};  // a call was answered with other bytes
};

// Registry and echo service: the context manager. Writes a byte to `ready` when it can be called.
[[noreturn]] void run_manager(const std::string& device, int ready);
// Calls the manager without pause.
[[noreturn]] void run_watchdog(const std::string& device, Pulse& pulse);
// Registers objects, looks others up, calls them in every way, serves them meanwhile.
[[noreturn]] void run_peer(const std::string& device, std::uint32_t seed);

// Hostile ones.
// Threads whose commands, read buffers and payloads lie in memory that never faults in. Writes a byte to
// `ready` when all are about to enter the driver; 'x' instead if this machine has no userfaultfd.
[[noreturn]] void run_unreadable(const std::string& device, int ready);
// `count` threads parked in a read. Writes a byte to `ready` when all exist.
[[noreturn]] void run_parked(const std::string& device, unsigned count, int ready);
// Random bytes in random places, as fast as possible.
[[noreturn]] void run_garbage(const std::string& device, std::uint32_t seed);

}  // namespace cuse_binder::stress
