#include "cuse_binder/client/process_files.h"

#include <fcntl.h>

#include "cuse_binder/base/guarded.h"
#include "cuse_binder/base/log.h"
#include "cuse_binder/client/descriptor_file.h"
#include "cuse_binder/client/pidfd.h"

namespace cuse_binder::client {

ProcessFiles::ProcessFiles(DescriptorInstaller::Options options) : installer_(options) {}

base::Result<base::FilePtr> ProcessFiles::take(pid_t tid, int fd) {
  CB_DCHECK(!base::holds_lock());
  if (fd < 0) return base::Errno{EBADF};
  // The pidfd is not kept: the number may be another thread's by the next time.
  auto pidfd = open_pidfd(tid);
  if (!pidfd) return base::Errno{pidfd.error()};
  auto file = duplicate_from(pidfd.value().get(), fd);
  if (!file) {
    if (file.error() == EPERM) {
      CB_LOG_LIMITED(base::Layer::client, spdlog::level::err,
                     "descriptor {} of thread {} cannot be taken: not permitted (CAP_SYS_PTRACE is missing)",
                     fd, tid);
    }
    return base::Errno{file.error()};
  }
  const int flags = fcntl(file.value().get(), F_GETFL);
  if (flags < 0 || (flags & O_PATH) != 0) return base::Errno{EBADF};
  return base::FilePtr(std::make_unique<DescriptorFile>(std::move(file.value())));
}

void ProcessFiles::run(pid_t tid, DescriptorWork work, std::function<void()> leave,
                       std::function<void(DescriptorOutcome)> done) {
  installer_.run(tid, std::move(work), std::move(leave), std::move(done));
}

}  // namespace cuse_binder::client
