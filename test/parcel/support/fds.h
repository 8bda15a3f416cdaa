// Descriptors that tell who holds them: the write end of a pipe is open somewhere until its reader sees the
// end.
#pragma once

#include <android-base/unique_fd.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

class Pipe {
 public:
  Pipe() { android::base::Pipe(&read_, &write_); }
  // The descriptor to send; release() gives it away.
  int get() const { return write_.get(); }
  int release() { return write_.release(); }
  void close() { write_.reset(); }
  // Whether nobody holds the write end any more.
  bool closedEverywhere() const {
    pollfd entry{read_.get(), POLLIN, 0};
    return poll(&entry, 1, 0) == 1 && (entry.revents & POLLHUP) != 0;
  }
  bool isSameFile(int fd) const {
    struct stat mine;
    struct stat other;
    return fstat(read_.get(), &mine) == 0 && fstat(fd, &other) == 0 && mine.st_ino == other.st_ino;
  }

 private:
  android::base::unique_fd read_;
  android::base::unique_fd write_;
};

inline bool isOpen(int fd) {
  return fcntl(fd, F_GETFD) >= 0;
}
