// One read(2) of a request from /dev/fuse.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <span>

#include "cuse_binder/frontends/fuse_abi.h"
#include "cuse_binder/frontends/worker.h"

namespace cuse_binder::frontends {

// The size of the request; 0 if there was none this time; negative when the connection has ended. `buffer`
// must have abi::kMessageSize bytes.
inline ssize_t read_message(int fuse_fd, std::span<std::byte> buffer, Worker& worker) {
  const ssize_t size = read(fuse_fd, buffer.data(), buffer.size());
  Worker::count(worker.syscalls);
  if (size > 0) return size;
  if (size == 0) return -1;  // a socketpair whose kernel side has gone
  // ENOENT: the request was interrupted before it could be read.
  return errno == EINTR || errno == ENOENT || errno == EAGAIN ? 0 : -1;
}

}  // namespace cuse_binder::frontends
