// Opening, threads, waking, and the end of threads and processes.
#include <utility>

#include "cuse_binder/base/check.h"
#include "cuse_binder/core/context.h"

namespace cuse_binder::core {

Context::Context(std::string name, Ids& ids) : name_(std::move(name)), ids_(ids) {}

Context::~Context() {
  // Sessions keep their context alive, so nobody is left.
  CB_CHECK(processes_.empty() && released_.empty());
}

Process& Context::open(pid_t pid, std::shared_ptr<Owner> owner, std::byte* area, bool owns_log_entry) {
  const std::uint64_t sequence = ids_.sequence.fetch_add(1, std::memory_order_relaxed);
  auto process = std::make_unique<Process>(pid, sequence);
  process->owner = std::move(owner);
  process->area = area;
  process->owns_log_entry = owns_log_entry;
  objects_.create(ObjectKind::process);
  return *(processes_[sequence] = std::move(process));
}

void Context::set_mapping(Process& process, ReceiveMapping mapping) {
  if (process.mapping.size != 0) return;
  constexpr std::uint64_t kMax = Process::kPage * Process::kMaxPages;  // binder_alloc.c: SZ_4M
  process.mapping = {mapping.address, mapping.size < kMax ? mapping.size : kMax};
  process.allocator.init(process.mapping.size);
}

std::vector<std::pair<std::uint64_t, std::uint64_t>> Context::idle_ranges(Process& process) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
  if (std::exchange(process.touched_since_trim, false) || process.touched_pages.none()) return ranges;
  process.allocator.for_each([&](std::uint64_t offset, std::uint64_t size, bool free) {
    if (!free) return;
    std::uint64_t page = (offset + Process::kPage - 1) / Process::kPage;
    const std::uint64_t end = (offset + size) / Process::kPage;
    while (page < end) {
      if (!process.touched_pages.test(page)) {
        ++page;
        continue;
      }
      const std::uint64_t first = page;
      while (page < end && process.touched_pages.test(page)) process.touched_pages.reset(page++);
      ranges.emplace_back(first * Process::kPage, (page - first) * Process::kPage);
    }
  });
  return ranges;
}

Process* Context::find_process(std::uint64_t sequence) {
  const auto it = processes_.find(sequence);
  return it == processes_.end() ? nullptr : it->second.get();
}

Thread* Context::find_thread(Process& process, pid_t tid) {
  const auto it = process.threads.find(tid);
  return it == process.threads.end() ? nullptr : it->second.get();
}

Thread& Context::enter(Process& process, pid_t tid) {
  auto& slot = process.threads[tid];
  if (!slot) {
    slot = std::make_unique<Thread>(process, tid);
    objects_.create(ObjectKind::thread);
  }
  ++slot->ioctls;
  ++slot->pins;
  ++process.pins;
  return *slot;
}

void Context::leave(Thread& thread, bool clear_must_return, Outbox& out) {
  if (clear_must_return) thread.must_return = false;
  Process& process = thread.process;
  --thread.ioctls;
  if (thread.exit_wanted && !thread.dead && thread.ioctls == 0) exit_thread(thread, out);
  --thread.pins;
  free_thread_if_unpinned(thread);
  unpin(process, out);
}

void Context::free_thread_if_unpinned(Thread& thread) {
  if (!thread.dead || thread.pins > 0) return;
  std::erase_if(exited_threads_, [&](const auto& candidate) { return candidate.get() == &thread; });
}

void Context::unpin(Process& process, Outbox& out) {
  --process.pins;
  if (!process.dead || process.pins > 0) return;
  CB_CHECK(process.threads.empty() && process.nodes.empty() && process.refs.size() == 0 && process.todo.empty());
  live_buffers_ -= process.buffers.size();
  if (process.owner) out.owners.push_back(std::move(process.owner));
  objects_.remove(ObjectKind::process);
  released_.erase(&process);
}

void Context::exit_thread(Thread& thread, Outbox& out) {
  CB_CHECK(!thread.dead);
  thread.dead = true;
  if (thread.idle()) thread.IdleLink::unlink();
  if (thread.waiter) {
    --parked_;
    out.resume.push_back(std::move(thread.waiter));
  }
  if (thread.delivering != nullptr) {
    Transaction& transaction = *thread.delivering;
    thread.delivering = nullptr;
    cancel(transaction, BR_DEAD_REPLY, out);
  }
  // Everything on its stack is detached; the caller hears of it now only if the call on top is one it works on.
  Transaction* top = thread.stack;
  Transaction* failed = top != nullptr && top->to_thread == &thread ? top : nullptr;
  for (Transaction* t = top; t != nullptr;) {
    if (t->to_thread == &thread) {
      --thread.process.outstanding;
      t->to_process = nullptr;
      t->to_thread = nullptr;
      if (t->buffer != nullptr) {
        t->buffer->transaction = nullptr;
        t->buffer = nullptr;
      }
      t = t->to_parent;
    } else {
      CB_CHECK(t->from == &thread);
      t->from = nullptr;
      t = t->from_parent;
    }
  }
  thread.stack = nullptr;
  if (failed != nullptr) fail_call(*failed, BR_DEAD_REPLY, out);
  while (!thread.todo.empty()) cancel(thread.todo.pop(), BR_DEAD_REPLY, out);
  objects_.remove(ObjectKind::thread);

  const auto it = thread.process.threads.find(thread.tid);
  exited_threads_.push_back(std::move(it->second));
  thread.process.threads.erase(it);
  free_thread_if_unpinned(thread);
}

