// The client side of every synchronous measurement: follows orders to make calls and answers with their
// times.
#pragma once

#include <chrono>
#include <functional>

#include "bench/support/child.h"

namespace cuse_binder::bench {

// Makes one call with a request of `size` bytes and waits for its reply.
using CallFunction = std::function<void(std::size_t size)>;

[[noreturn]] void follow_orders(Channel& channel, const CallFunction& call);

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace cuse_binder::bench
