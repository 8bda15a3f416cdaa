// The read half: which item a thread gets, in which order, and how each becomes a return (binder_thread_read).
#include <cstring>
#include <utility>

#include "cuse_binder/base/check.h"
#include "cuse_binder/core/context.h"

namespace cuse_binder::core {
namespace {

// No item is started with less room than the largest needs: 4 + sizeof(binder_transaction_data_secctx).
constexpr std::uint64_t kItemRoom = sizeof(std::uint32_t) + sizeof(binder_transaction_data_secctx);

}  // namespace

void Context::register_looper(Thread& thread, Outbox& out) {
  Process& process = thread.process;
  if (thread.looper.has(Looper::kEntered)) {
    thread.looper.bits |= Looper::kInvalid;
    out.complain("BC_REGISTER_LOOPER after BC_ENTER_LOOPER", 0, process.pid, thread.tid);
  } else if (process.requested_threads == 0) {
    thread.looper.bits |= Looper::kInvalid;
    out.complain("BC_REGISTER_LOOPER without request", 0, process.pid, thread.tid);
  } else {
    --process.requested_threads;
    ++process.requested_threads_started;
  }
  thread.looper.bits |= Looper::kRegistered;
}

void Context::enter_looper(Thread& thread, Outbox& out) {
  if (thread.looper.has(Looper::kRegistered)) {
    thread.looper.bits |= Looper::kInvalid;
    out.complain("BC_ENTER_LOOPER after BC_REGISTER_LOOPER", 0, thread.process.pid, thread.tid);
  }
  thread.looper.bits |= Looper::kEntered;
}

void Context::exit_looper(Thread& thread) { thread.looper.bits |= Looper::kExited; }

void Context::put(Process& process, ReadState& state, std::uint32_t command, const void* payload, std::size_t size) {
  const std::size_t at = state.bytes.size();
  state.bytes.resize(at + sizeof command + size, boost::container::default_init);
  std::memcpy(state.bytes.data() + at, &command, sizeof command);
  if (size > 0) std::memcpy(state.bytes.data() + at + sizeof command, payload, size);
  if (command == BR_NOOP) return;  // the kernel does not count it
  stats_.count_return(command);
  process.stats.count_return(command);
}

ReadOutcome Context::read(Thread& thread, ReadState& state, Outbox& out) {
  if (!state.started) {
    state.started = true;
    if (state.consumed == 0 && state.size >= sizeof(std::uint32_t)) put(thread.process, state, BR_NOOP);
  }
  for (;;) {
    // Decided once per attempt: a thread with anything of its own takes nothing else.
    const bool take_process_work = thread.stack == nullptr && thread.todo.empty();
    const bool has_work = thread.todo.armed() || thread.must_return || thread.dead ||
                          (take_process_work && !thread.process.todo.empty());
    if (!has_work) return ReadOutcome::blocked;
    bool retry = false;
    const ReadOutcome outcome = deliver_items(thread, state, take_process_work, retry, out);
    if (!retry) return outcome;
  }
}

ReadOutcome Context::deliver_items(Thread& thread, ReadState& state, bool take_process_work, bool& retry, Outbox& out) {
  Process& process = thread.process;
  for (;;) {
    const bool own = !thread.todo.empty();
    if (!own && (!take_process_work || process.todo.empty())) {
      if (state.position() == sizeof(std::uint32_t) && !thread.must_return && !thread.dead) {
        retry = true;  // only BR_NOOP so far: wait on
        return ReadOutcome::blocked;
      }
      break;
    }
    if (state.size < state.position() || state.size - state.position() < kItemRoom) break;
    Work* work;
    if (own) {
      work = &thread.todo.pop();
    } else {
      work = &process.todo.front();
      process.todo.pop_front();
    }
    switch (work->kind) {
      case WorkKind::transaction: {
        auto& transaction = static_cast<Transaction&>(*work);
        if (!transaction.files.empty()) {
          thread.delivering = &transaction;
          for (FileFixup& fixup : transaction.files) {
            --files_;
            state.files.push_back(std::move(fixup.file));
          }
          return ReadOutcome::descriptors;
        }
        deliver_transaction(thread, state, transaction, out);
        finish_read(thread, state, out);
        return ReadOutcome::done;
      }
      case WorkKind::transaction_complete:
      case WorkKind::pending_frozen:
      case WorkKind::spam_suspect: {
        std::uint32_t command = BR_TRANSACTION_COMPLETE;
        if (work->kind == WorkKind::pending_frozen) command = uapi::kBrTransactionPendingFrozen;
        if (work->kind == WorkKind::spam_suspect && process.spam_detection) command = BR_ONEWAY_SPAM_SUSPECT;
        cancel(*work, 0, out);
        put(process, state, command);
        break;
      }
      case WorkKind::return_error: {
        auto& error = static_cast<ErrorSlot&>(*work);
        put(process, state, error.command);
        error.command = BR_OK;
        break;
      }
      case WorkKind::node:
        deliver_node(process, state, static_cast<Node&>(*work));
        break;
      case WorkKind::dead_binder:
      case WorkKind::dead_binder_and_clear: {
        auto& death = static_cast<DeathNotification&>(*work);
        process.delivered_deaths.push_back(death);
        put(process, state, BR_DEAD_BINDER, &death.cookie, sizeof death.cookie);
        finish_read(thread, state, out);
        return ReadOutcome::done;
      }
      case WorkKind::clear_death: {
        const std::uint64_t cookie = static_cast<DeathNotification&>(*work).cookie;
        cancel(*work, 0, out);
        put(process, state, BR_CLEAR_DEATH_NOTIFICATION_DONE, &cookie, sizeof cookie);
        break;
      }
      case WorkKind::frozen_binder: {
        auto& freeze = static_cast<FreezeListener&>(*work);
        const uapi::FrozenStateInfo info{freeze.cookie, freeze.is_frozen ? 1u : 0u, 0};
        freeze.sent = true;
        process.delivered_freezes.push_back(freeze);
        put(process, state, uapi::kBrFrozenBinder, &info, sizeof info);
        finish_read(thread, state, out);
        return ReadOutcome::done;
      }
      case WorkKind::clear_freeze: {
        const std::uint64_t cookie = static_cast<FreezeListener&>(*work).cookie;
        cancel(*work, 0, out);
        put(process, state, uapi::kBrClearFreezeNotificationDone, &cookie, sizeof cookie);
        break;
      }
    }
  }
  finish_read(thread, state, out);
  return ReadOutcome::done;
}

// BR_SPAWN_LOOPER, and the thread that takes what this one left.
void Context::finish_read(Thread& thread, ReadState& state, Outbox& out) {
  Process& process = thread.process;
  if (process.requested_threads == 0 && process.idle.empty() && process.requested_threads_started < process.max_threads &&
      thread.looper.is_looper() && !thread.dead) {
    ++process.requested_threads;
    state.spawn_looper = true;
    stats_.count_return(BR_SPAWN_LOOPER);
    process.stats.count_return(BR_SPAWN_LOOPER);
  }
  if (!process.todo.empty()) wake_process(process, out);
}

void Context::deliver_transaction(Thread& thread, ReadState& state, Transaction& transaction, Outbox& out) {
  Process& process = thread.process;
  Buffer& buffer = *transaction.buffer;
  binder_transaction_data_secctx returned{};
  binder_transaction_data& data = returned.transaction_data;
  const bool call = buffer.target != nullptr;
  if (call) {
    data.target.ptr = buffer.target->ptr;
    data.cookie = buffer.target->cookie;
  }
  data.code = transaction.code;
  data.flags = transaction.flags;
  data.sender_euid = transaction.sender_euid;
  if (transaction.from != nullptr) {
    const Process& sender = transaction.from->process;
    data.sender_pid = sender.owner && process.owner ? sender.owner->pid_seen_by(*process.owner) : sender.pid;
  }
  data.data_size = buffer.data_size;
  data.offsets_size = buffer.offsets_size;
  const std::uint64_t address = process.mapping.address + buffer.chunk->offset;
  data.data.ptr.buffer = address;
  data.data.ptr.offsets = address + uapi::align8(buffer.data_size);
  if (transaction.has_security_context) {
    returned.secctx = address + transaction.security_context_position;
    put(process, state, BR_TRANSACTION_SEC_CTX, &returned, sizeof returned);
  } else {
    put(process, state, call ? BR_TRANSACTION : BR_REPLY, &data, sizeof data);
  }

  buffer.state = BufferState::delivered;
  state.delivered_id = buffer.id;
  state.delivered_offset = buffer.chunk->offset;
  if (call && !transaction.oneway()) {
    transaction.to_parent = thread.stack;
    transaction.to_thread = &thread;
    thread.stack = &transaction;
    state.delivered_call = &transaction;
  } else {
    free_transaction(transaction, out);
  }
}

// One node item can say several things, or nothing when what it was queued for has been undone.
void Context::deliver_node(Process& process, ReadState& state, Node& node) {
  const bool strong = node.has_strong();
  const bool weak = node.has_weak();
  const bool told_strong = node.strong != OwnerCount::untold;
  const bool told_weak = node.weak != OwnerCount::untold;
  const binder_ptr_cookie payload{node.ptr, node.cookie};
  if (weak && !told_weak) {
    node.weak = OwnerCount::told_pending;
    ++node.local_weak;
    put(process, state, BR_INCREFS, &payload, sizeof payload);
  }
  if (strong && !told_strong) {
    node.strong = OwnerCount::told_pending;
    ++node.local_strong;
    put(process, state, BR_ACQUIRE, &payload, sizeof payload);
  }
  if (!strong && told_strong) {
    node.strong = OwnerCount::untold;
    put(process, state, BR_RELEASE, &payload, sizeof payload);
  }
  if (!weak && told_weak) {
    node.weak = OwnerCount::untold;
    put(process, state, BR_DECREFS, &payload, sizeof payload);
  }
  if (!weak && !strong) free_node_if_unused(node);
}

bool Context::park(Thread& thread, std::unique_ptr<Waiter> waiter) {
  CB_CHECK(!thread.waiter && !thread.dead);
  thread.waiter = std::move(waiter);
  thread.looper.bits |= Looper::kWaiting;
  ++parked_;
  if (thread.stack == nullptr && thread.todo.empty()) thread.process.idle.push_front(thread);
  if (thread.park_noted) return false;
  thread.park_noted = true;
  recent_parks_.push_back({thread.process.sequence, thread.tid});
  return recent_parks_.size() == 1;
}

std::vector<Context::RecentPark> Context::take_recent_parks() {
  for (const RecentPark& park : recent_parks_) {
    Process* process = find_process(park.process);
    Thread* thread = process != nullptr ? find_thread(*process, park.tid) : nullptr;
    if (thread != nullptr) thread->park_noted = false;
  }
  return std::exchange(recent_parks_, {});
}

void Context::wake_for_leftover(Process& process, Outbox& out) {
  if (!process.dead && !process.todo.empty()) wake_process(process, out);
}

std::unique_ptr<Waiter> Context::interrupt(Thread& thread, Outbox& out) {
  if (!thread.waiter) return nullptr;
  if (thread.idle()) thread.IdleLink::unlink();
  thread.looper.bits &= static_cast<std::uint8_t>(~Looper::kWaiting);
  --parked_;
  if (!thread.process.todo.empty()) wake_process(thread.process, out);
  return std::move(thread.waiter);
}

ReadOutcome Context::finish_descriptors(Thread& thread, ReadState& state, int error, std::span<const int> numbers,
                                        Outbox& out) {
  Transaction* transaction = thread.delivering;
  thread.delivering = nullptr;
  if (transaction == nullptr) return ReadOutcome::done;  // the thread's state went meanwhile
  Process& process = thread.process;
  Buffer& buffer = *transaction->buffer;
  if (error != 0) {
    const bool reply = buffer.target == nullptr;
    buffer.transaction = nullptr;
    transaction->buffer = nullptr;
    if (reply || transaction->oneway()) {
      free_transaction(*transaction, out);
    } else {
      fail_call(*transaction, BR_FAILED_REPLY, out);
    }
    release_buffer(buffer, out);
    if (reply) {
      put(process, state, BR_FAILED_REPLY);
      finish_read(thread, state, out);
      return ReadOutcome::done;
    }
    return read(thread, state, out);  // as if it had never been there
  }
  std::size_t i = 0;
  for (const FileFixup& fixup : transaction->files) {
    CB_CHECK(i < numbers.size());
    const std::uint32_t number = static_cast<std::uint32_t>(numbers[i++]);
    if (process.area != nullptr) std::memcpy(process.area + buffer.chunk->offset + fixup.position, &number, sizeof number);
    if (fixup.close_on_free) buffer.closing_fds.push_back(static_cast<int>(number));
  }
  transaction->files.clear();
  deliver_transaction(thread, state, *transaction, out);
  finish_read(thread, state, out);
  return ReadOutcome::done;
}

// The client's read buffer faulted: the item in it is lost; a call fails, and its buffer stays allocated for good.
void Context::delivery_failed(Thread& thread, ReadState& state, Outbox& out) {
  if (state.delivered_id == 0 || thread.dead) return;
  // Another thread may have guessed the address and freed the buffer already.
  const auto it = thread.process.buffers.find(state.delivered_offset);
  if (it != thread.process.buffers.end() && it->second->id == state.delivered_id) it->second->state = BufferState::lost;
  if (Transaction* call = state.delivered_call) {
    CB_CHECK(thread.stack == call);
    thread.stack = call->to_parent;
    call->to_thread = nullptr;
    if (call->buffer != nullptr) {
      call->buffer->transaction = nullptr;
      call->buffer = nullptr;
    }
    fail_call(*call, BR_FAILED_REPLY, out);
  }
}

bool Context::poll(Thread& thread, std::unique_ptr<PollSignal> signal) {
  Process& process = thread.process;
  thread.looper.bits |= Looper::kPoll;
  const bool take_process_work = thread.stack == nullptr && thread.todo.empty();
  const bool ready = thread.todo.armed() || thread.must_return || (take_process_work && !process.todo.empty());
  if (signal) process.poll_signal = std::move(signal);
  return ready;
}

}  // namespace cuse_binder::core
