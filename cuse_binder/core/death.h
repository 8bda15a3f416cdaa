// A request to be told when the owner of a node is gone (BC_REQUEST_DEATH_NOTIFICATION).
//
// Its kind says where it stands: as registered it is in no queue; `dead_binder` in the process queue waits to be
// read, in the delivered list waits for BC_DEAD_BINDER_DONE; `dead_binder_and_clear` the same, but the watcher has cleared
// it meanwhile; `clear_death` waits to be read as BR_CLEAR_DEATH_NOTIFICATION_DONE.
#pragma once

#include <cstdint>

#include "cuse_binder/core/work.h"

namespace cuse_binder::core {

struct Process;

struct DeathNotification final : Work {
  DeathNotification(Process& watcher, std::uint64_t chosen_cookie)
      : Work(WorkKind::dead_binder), holder(watcher), cookie(chosen_cookie) {}
  Process& holder;
  const std::uint64_t cookie;  // the watcher's; need not be unique
};

}  // namespace cuse_binder::core
