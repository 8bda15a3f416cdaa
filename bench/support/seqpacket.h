// Whole messages over a connected Unix seqpacket socket. A process whose peer is gone ends: the measurement
// is over.
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include "bench/support/error.h"
#include "cuse_binder/base/unique_fd.h"

namespace cuse_binder::bench {

struct SocketPair {
  SocketPair() {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) throw_errno("socketpair");
    here = base::UniqueFd(ends[0]);
    there = base::UniqueFd(ends[1]);
  }
  base::UniqueFd here, there;
};

inline std::size_t receive_message(int fd, void* to, std::size_t size) {
  for (;;) {
    const ssize_t got = recv(fd, to, size, 0);
    if (got > 0) return static_cast<std::size_t>(got);
    if (got < 0 && errno == EINTR) continue;
    if (got == 0 || errno == ECONNRESET) _exit(0);
    throw_errno("recv");
  }
}

inline void send_message(int fd, const void* from, std::size_t size) {
  for (;;) {
    if (send(fd, from, size, MSG_NOSIGNAL) == static_cast<ssize_t>(size)) return;
    if (errno == EPIPE) _exit(0);
    if (errno != EINTR) throw_errno("send");
  }
}

}  // namespace cuse_binder::bench
