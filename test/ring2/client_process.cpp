#include "client_process.h"

#include <sys/syscall.h>

namespace cuse_binder::test {

int ClientProcess::pidfd_of(pid_t pid) {
  return static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
}

}  // namespace cuse_binder::test
