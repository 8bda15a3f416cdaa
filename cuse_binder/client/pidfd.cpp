#include "cuse_binder/client/pidfd.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "cuse_binder/client/proc_file.h"

namespace cuse_binder::client {
namespace {
constexpr unsigned kPidfdThread = O_EXCL;  // PIDFD_THREAD

int pidfd_open(pid_t pid, unsigned flags) {
  return static_cast<int>(syscall(SYS_pidfd_open, pid, flags));
}
}  // namespace

base::Result<base::UniqueFd> open_pidfd(pid_t tid) {
  if (tid <= 0) return base::Errno{ESRCH};
  base::UniqueFd pidfd(pidfd_open(tid, kPidfdThread));
  if (!pidfd && errno == EINVAL) {
    // Threads of one process nearly always share their descriptors.
    const auto status = read_proc_file(tid, "status");
    if (!status) return base::Errno{ESRCH};
    pidfd.reset(pidfd_open(static_cast<pid_t>(std::atoi(status_field(status.value(), "Tgid").c_str())), 0));
  }
  if (!pidfd) return base::Errno{errno};
  return pidfd;
}

base::Result<base::UniqueFd> duplicate_from(int pidfd, int fd) {
  base::UniqueFd file(static_cast<int>(syscall(SYS_pidfd_getfd, pidfd, fd, 0)));
  if (!file) return base::Errno{errno};
  return file;
}

}  // namespace cuse_binder::client
