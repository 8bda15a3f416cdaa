// Something that waits inside the core and goes on when the core gives it back.
#pragma once

#include <sys/types.h>

#include <memory>

#include "cuse_binder/core/outbox.h"

namespace cuse_binder::protocol {

class Resumable : public core::Waiter {
 public:
  // Takes `self` (this) over. No locks held.
  virtual void resumed(std::unique_ptr<Resumable> self) = 0;
  // The effective uid of the client whose memory that will touch.
  virtual uid_t euid() const = 0;
};

// Carries out what the core decided for others: completes reads, notifies pollers, releases files. Never with a lock held.
void carry_out(core::Outbox& out);

}  // namespace cuse_binder::protocol
