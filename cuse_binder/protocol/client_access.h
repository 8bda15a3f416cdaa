// Memory of the client behind one request. Every access is announced to the door, which can tell from that when a
// worker is stuck in it; none is made under a lock.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "cuse_binder/base/guarded.h"
#include "cuse_binder/protocol/request.h"
#include "cuse_binder/protocol/services.h"

namespace cuse_binder::protocol {

class ClientAccess {
 public:
  ClientAccess(Services& services, Request& request) : services_(services), request_(request) {}

  // Bytes copied before the first fault.
  std::size_t read(std::span<const iovec> local, std::span<const client::RemotePiece> remote) noexcept {
    begin();
    const std::size_t done = services_.memory.read(request_.tid, local, remote);
    request_.client_access_ends();
    return done;
  }
  std::size_t write(std::span<const iovec> local, std::span<const client::RemotePiece> remote) noexcept {
    begin();
    const std::size_t done = services_.memory.write(request_.tid, local, remote);
    request_.client_access_ends();
    return done;
  }
  // Whole ranges: true when nothing faulted.
  bool read(void* to, std::uint64_t from, std::size_t size) noexcept { return read_some(to, from, size) == size; }
  std::size_t read_some(void* to, std::uint64_t from, std::size_t size) noexcept {
    if (size == 0) return 0;
    const iovec local{to, size};
    const client::RemotePiece remote{from, size};
    return read({&local, 1}, {&remote, 1});
  }
  bool write(std::uint64_t to, const void* from, std::size_t size) noexcept {
    if (size == 0) return true;
    const iovec local{const_cast<void*>(from), size};  // NOLINT: iovec has no const form
    const client::RemotePiece remote{to, size};
    return write({&local, 1}, {&remote, 1}) == size;
  }

  Request& request() const { return request_; }
  Services& services() const { return services_; }

 private:
  void begin() noexcept {
    CB_DCHECK(!base::holds_lock());
    services_.counters.client_accesses.fetch_add(1, std::memory_order_relaxed);
    request_.client_access_begins();
  }

  Services& services_;
  Request& request_;
};

}  // namespace cuse_binder::protocol
