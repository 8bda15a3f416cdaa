// Reaching into the descriptor table of another thread.
#pragma once

#include <sys/types.h>

#include "cuse_binder/base/result.h"
#include "cuse_binder/base/unique_fd.h"

namespace cuse_binder::client {

// A pidfd of thread `tid` (Linux 6.9), of its process on older kernels. ESRCH if it is gone.
base::Result<base::UniqueFd> open_pidfd(pid_t tid);

// A duplicate of the thread's descriptor `fd`, close-on-exec. EBADF, EPERM, ESRCH, EMFILE.
base::Result<base::UniqueFd> duplicate_from(int pidfd, int fd);

}  // namespace cuse_binder::client
