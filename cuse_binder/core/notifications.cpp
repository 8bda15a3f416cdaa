// Death and freeze notifications. Death commands never fail hard, freeze commands do.
#include <cerrno>

#include "cuse_binder/base/check.h"
#include "cuse_binder/core/context.h"

namespace cuse_binder::core {

void Context::request_death(Thread& thread, std::uint32_t handle, std::uint64_t cookie, Outbox& out) {
  Process& process = thread.process;
  Ref* ref = process.refs.find(handle);
  if (ref == nullptr || ref->death) {
    out.complain(ref == nullptr ? "death notification for an unknown handle" : "second death notification for handle", handle,
                 process.pid, thread.tid);
    return;
  }
  ref->death = std::make_unique<DeathNotification>(process, cookie);
  objects_.create(ObjectKind::death);
  if (ref->node->dead()) push_process_work(process, *ref->death, out);
}

void Context::push_clear_done(Thread& thread, DeathNotification& death, Outbox& out) {
  death.kind = WorkKind::clear_death;
  if (thread.looper.is_looper()) {
    thread.todo.push(death);
  } else {
    push_process_work(thread.process, death, out);
  }
}

void Context::clear_death(Thread& thread, std::uint32_t handle, std::uint64_t cookie, Outbox& out) {
  Process& process = thread.process;
  Ref* ref = process.refs.find(handle);
  if (ref == nullptr || !ref->death || ref->death->cookie != cookie) {
    out.complain("clearing a death notification that is not there, handle", handle, process.pid, thread.tid);
    return;
  }
  DeathNotification& death = *ref->death;
  process.cleared_deaths[&death] = std::move(ref->death);
  if (death.queued()) {
    CB_CHECK(death.kind == WorkKind::dead_binder);
    death.kind = WorkKind::dead_binder_and_clear;  // the clear-done comes after BC_DEAD_BINDER_DONE
  } else {
    push_clear_done(thread, death, out);
  }
}

void Context::dead_binder_done(Thread& thread, std::uint64_t cookie, Outbox& out) {
  Process& process = thread.process;
  for (Work& work : process.delivered_deaths) {
    auto& death = static_cast<DeathNotification&>(work);
    if (death.cookie != cookie) continue;
    death.leave_queue();
    if (death.kind == WorkKind::dead_binder_and_clear) push_clear_done(thread, death, out);
    return;
  }
  out.complain("BC_DEAD_BINDER_DONE without such a notification", cookie, process.pid, thread.tid);
}

int Context::request_freeze(Thread& thread, std::uint32_t handle, std::uint64_t cookie, Outbox& out) {
  Process& process = thread.process;
  Ref* ref = process.refs.find(handle);
  if (ref == nullptr || ref->freeze) return EINVAL;
  const Node& node = *ref->node;
  ref->freeze = std::make_unique<FreezeListener>(process, cookie, !node.dead() && node.owner->frozen);
  objects_.create(ObjectKind::freeze);
  if (!node.dead()) push_process_work(process, *ref->freeze, out);
  return 0;
}

int Context::clear_freeze(Thread& thread, std::uint32_t handle, std::uint64_t cookie, Outbox& out) {
  Process& process = thread.process;
  Ref* ref = process.refs.find(handle);
  if (ref == nullptr || !ref->freeze || ref->freeze->cookie != cookie) return EINVAL;
  FreezeListener& freeze = *ref->freeze;
  process.cleared_freezes[&freeze] = std::move(ref->freeze);
  freeze.kind = WorkKind::clear_freeze;
  if (!freeze.queued()) {
    push_process_work(process, freeze, out);
  } else if (freeze.sent) {
    freeze.resend = true;  // waits for DONE
  }
  return 0;
}

int Context::freeze_done(Thread& thread, std::uint64_t cookie, Outbox& out) {
  Process& process = thread.process;
  for (Work& work : process.delivered_freezes) {
    auto& freeze = static_cast<FreezeListener&>(work);
    if (freeze.cookie != cookie) continue;
    freeze.leave_queue();
    freeze.sent = false;
    if (freeze.resend) {
      freeze.resend = false;
      push_process_work(process, freeze, out);
    }
    return 0;
  }
  return EINVAL;
}

void Context::announce_freeze(Process& process, bool frozen, Outbox& out) {
  for (auto next = process.nodes.begin(); next != process.nodes.end();) {
    Node& node = *next->second;
    ++next;  // the node may end with recheck()
    for (Ref& ref : node.refs) {
      if (!ref.freeze) continue;
      FreezeListener& freeze = *ref.freeze;
      if (!freeze.queued()) {
        freeze.is_frozen = frozen;
        push_process_work(ref.holder, freeze, out);
      } else {
        if (freeze.sent && freeze.is_frozen != frozen) freeze.resend = true;
        freeze.is_frozen = frozen;
      }
    }
    recheck(node, out);
  }
}

}  // namespace cuse_binder::core
