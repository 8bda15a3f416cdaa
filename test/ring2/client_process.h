// A client of a mounted device: a child process that runs a function and says by its exit code how it went.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "cuse_binder/uapi/binder.h"

namespace cuse_binder::test {

class ClientProcess {
 public:
  // `body` runs in the child; it makes system calls only (the parent has threads).
  explicit ClientProcess(const std::function<int()>& body) : pid_(fork()) {
    if (pid_ == 0) _exit(body());
  }
  ~ClientProcess() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  ClientProcess(const ClientProcess&) = delete;
  ClientProcess& operator=(const ClientProcess&) = delete;

  pid_t pid() const { return pid_; }
  void signal(int number) const { kill(pid_, number); }
  // Exit code, 1000 + signal, or -1 if it has not ended within ten seconds.
  int wait() {
    int status = 0;
    const int pidfd = pidfd_of(pid_);
    struct timeval limit {
      10, 0
    };
    fd_set set;
    FD_ZERO(&set);
    FD_SET(pidfd, &set);
    const bool ended = select(pidfd + 1, &set, nullptr, nullptr, &limit) == 1;
    close(pidfd);
    if (!ended) return -1;
    waitpid(pid_, &status, 0);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
  }

 private:
  static int pidfd_of(pid_t pid);
  pid_t pid_;
};

// One BINDER_WRITE_READ; 0 or an errno.
inline int write_read(int fd, binder_write_read& bwr) {
  return ioctl(fd, BINDER_WRITE_READ, &bwr) == 0 ? 0 : errno;
}
inline int wait_for_message(int fd) {
  binder_write_read bwr{};
  bwr.read_size = 4;
  return write_read(fd, bwr);
}
inline int send_message(int fd, const void* text, std::size_t size) {
  binder_write_read bwr{};
  bwr.write_size = size;
  bwr.write_buffer = reinterpret_cast<std::uintptr_t>(text);
  return write_read(fd, bwr);
}

}  // namespace cuse_binder::test
