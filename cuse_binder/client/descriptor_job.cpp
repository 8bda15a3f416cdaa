#include "cuse_binder/client/descriptor_job.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "cuse_binder/base/check.h"
#include "cuse_binder/client/descriptor_file.h"

namespace cuse_binder::client {

DescriptorJob::DescriptorJob(pid_t tid, DescriptorWork work, std::function<void()> leave,
                             std::function<void(DescriptorOutcome)> done, Clock::time_point deadline)
    : tid_(tid),
      work_(std::move(work)),
      leave_(std::move(leave)),
      done_(std::move(done)),
      deadline_(deadline) {}

bool DescriptorJob::leave() {
  std::lock_guard guard(mutex_);
  if (patience_.over) return false;
  leave_();
  return true;
}

int DescriptorJob::send_files(int socket, std::size_t first, std::size_t count) {
  std::vector<char> control(CMSG_SPACE(count * sizeof(int)));
  char byte = 0;
  iovec payload{&byte, 1};
  msghdr message{};
  message.msg_iov = &payload;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* rights = CMSG_FIRSTHDR(&message);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(count * sizeof(int));

  std::lock_guard guard(mutex_);
  if (patience_.over) return ETIMEDOUT;
  for (std::size_t i = 0; i < count; ++i) {
    const auto* file = dynamic_cast<const DescriptorFile*>(work_.install[first + i]);
    CB_CHECK(file != nullptr);  // other kinds of files do not come from this door
    const int fd = file->fd();
    std::memcpy(CMSG_DATA(rights) + i * sizeof fd, &fd, sizeof fd);
  }
  // The other end may have been exchanged by the client: it must not be able to block us.
  return sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL) == 1 ? 0 : errno;
}

bool DescriptorJob::finish(DescriptorOutcome outcome) {
  {
    std::lock_guard guard(mutex_);
    if (patience_.over.exchange(true)) return false;
  }
  done_(std::move(outcome));
  return true;
}

}  // namespace cuse_binder::client
