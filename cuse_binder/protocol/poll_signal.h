// A door's PollWaiter as the core keeps it.
#pragma once

#include <memory>
#include <utility>

#include "cuse_binder/core/outbox.h"
#include "cuse_binder/protocol/session.h"

namespace cuse_binder::protocol {

struct StoredPoll final : core::PollSignal {
  explicit StoredPoll(std::unique_ptr<PollWaiter> door_waiter) : waiter(std::move(door_waiter)) {}
  std::unique_ptr<PollWaiter> waiter;
};

}  // namespace cuse_binder::protocol