void Context::thread_gone(Process& process, pid_t tid, Outbox& out) {
  Thread* thread = process.dead ? nullptr : find_thread(process, tid);
  if (thread == nullptr) return;
  if (thread->ioctls > 0 && !thread->waiter) {
    thread->exit_wanted = true;
  } else {
    exit_thread(*thread, out);
  }
}

void Context::release(Process& process, Outbox& out) {
  CB_CHECK(!process.dead);
  if (is_manager(process)) manager_ = nullptr;
  const auto it = processes_.find(process.sequence);
  released_[&process] = std::move(it->second);
  processes_.erase(it);
  ++process.pins;
  process.dead = true;
  process.frozen = false;
  process.sync_received = false;
  process.oneway_received = false;
  if (process.drain_waiter) out.resume.push_back(std::move(process.drain_waiter));
  if (process.poll_signal) out.notify.push_back(std::move(process.poll_signal));

  while (!process.threads.empty()) exit_thread(*process.threads.begin()->second, out);
  release_nodes(process, out);
  release_refs(process, out);
  while (!process.todo.empty()) {
    Work& work = process.todo.front();
    process.todo.pop_front();
    cancel(work, BR_DEAD_REPLY, out);
  }
  objects_.deleted[static_cast<std::size_t>(ObjectKind::death)] += process.cleared_deaths.size();
  process.cleared_deaths.clear();
  objects_.deleted[static_cast<std::size_t>(ObjectKind::freeze)] += process.cleared_freezes.size();
  process.cleared_freezes.clear();
  unpin(process, out);
}

void Context::release_nodes(Process& process, Outbox& out) {
  while (!process.nodes.empty()) {
    auto taken = std::move(process.nodes.begin()->second);
    process.nodes.erase(process.nodes.begin());
    Node& node = *taken;
    while (!node.oneway_queue.empty()) {
      Work& work = node.oneway_queue.front();
      node.oneway_queue.pop_front();
      cancel(work, BR_DEAD_REPLY, out);
    }
    node.leave_queue();
    node.owner = nullptr;
    node.local_strong = 0;
    node.local_weak = 0;
    if (!node.has_refs() && node.pins == 0) {
      objects_.remove(ObjectKind::node);
      continue;
    }
    node.death = ++node_deaths_;
    dead_nodes_[node.death] = std::move(taken);
    for (Ref& ref : node.refs) {
      if (!ref.death) continue;
      CB_CHECK(!ref.death->queued());
      push_process_work(ref.holder, *ref.death, out);
    }
  }
}

void Context::release_refs(Process& process, Outbox& out) {
  std::vector<Ref*> refs;
  refs.reserve(process.refs.size());
  process.refs.for_each([&](Ref& ref) { refs.push_back(&ref); });
  for (Ref* ref : refs) remove_ref(*ref, out);
}

void Context::flush(Process& process, Outbox& out) {
  for (auto& [tid, thread] : process.threads) {
    thread->must_return = true;
    if (thread->waiter) wake(*thread, out);
  }
}

// ---- waking -------------------------------------------------------------------------------------------------------------

void Context::wake(Thread& thread, Outbox& out) {
  if (thread.idle()) thread.IdleLink::unlink();
  if (thread.waiter) {
    thread.looper.bits &= static_cast<std::uint8_t>(~Looper::kWaiting);
    --parked_;
    out.resume.push_back(std::move(thread.waiter));
  }
  if (thread.looper.has(Looper::kPoll) && thread.process.poll_signal) {
    out.notify.push_back(std::move(thread.process.poll_signal));
  }
}

Thread* Context::select_thread(Process& process) {
  if (process.idle.empty()) return nullptr;
  Thread& thread = process.idle.front();
  thread.IdleLink::unlink();
  return &thread;
}

void Context::wake_process(Process& process, Outbox& out) {
  if (Thread* thread = select_thread(process)) {
    wake(*thread, out);
  } else if (process.poll_signal) {
    out.notify.push_back(std::move(process.poll_signal));
  }
}

void Context::push_process_work(Process& process, Work& work, Outbox& out) {
  process.todo.push_back(work);
  wake_process(process, out);
}

// Drops a queued item whose reader is gone.
void Context::cancel(Work& work, std::uint32_t error, Outbox& out) {
  switch (work.kind) {
    case WorkKind::transaction: {
      auto& transaction = static_cast<Transaction&>(work);
      const bool has_caller = !transaction.reply && !transaction.oneway();
      if (transaction.buffer != nullptr && transaction.buffer->target != nullptr && has_caller) {
        fail_call(transaction, error, out);
      } else {
        free_transaction(transaction, out);
      }
      return;
    }
    case WorkKind::transaction_complete:
    case WorkKind::pending_frozen:
    case WorkKind::spam_suspect:
      objects_.remove(ObjectKind::transaction_complete);
      delete &static_cast<Completion&>(work);
      return;
    case WorkKind::dead_binder:
    case WorkKind::dead_binder_and_clear:
    case WorkKind::clear_death: {
      auto& death = static_cast<DeathNotification&>(work);
      // One that still belongs to its ref dies with that.
      if (death.kind != WorkKind::dead_binder && death.holder.cleared_deaths.erase(&work) > 0) {
        objects_.remove(ObjectKind::death);
      }
      return;
    }
    case WorkKind::clear_freeze: {
      auto& freeze = static_cast<FreezeListener&>(work);
      if (freeze.holder.cleared_freezes.erase(&work) > 0) objects_.remove(ObjectKind::freeze);
      return;
    }
    case WorkKind::node:
    case WorkKind::return_error:
    case WorkKind::frozen_binder:
      return;  // owned by node, thread, ref: the notification is lost, not the object
  }
}

}  // namespace cuse_binder::core
