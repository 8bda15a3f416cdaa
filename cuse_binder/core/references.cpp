// Counting: nodes, refs, and what the owner of a node is told about them.
#include <cerrno>

#include "cuse_binder/base/check.h"
#include "cuse_binder/core/context.h"

namespace cuse_binder::core {

Node& Context::new_node(Process& process, std::uint64_t ptr, std::uint64_t cookie, std::uint32_t flags) {
  auto& slot = process.nodes[ptr];
  CB_CHECK(!slot);
  slot = std::make_unique<Node>(new_id(), &process, ptr, cookie, flags);
  objects_.create(ObjectKind::node);
  return *slot;
}

Node* Context::find_node(Process& process, std::uint64_t ptr) {
  const auto it = process.nodes.find(ptr);
  return it == process.nodes.end() ? nullptr : it->second.get();
}

Ref* Context::find_ref(Thread& thread, std::uint32_t handle, bool need_strong, Outbox& out) {
  Ref* ref = thread.process.refs.find(handle);
  if (ref != nullptr && need_strong && ref->strong == 0) {
    out.complain("weak reference used as a strong one, handle", handle, thread.process.pid, thread.tid);
    return nullptr;
  }
  return ref;
}

// `teller` is the thread through which the owner learns of the increment (it sent the object); null when the increment
// comes from the holder's side. False: an increment from strong 0 that nobody could tell the owner about.
bool Context::increment_node(Node& node, bool strong, bool internal, Thread* teller) {
  if (strong) {
    if (internal) {
      const bool announced_manager = &node == manager_ && node.strong != OwnerCount::untold;
      if (teller == nullptr && node.internal_strong == 0 && !announced_manager) return false;
      ++node.internal_strong;
    } else {
      ++node.local_strong;
    }
    if (node.strong == OwnerCount::untold && teller != nullptr) {
      node.leave_queue();
      teller->todo.push_deferred(node);
    }
  } else {
    if (!internal) ++node.local_weak;
    if (node.weak == OwnerCount::untold && teller != nullptr && !node.queued()) teller->todo.push_deferred(node);
  }
  return true;
}

void Context::decrement_node(Node& node, bool strong, bool internal, Outbox& out) {
  if (strong) {
    if (internal) {
      --node.internal_strong;
    } else if (!node.dead()) {
      --node.local_strong;
    }
    if (node.has_strong()) return;
  } else {
    if (!internal && !node.dead()) --node.local_weak;
    if (node.local_weak > 0 || node.pins > 0 || node.has_refs()) return;
  }
  if (!node.dead() && (node.strong != OwnerCount::untold || node.weak != OwnerCount::untold)) {
    if (!node.queued()) push_process_work(*node.owner, node, out);
  } else {
    free_node_if_unused(node);
  }
}

void Context::free_node_if_unused(Node& node) {
  if (node.has_refs() || node.local_strong > 0 || node.local_weak > 0 || node.pins > 0) return;
  objects_.remove(ObjectKind::node);
  if (node.dead()) {
    dead_nodes_.erase(node.death);
  } else {
    node.owner->nodes.erase(node.ptr);
  }
}

void Context::unpin(Node& node, Outbox& out) {
  --node.pins;
  recheck(node, out);  // the pin may have been the last thing that held it weakly
}

// The kernel's driver holds a node while it looks at it, and asks again what there is to tell the owner when it lets go.
// For a node that only its owner's buffers hold strongly, that queues an item without news; a poller sees it.
void Context::recheck(Node& node, Outbox& out) { decrement_node(node, false, true, out); }

Ref* Context::increment_ref_for_node(Process& holder, Node& node, bool strong, Thread* teller, Outbox& out) {
  Ref* ref = holder.refs.find(node);
  const bool fresh = ref == nullptr;
  if (fresh) {
    ref = &holder.refs.add(new_id(), holder, node, &node == manager_ ? 0 : 1);
    objects_.create(ObjectKind::ref);
  }
  if (increment_ref(*ref, strong, teller)) return ref;
  if (fresh) remove_ref(*ref, out);
  return nullptr;
}

bool Context::increment_ref(Ref& ref, bool strong, Thread* teller) {
  int& count = strong ? ref.strong : ref.weak;
  if (count == 0 && !increment_node(*ref.node, strong, true, teller)) return false;
  ++count;
  return true;
}

void Context::decrement_ref(Ref& ref, bool strong, Outbox& out) {
  if (strong) {
    if (--ref.strong == 0) decrement_node(*ref.node, true, true, out);
  } else {
    --ref.weak;
  }
  if (ref.strong == 0 && ref.weak == 0) remove_ref(ref, out);
}

// The ref disappears with its number and its notifications, whatever state they are in.
void Context::remove_ref(Ref& ref, Outbox& out) {
  Node& node = *ref.node;
  const bool was_strong = ref.strong > 0;  // only when the holder's process is released
  const std::unique_ptr<Ref> taken = ref.holder.refs.remove(ref);
  if (was_strong) {
    ++node.pins;
    decrement_node(node, true, true, out);
    --node.pins;
  }
  decrement_node(node, false, true, out);
  objects_.remove(ObjectKind::ref);
  if (taken->death) objects_.remove(ObjectKind::death);
  if (taken->freeze) objects_.remove(ObjectKind::freeze);
}

int Context::change_count(Thread& thread, CountChange change, Outbox& out) {
  Process& process = thread.process;
  if (change.increment && change.handle == 0 && manager_ != nullptr) {
    if (is_manager(process)) return EINVAL;
    if (increment_ref_for_node(process, *manager_, change.strong, nullptr, out) != nullptr) return 0;
    out.complain("cannot increment the context manager", 0, process.pid, thread.tid);
    return 0;
  }
  Ref* ref = find_ref(thread, change.handle, change.strong, out);
  if (ref == nullptr) {
    out.complain("reference count of an unknown handle", change.handle, process.pid, thread.tid);
    return 0;
  }
  if (change.increment) {
    increment_ref(*ref, change.strong, nullptr);
  } else if ((change.strong ? ref->strong : ref->weak) == 0) {
    out.complain("reference count below zero, handle", change.handle, process.pid, thread.tid);
  } else {
    decrement_ref(*ref, change.strong, out);
  }
  return 0;
}

void Context::increment_done(Thread& thread, std::uint64_t ptr, std::uint64_t cookie, bool strong, Outbox& out) {
  Process& process = thread.process;
  Node* node = find_node(process, ptr);
  if (node == nullptr || node->cookie != cookie) {
    out.complain("acknowledged increment of an unknown object", ptr, process.pid, thread.tid);
    if (node != nullptr) recheck(*node, out);
    return;
  }
  OwnerCount& told = strong ? node->strong : node->weak;
  if (told != OwnerCount::told_pending) {
    out.complain("acknowledged increment that was not pending", ptr, process.pid, thread.tid);
    recheck(*node, out);
    return;
  }
  told = OwnerCount::told;
  ++node->pins;
  decrement_node(*node, strong, false, out);
  unpin(*node, out);
}

}  // namespace cuse_binder::core
