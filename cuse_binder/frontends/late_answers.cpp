#include "cuse_binder/frontends/late_answers.h"

#include <cerrno>
#include <cstring>
#include <new>

#include "cuse_binder/base/check.h"

namespace cuse_binder::frontends {

void LateAnswers::answer(fuse_req_t request, std::uint64_t address, int error,
                         std::span<const std::byte> out) noexcept {
  Reply reply(request);
  Answer answer{error, out.size(), {}};
  CB_CHECK(out.size() <= answer.bytes.size());
  std::memcpy(answer.bytes.data(), out.data(), out.size());
  try {
    const std::lock_guard lock(mutex_);
    answers_[reply.caller().pid] = answer;
  } catch (const std::bad_alloc&) {
    return reply.ioctl(error != 0 ? error : ENOMEM, {});
  }
  reply.ioctl_again(address, 0, out.size());
}

void LateAnswers::give(Reply& reply) {
  Answer answer;
  {
    const std::lock_guard lock(mutex_);
    const auto kept = answers_.find(reply.caller().pid);
    if (kept == answers_.end()) return reply.error(EIO);  // not a repetition that we asked for
    answer = kept->second;
    answers_.erase(kept);
  }
  reply.ioctl(answer.error, std::span(answer.bytes).first(answer.size));
}

}  // namespace cuse_binder::frontends
