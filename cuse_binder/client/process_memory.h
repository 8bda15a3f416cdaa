// Client memory through process_vm_readv and process_vm_writev: one copy, about half a microsecond per call.
//
// Needs the permission to attach with ptrace: CAP_SYS_PTRACE, or the same user where no security module
// forbids it. Without it every access is a fault, and one log line per second at most says why.
#pragma once

#include <atomic>
#include <cstdint>

#include "cuse_binder/client/client_memory.h"

namespace cuse_binder::client {

class ProcessMemory final : public ClientMemory {
 public:
  std::size_t read(pid_t tid, std::span<const iovec> local,
                   std::span<const RemotePiece> remote) noexcept override;
  std::size_t write(pid_t tid, std::span<const iovec> local,
                    std::span<const RemotePiece> remote) noexcept override;

  // System calls made so far, by all threads.
  std::uint64_t accesses() const noexcept { return accesses_.load(std::memory_order_relaxed); }

 private:
  enum class Direction { from_client, to_client };
  std::size_t copy(Direction direction, pid_t tid, std::span<const iovec> local,
                   std::span<const RemotePiece> remote) noexcept;

  std::atomic<std::uint64_t> accesses_{0};
};

}  // namespace cuse_binder::client
