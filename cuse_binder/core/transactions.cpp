// Calls, replies and oneway calls: begin, commit, undo; errors on their way back; freeing of buffers.
//
// Order of checks and results are those of binder_transaction() in drivers/android/binder.c. The letters A1 … D4 name the
// conditions of docs/protocol.md.
#include <cerrno>
#include <cstring>

#include "cuse_binder/base/check.h"
#include "cuse_binder/core/context.h"

namespace cuse_binder::core {
namespace {

// What a transaction needs of the receive area; false when the sum overflows (binder_alloc.c: sanitized_size).
bool buffer_size(std::uint64_t data, std::uint64_t offsets, std::uint64_t extra, std::uint64_t& total) {
  const std::uint64_t data_and_offsets = uapi::align8(data) + uapi::align8(offsets);
  if (data_and_offsets < data || data_and_offsets < offsets) return false;
  total = data_and_offsets + uapi::align8(extra);
  return total >= data_and_offsets && total >= extra;
}

}  // namespace

BeginStatus Context::begin(Thread& sender, const CallRequest& request, Draft& draft, Outbox& out) {
  Process& process = sender.process;
  const int id = new_id();
  LogEntry entry;
  entry.id = id;
  entry.type = request.reply ? CallType::reply : request.oneway() ? CallType::oneway : CallType::call;
  entry.from_pid = process.pid;
  entry.from_tid = sender.tid;
  entry.handle = static_cast<std::int32_t>(request.handle);
  entry.data_size = request.data_size;
  entry.offsets_size = request.offsets_size;

  Process* target = nullptr;
  Thread* target_thread = nullptr;
  Node* node = nullptr;
  Transaction* in_reply_to = nullptr;
  bool accepts_fds = false;

  const auto begin_log = [&]() -> LogEntry& {
    LogEntry& slot = log_.add(ids_.sequence.fetch_add(1, std::memory_order_relaxed));
    const std::uint64_t sequence = slot.sequence;
    slot = entry;
    slot.sequence = sequence;
    return slot;
  };
  const auto refused = [&](Refusal refusal) {
    begin_log();
    sender.extended_error = {static_cast<std::uint32_t>(id), BR_OK, 0};
    refuse(sender, id, in_reply_to, refusal, out);
    return BeginStatus::refused;
  };

  if (request.reply) {
    Transaction* top = sender.stack;
    if (top == nullptr) return refused({BR_FAILED_REPLY, EPROTO, __LINE__});               // A1
    if (top->to_thread != &sender) return refused({BR_FAILED_REPLY, EPROTO, __LINE__});    // A2
    Thread* caller = top->from;
    if (caller != nullptr && caller->stack != top) {                                        // A4
      sender.stack = top->to_parent;
      return refused({BR_FAILED_REPLY, EPROTO, __LINE__});
    }
    // Popped whatever happens next, except when begin is only asking for something first.
    if (caller != nullptr && !request.mapping_was_sought && caller->process.mapping.size == 0) {
      draft.target_owner = caller->process.owner;
      return BeginStatus::need_mapping;
    }
    in_reply_to = top;
    sender.stack = top->to_parent;
    if (caller == nullptr) return refused({BR_DEAD_REPLY, 0, __LINE__});                    // A3
    target_thread = caller;
    target = &caller->process;
    accepts_fds = (top->flags & TF_ACCEPT_FDS) != 0;
    entry.to_tid = caller->tid;
  } else {
    if (request.handle != 0) {
      const Ref* ref = find_ref(sender, request.handle, true, out);
      if (ref == nullptr) {                                                                // B1
        out.complain("transaction to an unknown handle", request.handle, process.pid, sender.tid);
        return refused({BR_FAILED_REPLY, EINVAL, __LINE__});
      }
      node = ref->node;
    } else {
      node = manager_;
      if (node == nullptr) return refused({BR_DEAD_REPLY, EINVAL, __LINE__});               // B3
    }
    entry.node = node->id;
    if (node->dead()) return refused({BR_DEAD_REPLY, EINVAL, __LINE__});                    // B2
    target = node->owner;
    if (request.handle == 0 && target->pid == process.pid) {                               // B4
      out.complain("the context manager's process calls handle", 0, process.pid, sender.tid);
      return refused({BR_FAILED_REPLY, EINVAL, __LINE__});
    }
    entry.to_pid = target->pid;
    if (!request.oneway()) {
      const Work* first = sender.todo.front();
      if (first != nullptr && first->kind == WorkKind::transaction) {                       // B6
        out.complain("new call while a transaction is unread", 0, process.pid, sender.tid);
        return refused({BR_FAILED_REPLY, EPROTO, __LINE__});
      }
      if (sender.stack != nullptr) {
        if (sender.stack->to_thread != &sender) {                                           // B7
          out.complain("new call while one is pending", 0, process.pid, sender.tid);
          return refused({BR_FAILED_REPLY, EPROTO, __LINE__});
        }
        // A call back into a process that waits for us goes to the very thread that waits.
        for (const Transaction* t = sender.stack; t != nullptr; t = t->from_parent) {
          if (t->from != nullptr && &t->from->process == target) {
            target_thread = t->from;
            entry.to_tid = target_thread->tid;
            break;
          }
        }
      }
    }
    if (node->wants_security_context() && request.security_context == nullptr) {
      return BeginStatus::need_security_context;
    }
    if (!request.mapping_was_sought && target->mapping.size == 0) {
      draft.target_owner = target->owner;
      return BeginStatus::need_mapping;
    }
    accepts_fds = node->accepts_fds();
  }
  entry.to_pid = target->pid;

  const std::string* context_text = nullptr;
  if (node != nullptr && node->wants_security_context()) {
    if (!request.security_context->ok()) {                                                  // C1
      return refused({BR_FAILED_REPLY, request.security_context->error(), __LINE__});
    }
    context_text = &request.security_context->value();
    if (context_text->empty()) context_text = nullptr;
  }
  const std::uint64_t context_room = context_text != nullptr ? uapi::align8(context_text->size()) : 0;
  const std::uint64_t extra = request.buffers_size + context_room;
  if (extra < request.buffers_size) return refused({BR_FAILED_REPLY, EINVAL, __LINE__});
  if (target->mapping.size == 0) return refused({BR_DEAD_REPLY, ESRCH, __LINE__});           // C2
  std::uint64_t size = 0;
  if (!buffer_size(request.data_size, request.offsets_size, extra, size)) {                 // C3
    return refused({BR_FAILED_REPLY, EINVAL, __LINE__});
  }
  const auto allocation = target->allocator.allocate(size, request.oneway(), process.pid);
  if (!allocation.ok()) return refused({BR_FAILED_REPLY, allocation.error(), __LINE__});     // C4

  Chunk& chunk = *allocation.value().chunk;
  for (std::uint64_t page = chunk.offset / Process::kPage; page * Process::kPage < chunk.offset + chunk.size; ++page) {
    target->touched_pages.set(page);
    if (page >= target->pages_high) target->pages_high = static_cast<std::uint32_t>(page) + 1;
  }
  target->touched_since_trim = true;

  auto buffer = std::make_unique<Buffer>();
  buffer->receiver = target;
  buffer->chunk = &chunk;
  buffer->id = id;
  buffer->clear_on_free = (request.flags & TF_CLEAR_BUF) != 0;
  buffer->data_size = request.data_size;
  buffer->offsets_size = request.offsets_size;
  buffer->extra_size = extra;
  buffer->target = node;

  auto* transaction = new Transaction(id);
  objects_.create(ObjectKind::transaction);
  transaction->reply = request.reply;
  transaction->from = request.reply || request.oneway() ? nullptr : &sender;
  transaction->from_pid = process.pid;
  transaction->from_tid = sender.tid;
  transaction->to_pid = target->pid;
  transaction->code = request.code;
  transaction->flags = request.flags;
  transaction->nice = process.nice;
  transaction->sender_euid = request.euid;
  transaction->started_ms = request.now_ms;
  transaction->to_process = target;
  transaction->to_thread = target_thread;
  transaction->buffer = buffer.get();
  buffer->transaction = transaction;
  transaction->spam_suspect = allocation.value().suspect;

  begin_log();
  sender.extended_error = {static_cast<std::uint32_t>(id), BR_OK, 0};
  if (node != nullptr) {
    ++node->local_strong;
    ++node->pins;
  }
  ++target->pins;
  if (target_thread != nullptr) ++target_thread->pins;
  ++sender.pins;

  draft.transaction = transaction;
  draft.sender = &sender;
  draft.target = target;
  draft.target_thread = target_thread;
  draft.in_reply_to = in_reply_to;
  draft.buffer = buffer.get();
  draft.accepts_fds = accepts_fds;
  draft.memory = target->area != nullptr ? target->area + chunk.offset : nullptr;
  draft.address = target->mapping.address + chunk.offset;
  draft.room = chunk.size;
  draft.scatter_position = uapi::align8(request.data_size) + uapi::align8(request.offsets_size);
  draft.scatter_size = request.buffers_size;
  ++live_buffers_;
  target->buffers[chunk.offset] = std::move(buffer);

  if (context_text != nullptr) {
    transaction->has_security_context = true;
    transaction->security_context_position = draft.scatter_position + uapi::align8(extra) - context_room;
    if (draft.memory != nullptr) {
      std::memcpy(draft.memory + transaction->security_context_position, context_text->data(), context_text->size());
    }
  }
  return BeginStatus::draft;
}

void Context::end_draft(Draft& draft, Outbox& out) {
  --draft.sender->pins;  // the ioctl itself still pins it
  if (draft.target_thread != nullptr) {
    --draft.target_thread->pins;
    free_thread_if_unpinned(*draft.target_thread);
  }
  draft.transaction = nullptr;
  unpin(*draft.target, out);
}

void Context::abort(Draft& draft, Refusal refusal, Outbox& out) {
  Transaction& transaction = *draft.transaction;
  Thread& sender = *draft.sender;
  Transaction* in_reply_to = draft.in_reply_to;
  Node* node = draft.buffer->target;
  drop_files(transaction, out);
  transaction.files.clear();
  release_buffer(*draft.buffer, out);
  const int id = transaction.id;
  objects_.remove(ObjectKind::transaction);
  delete &transaction;
  if (node != nullptr) unpin(*node, out);
  end_draft(draft, out);
  refuse(sender, id, in_reply_to, refusal, out);
}

// The end of everything that fails at once.
void Context::refuse(Thread& sender, int id, Transaction* in_reply_to, Refusal refusal, Outbox& out) {
  if (LogEntry* entry = log_.find(id)) {
    entry->command = refusal.command;
    entry->param = -refusal.error;
    entry->line = refusal.line;
    entry->complete = true;
    LogEntry& slot = failed_log_.add(entry->sequence);
    slot = *entry;
  }
  const std::uint32_t number = static_cast<std::uint32_t>(id);
  if (in_reply_to != nullptr) {
    Thread* caller = in_reply_to->from;
    if (caller != nullptr && caller->extended_error.command == BR_OK) {
      caller->extended_error = {number, refusal.command, -refusal.error};
    }
    sender.return_error.command = BR_TRANSACTION_COMPLETE;
    sender.todo.push(sender.return_error);
    fail_call(*in_reply_to, refusal.command, out);
  } else {
    sender.extended_error = {number, refusal.command, -refusal.error};
    sender.return_error.command = refusal.command;
    sender.todo.push(sender.return_error);
  }
}

void Context::commit(Draft& draft, Staged staged, Outbox& out) {
  Transaction& transaction = *draft.transaction;
  Thread& sender = *draft.sender;
  Process& target = *draft.target;
  Node* node = draft.buffer->target;

  transaction.files.reserve(staged.files.size());
  for (StagedFile& file : staged.files) {
    ++files_;
    transaction.files.push_back({std::move(file.file), file.position, file.close_on_free});
  }
  for (const StagedObject& object : staged.objects) {
    if (const int error = translate(draft, object, out)) {
      abort(draft, {BR_FAILED_REPLY, error, __LINE__}, out);
      return;
    }
  }
  if (staged.error != 0) {
    abort(draft, {BR_FAILED_REPLY, staged.error, staged.line}, out);
    return;
  }

  if (transaction.reply) {
    Thread* caller = draft.target_thread;
    if (caller->dead) {  // D4
      abort(draft, {BR_DEAD_REPLY, 0, __LINE__}, out);
      return;
    }
    transaction.to_thread = caller;
    pop_call(*caller, *draft.in_reply_to);
    objects_.create(ObjectKind::transaction_complete);
    sender.todo.push(*new Completion(WorkKind::transaction_complete));
    draft.buffer->state = BufferState::queued;
    caller->todo.push(transaction);
    ++target.outstanding;
    wake(*caller, out);
    free_transaction(*draft.in_reply_to, out);
  } else {
    const bool oneway = transaction.oneway();
    WorkKind completion = WorkKind::transaction_complete;
    if (!oneway) {
      transaction.from_parent = sender.stack;
      sender.stack = &transaction;
    }
    // As in the kernel, the completion is queued before the call of a synchronous sender and after that of a oneway one; the
    // sender is the only one who could tell, and only when the call is refused.
    const std::uint32_t refusal = queue_call(transaction, target, draft.target_thread, out);
    if (refusal == uapi::kBrTransactionPendingFrozen) {
      completion = WorkKind::pending_frozen;
    } else if (refusal != 0) {  // D1, D2
      if (!oneway) {
        sender.stack = transaction.from_parent;
        transaction.from = nullptr;
      }
      abort(draft, {refusal, 0, __LINE__}, out);
      return;
    } else if (transaction.spam_suspect) {
      completion = WorkKind::spam_suspect;
    }
    draft.buffer->state = BufferState::queued;
    objects_.create(ObjectKind::transaction_complete);
    auto* work = new Completion(completion);
    if (oneway) {
      sender.todo.push(*work);
    } else {
      sender.todo.push_deferred(*work);
    }
  }
  if (LogEntry* entry = log_.find(transaction.id)) entry->complete = true;
  if (node != nullptr) unpin(*node, out);
  end_draft(draft, out);
}

// 0, BR_TRANSACTION_PENDING_FROZEN (queued all the same), or the refusal.
std::uint32_t Context::queue_call(Transaction& transaction, Process& target, Thread* target_thread, Outbox& out) {
  Node& node = *transaction.buffer->target;
  const bool oneway = transaction.oneway();
  bool waits_behind_another = false;
  if (oneway) {
    waits_behind_another = node.has_oneway;
    node.has_oneway = true;
  }
  const bool frozen = target.frozen;
  if (frozen) {
    target.sync_received |= !oneway;
    target.oneway_received |= oneway;
  }
  if ((frozen && !oneway) || target.dead || (target_thread != nullptr && target_thread->dead)) {
    if (oneway && !waits_behind_another) node.has_oneway = false;
    return frozen ? BR_FROZEN_REPLY : BR_DEAD_REPLY;
  }
  if (waits_behind_another) {
    if ((transaction.flags & TF_UPDATE_TXN) != 0 && frozen) drop_outdated(transaction, node, out);
    node.oneway_queue.push_back(transaction);
  } else {
    transaction.buffer->oneway_in_progress = oneway;
    if (target_thread == nullptr) target_thread = select_thread(target);
    if (target_thread != nullptr) {
      target_thread->todo.push(transaction);
      wake(*target_thread, out);
    } else {
      push_process_work(target, transaction, out);
    }
  }
  ++target.outstanding;
  return oneway && frozen ? uapi::kBrTransactionPendingFrozen : 0;
}

// TF_UPDATE_TXN to a frozen process: the first queued oneway that the newer one supersedes goes.
void Context::drop_outdated(Transaction& newer, Node& node, Outbox& out) {
  for (Work& work : node.oneway_queue) {
    auto& older = static_cast<Transaction&>(work);
    if ((older.flags & newer.flags & (TF_ONE_WAY | TF_UPDATE_TXN)) != (TF_ONE_WAY | TF_UPDATE_TXN) ||
        older.from_pid != newer.from_pid || older.code != newer.code || older.flags != newer.flags) {
      continue;
    }
    older.leave_queue();
    Buffer* buffer = older.buffer;
    free_transaction(older, out);
    release_buffer(*buffer, out);
    return;
  }
}

void Context::pop_call(Thread& caller, Transaction& transaction) {
  CB_CHECK(caller.stack == &transaction && transaction.from == &caller);
  caller.stack = transaction.from_parent;
  transaction.from = nullptr;
}

// A call ends without a reply: the next living caller up the chain hears of it.
void Context::fail_call(Transaction& transaction, std::uint32_t error, Outbox& out) {
  Transaction* t = &transaction;
  while (t != nullptr) {
    if (Thread* caller = t->from) {
      pop_call(*caller, *t);
      if (!caller->reply_error.pending()) {
        caller->reply_error.command = error;
        caller->todo.push(caller->reply_error);
        wake(*caller, out);
      }
      free_transaction(*t, out);
      return;
    }
    Transaction* next = t->from_parent;
    free_transaction(*t, out);
    t = next;
  }
}

// Files that were handed out for installation are no longer here.
void Context::drop_files(Transaction& transaction, Outbox& out) {
  for (FileFixup& fixup : transaction.files) {
    if (!fixup.file) continue;
    --files_;
    out.files.push_back(std::move(fixup.file));
  }
}

void Context::free_transaction(Transaction& transaction, Outbox& out) {
  if (Process* target = transaction.to_process) {
    --target->outstanding;
    if (target->outstanding == 0 && target->drain_waiter) out.resume.push_back(std::move(target->drain_waiter));
  }
  if (transaction.buffer != nullptr) transaction.buffer->transaction = nullptr;
  drop_files(transaction, out);
  objects_.remove(ObjectKind::transaction);
  delete &transaction;
}

// ---- objects ---------------------------------------------------------------------------------------------------------------

// Puts the receiver's form of an object into the room and notes what the buffer now holds. 0 or an errno.
int Context::translate(Draft& draft, const StagedObject& staged, Outbox& out) {
  Thread& sender = *draft.sender;
  Process& process = sender.process;
  Process& target = *draft.target;
  flat_binder_object object = staged.object;
  HeldObject held{};
  switch (object.hdr.type) {
    case BINDER_TYPE_BINDER:
    case BINDER_TYPE_WEAK_BINDER: {
      const bool strong = object.hdr.type == BINDER_TYPE_BINDER;
      Node* node = find_node(process, object.binder);
      if (node == nullptr) node = &new_node(process, object.binder, object.cookie, object.flags);
      if (node->cookie != object.cookie) {
        out.complain("object sent with another cookie than before", object.binder, process.pid, sender.tid);
        recheck(*node, out);
        return EINVAL;
      }
      const Ref* ref = increment_ref_for_node(target, *node, strong, &sender, out);
      if (ref == nullptr) return EINVAL;
      object.hdr.type = strong ? BINDER_TYPE_HANDLE : BINDER_TYPE_WEAK_HANDLE;
      object.binder = 0;
      object.handle = ref->handle;
      object.cookie = 0;
      held = {HeldObject::Kind::handle, strong, ref->handle};
      break;
    }
    case BINDER_TYPE_HANDLE:
    case BINDER_TYPE_WEAK_HANDLE: {
      const bool strong = object.hdr.type == BINDER_TYPE_HANDLE;
      const Ref* own = find_ref(sender, object.handle, strong, out);
      if (own == nullptr) {
        out.complain("unknown handle sent", object.handle, process.pid, sender.tid);
        return EINVAL;
      }
      Node& node = *own->node;
      if (node.owner == &target) {
        object.hdr.type = strong ? BINDER_TYPE_BINDER : BINDER_TYPE_WEAK_BINDER;
        object.binder = node.ptr;
        object.cookie = node.cookie;
        increment_node(node, strong, false, nullptr);
        held = {HeldObject::Kind::node, strong, node.ptr};
      } else {
        const Ref* ref = increment_ref_for_node(target, node, strong, nullptr, out);
        if (ref == nullptr) return EINVAL;
        object.binder = 0;
        object.handle = ref->handle;
        object.cookie = 0;
        held = {HeldObject::Kind::handle, strong, ref->handle};
      }
      break;
    }
    default:
      CB_CHECK(false);
  }
  draft.buffer->objects.push_back(held);
  if (draft.memory != nullptr) std::memcpy(draft.memory + staged.position, &object, sizeof object);
  return 0;
}

void Context::drop_objects(Buffer& buffer, Outbox& out) {
  Process& holder = *buffer.receiver;
  for (const HeldObject& held : buffer.objects) {
    if (held.kind == HeldObject::Kind::node) {
      if (Node* node = find_node(holder, held.value)) {
        ++node->pins;
        decrement_node(*node, held.strong, false, out);
        unpin(*node, out);
      }
    } else if (Ref* ref = holder.refs.find(static_cast<std::uint32_t>(held.value))) {
      // The client may have released more often than it acquired; then the count is already gone.
      if ((held.strong ? ref->strong : ref->weak) > 0) decrement_ref(*ref, held.strong, out);
    }
  }
}

// ---- buffers ----------------------------------------------------------------------------------------------------------------

Context::FreedBuffer Context::free_buffer(Thread& thread, std::uint64_t address, Outbox& out) {
  Process& process = thread.process;
  FreedBuffer result;
  const auto it = process.buffers.find(address - process.mapping.address);
  if (it == process.buffers.end() || it->second->state != BufferState::delivered) {
    out.complain("freeing a buffer that is not there or not delivered", address, process.pid, thread.tid);
    return result;
  }
  result.found = true;
  Buffer& buffer = *it->second;
  result.close = std::move(buffer.closing_fds);
  if (!result.close.empty()) thread.must_return = true;
  release_buffer(buffer, out);
  return result;
}

void Context::release_buffer(Buffer& buffer, Outbox& out) {
  Process& receiver = *buffer.receiver;
  if (buffer.transaction != nullptr) {
    buffer.transaction->buffer = nullptr;
    buffer.transaction = nullptr;
  }
  Node* target = buffer.target;
  if (buffer.oneway_in_progress && !target->dead()) {
    // The next oneway of this node may go, before the references of this one are dropped.
    CB_CHECK(target->has_oneway);
    if (target->oneway_queue.empty()) {
      target->has_oneway = false;
    } else {
      auto& next = static_cast<Transaction&>(target->oneway_queue.front());
      target->oneway_queue.pop_front();
      next.buffer->oneway_in_progress = true;
      push_process_work(receiver, next, out);
    }
  }
  if (target != nullptr) decrement_node(*target, true, false, out);
  drop_objects(buffer, out);
  if (buffer.clear_on_free && receiver.area != nullptr) {
    std::memset(receiver.area + buffer.chunk->offset, 0, buffer.chunk->size);
  }
  const std::uint64_t offset = buffer.chunk->offset;
  receiver.allocator.release(*buffer.chunk);
  --live_buffers_;
  receiver.buffers.erase(offset);
}

}  // namespace cuse_binder::core
