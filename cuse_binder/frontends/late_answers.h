// Answers to ioctls whose argument the kernel shall write, where the door was only given its address (CUSE).
//
// Whoever may wait for client memory writes an answer's bytes himself and answers without any. The timer, the
// threads that install descriptors and the daemon's end may not: for them the kernel is told to repeat the
// request with room for the bytes, and the repetition is answered with what was kept here. It cannot be
// forged: the kernel repeats a request only when told to, and before the thread that made it can do anything.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <unordered_map>

#include "cuse_binder/frontends/reply.h"

namespace cuse_binder::frontends {

// Of one open file.
class LateAnswers {
 public:
  // Asks for the repetition. `error` is 0 or a positive errno.
  void answer(fuse_req_t request, std::uint64_t address, int error, std::span<const std::byte> out) noexcept;
  // Answers the repetition.
  void give(Reply& reply);

 private:
  struct Answer {
    int error;
    std::size_t size;
    std::array<std::byte, 64> bytes;
  };
  std::mutex mutex_;
  std::unordered_map<pid_t, Answer> answers_;  // by thread; guarded by mutex_
};

}  // namespace cuse_binder::frontends
