// What the runner and its actor processes say to each other: one SOCK_SEQPACKET socket per thread.
#pragma once

#include <cstdint>

#include "test/conformance/backend.h"

namespace cuse_binder::conformance {

// To the control socket of a process. Sockets for the new thread (one) or process (control, thread 0) travel
// along.
enum class Control : std::uint32_t { start_thread, fork };

struct ControlRequest {
  Control what;
};

// The answer to every message, and the greeting of a new thread (value: its tid).
struct RemoteAnswer {
  std::int64_t value;
  std::int32_t error;
};

// The whole life of an actor process; never returns. Called after fork() with nothing but these two sockets
// open.
[[noreturn]] void run_actor(int control, int main_thread, const char* device);

}  // namespace cuse_binder::conformance
