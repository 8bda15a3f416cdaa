// A fuzz input as a program of steps on one device with three clients of two threads each.
//
// The programs are deterministic: addresses, ids and the order of everything follow from the input alone.
// Other clients also act *within* a step, whenever the driver looks at client memory without its lock.
//
// After each step the core's invariants hold; every request is answered exactly once; at the end, when all
// clients are dead, nothing is left. A violation aborts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace cuse_binder::fuzz {

void run_session_program(std::span<const std::uint8_t> input);

}  // namespace cuse_binder::fuzz
