#include "cuse_binder/client/process_memory.h"

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "cuse_binder/base/log.h"

namespace cuse_binder::client {
namespace {

// Pieces per system call. The kernel takes 1,024 (IOV_MAX), but copies more than 8 into allocated memory of
// its own anyway; what matters here is that the arrays fit on any stack.
constexpr std::size_t kBatch = 64;
// The kernel silently cuts a call at a little less than 2 GiB and refuses lengths with the sign bit set.
constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 30;

// A position in a list of pieces that is consumed from the front.
template <typename Piece>
struct Cursor {
  std::span<const Piece> pieces;
  std::uint64_t offset = 0;  // into pieces.front()

  static std::uint64_t start_of(const iovec& piece) {
    return reinterpret_cast<std::uintptr_t>(piece.iov_base);
  }
  static std::uint64_t start_of(const RemotePiece& piece) { return piece.address; }
  static std::uint64_t size_of(const iovec& piece) { return piece.iov_len; }
  // A range that wraps around ends where the address space does: the rest is a fault anyway.
  static std::uint64_t size_of(const RemotePiece& piece) {
    return std::min(piece.size, 0 - std::max<std::uint64_t>(piece.address, 1));
  }

  // Lays out the next pieces, at most `limit` bytes; returns how many entries. `bytes` is their sum.
  std::size_t fill(std::array<iovec, kBatch>& out, std::uint64_t limit, std::uint64_t& bytes) const {
    std::size_t count = 0;
    std::uint64_t skip = offset;
    bytes = 0;
    for (const Piece& piece : pieces) {
      if (count == kBatch || bytes == limit) break;
      const std::uint64_t size = std::min(size_of(piece) - skip, limit - bytes);
      if (size > 0) {
        out[count++] = {reinterpret_cast<void*>(start_of(piece) + skip), static_cast<std::size_t>(size)};
        bytes += size;
      }
      if (truncated(piece) && skip + size == size_of(piece)) break;  // nothing behind a fault is copied
      skip = 0;
    }
    return count;
  }

  void advance(std::uint64_t bytes) {
    offset += bytes;
    while (!pieces.empty() && offset >= size_of(pieces.front()) && !truncated(pieces.front())) {
      offset -= size_of(pieces.front());
      pieces = pieces.subspan(1);
    }
  }

 private:
  static bool truncated(const iovec&) { return false; }
  static bool truncated(const RemotePiece& piece) { return size_of(piece) != piece.size; }
};

void log_refusal(pid_t tid) noexcept {
  try {
    CB_LOG_LIMITED(
        base::Layer::client, spdlog::level::err,
        "memory of thread {} is not accessible: not permitted. The daemon needs CAP_SYS_PTRACE, or the same "
        "user as its clients where kernel.yama.ptrace_scope is 0; transactions fail until then",
        tid);
  } catch (...) {  // a log line is not worth a client's transaction
  }
}

}  // namespace

std::size_t ProcessMemory::read(pid_t tid, std::span<const iovec> local,
                                std::span<const RemotePiece> remote) noexcept {
  return copy(Direction::from_client, tid, local, remote);
}

std::size_t ProcessMemory::write(pid_t tid, std::span<const iovec> local,
                                 std::span<const RemotePiece> remote) noexcept {
  return copy(Direction::to_client, tid, local, remote);
}

std::size_t ProcessMemory::copy(Direction direction, pid_t tid, std::span<const iovec> local,
                                std::span<const RemotePiece> remote) noexcept {
  Cursor<iovec> here{local};
  Cursor<RemotePiece> there{remote};
  std::array<iovec, kBatch> here_batch, there_batch;
  std::size_t total = 0;
  for (;;) {
    std::uint64_t here_bytes, there_bytes;
    const std::size_t here_count = here.fill(here_batch, kMaxBytes, here_bytes);
    const std::size_t there_count = there.fill(there_batch, here_bytes, there_bytes);
    if (here_bytes == 0 || there_bytes == 0) return total;
    accesses_.fetch_add(1, std::memory_order_relaxed);
    // Both stop at the end of the shorter list, and at the first page that faults: a page is the unit in
    // which memory can be missing, so the count is exact to the byte.
    const ssize_t copied =
        direction == Direction::from_client
            ? process_vm_readv(tid, here_batch.data(), here_count, there_batch.data(), there_count, 0)
            : process_vm_writev(tid, here_batch.data(), here_count, there_batch.data(), there_count, 0);
    if (copied <= 0) {
      if (copied < 0 && errno == EPERM) log_refusal(tid);
      return total;
    }
    total += static_cast<std::size_t>(copied);
    // A short count may be a fault or a limit of the kernel; the next round, from there, tells.
    here.advance(static_cast<std::uint64_t>(copied));
    there.advance(static_cast<std::uint64_t>(copied));
  }
}

}  // namespace cuse_binder::client
