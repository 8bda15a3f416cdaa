// What the protocol layer uses of the outside, bundled: access to clients, and counters of what was done.
#pragma once

#include <atomic>
#include <cstdint>

#include "cuse_binder/client/client_files.h"
#include "cuse_binder/client/client_identity.h"
#include "cuse_binder/client/client_memory.h"

namespace cuse_binder::protocol {

struct Counters {
  std::atomic<std::uint64_t> transactions{0};
  std::atomic<std::uint64_t> payload_copies{0};
  std::atomic<std::uint64_t> payload_bytes{0};
  std::atomic<std::uint64_t> client_accesses{0};
};

struct Services {
  client::ClientMemory& memory;
  client::ClientFiles& files;
  client::ClientIdentity& identity;
  Counters& counters;
};

}  // namespace cuse_binder::protocol
