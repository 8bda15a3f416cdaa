// A request to be told when the owner of a node is frozen or thawed (BC_REQUEST_FREEZE_NOTIFICATION).
#pragma once

#include <cstdint>

#include "cuse_binder/core/work.h"

namespace cuse_binder::core {

struct Process;

struct FreezeListener final : Work {
  FreezeListener(Process& watcher, std::uint64_t chosen_cookie, bool frozen)
      : Work(WorkKind::frozen_binder), holder(watcher), cookie(chosen_cookie), is_frozen(frozen) {}
  Process& holder;
  const std::uint64_t cookie;
  bool is_frozen;       // the state to report, or last reported
  bool sent = false;    // reported, BC_FREEZE_NOTIFICATION_DONE not received: it is in the delivered list
  bool resend = false;  // something changed since it was sent: queue it again on DONE
};

}  // namespace cuse_binder::core
