// BINDER_FREEZE and BINDER_GET_FROZEN_INFO for one process.
#include <cerrno>

#include "cuse_binder/core/context.h"

namespace cuse_binder::core {
namespace {

// Something is still to be finished: queued to the process, or a thread works on a call or waits in one.
bool pending(const Process& process) {
  if (process.outstanding > 0) return true;
  for (const auto& [tid, thread] : process.threads) {
    if (thread->stack != nullptr) return true;
  }
  return false;
}

}  // namespace

void Context::thaw(Process& process, Outbox& out) {
  process.frozen = false;
  process.sync_received = false;
  process.oneway_received = false;
  announce_freeze(process, false, out);
}

void Context::begin_freeze(Process& process) {
  process.sync_received = false;
  process.oneway_received = false;
  process.frozen = true;
}

bool Context::drained(Process& process, std::unique_ptr<Waiter>& waiter) {
  if (process.dead || process.outstanding == 0 || process.drain_waiter) return true;
  process.drain_waiter = std::move(waiter);
  return false;
}

std::unique_ptr<Waiter> Context::stop_draining(Process& process) { return std::move(process.drain_waiter); }

int Context::finish_freeze(Process& process, Outbox& out) {
  if (pending(process)) {
    process.frozen = false;
    return EAGAIN;
  }
  announce_freeze(process, true, out);
  return 0;
}

void Context::cancel_freeze(Process& process) { process.frozen = false; }

void Context::frozen_info(const Process& process, FrozenInfo& info) const {
  info.found = true;
  info.sync_recv |= (process.sync_received ? 1u : 0u) | (pending(process) ? 2u : 0u);
  info.oneway_recv |= process.oneway_received ? 1u : 0u;
}

}  // namespace cuse_binder::core
