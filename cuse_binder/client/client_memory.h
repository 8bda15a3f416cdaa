// Access to the address space of a client. An address in a client is a number that cannot be dereferenced.
//
// Both calls may block for as long as the client likes (userfaultfd, a stalled network file), so neither is
// ever made under a lock. Thread-safe.
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace cuse_binder::client {

// A range in a client. Any value is allowed; an unmapped or wrapping one is a fault.
struct RemotePiece {
  std::uint64_t address;
  std::uint64_t size;  // bytes
};

class ClientMemory {
 public:
  virtual ~ClientMemory() = default;

  // Copies `remote`, in order, into `local` (any split; equal totals). Returns how many bytes were copied
  // before the first fault; the total when there was none. `tid` is any thread of the client.
  virtual std::size_t read(pid_t tid, std::span<const iovec> local,
                           std::span<const RemotePiece> remote) noexcept = 0;
  // The other direction.
  virtual std::size_t write(pid_t tid, std::span<const iovec> local,
                            std::span<const RemotePiece> remote) noexcept = 0;
};

}  // namespace cuse_binder::client
