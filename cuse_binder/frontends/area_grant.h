// How far one open file has come with the mapping of its receive area, where mmap cannot do it (CUSE).
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <memory>

#include "cuse_binder/base/result.h"
#include "cuse_binder/base/unique_fd.h"
#include "cuse_binder/protocol/session.h"

namespace cuse_binder::frontends {

class AreaGrant {
 public:
  explicit AreaGrant(const std::shared_ptr<protocol::Session>& session)
      : session_(session), process_(session->pid()) {}

  // The process that opened the file; nobody else gets its memory.
  pid_t process() const { return process_; }
  bool mapped() const { return state_ == State::mapped; }

  // A descriptor of the memory, for reading only, on its way to the client; ESRCH if the file was closed.
  base::Result<base::UniqueFd> hand_out();
  // What the client says that it did with it: 0, or EINVAL for what cannot be a mapping, EBUSY for a second.
  int set_mapping(std::uint64_t address, std::uint64_t size);

 private:
  enum class State : std::uint8_t {
    untouched,   // nobody has asked
    handed_out,  // the client has a descriptor
    mapped,      // and told where it mapped it
  };
  const std::weak_ptr<protocol::Session> session_;
  const pid_t process_;
  std::atomic<State> state_{State::untouched};
};

}  // namespace cuse_binder::frontends
