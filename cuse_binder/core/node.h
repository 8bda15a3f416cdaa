// An object offered by a process: the target of handles. Address (ptr) and cookie are opaque numbers of the owner.
#pragma once

#include <boost/intrusive/list.hpp>
#include <cstdint>

#include "cuse_binder/core/work.h"

namespace cuse_binder::core {

struct Process;
struct Ref;

// What the owner has been told about one kind (strong, weak) of reference to its object.
enum class OwnerCount : std::uint8_t {
  untold,        // the owner believes there are none
  told_pending,  // BR_ACQUIRE/BR_INCREFS was delivered, its DONE has not come: a local count holds the node meanwhile
  told,          // acknowledged
};

struct NodeRefHook;
using NodeRefLink = boost::intrusive::list_base_hook<boost::intrusive::tag<NodeRefHook>,
                                                     boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

struct Node final : Work {
  Node(int debug_id, Process* owner_process, std::uint64_t address, std::uint64_t cookie_value, std::uint32_t node_flags)
      : Work(WorkKind::node), id(debug_id), owner(owner_process), ptr(address), cookie(cookie_value), flags(node_flags) {}

  bool dead() const { return owner == nullptr; }
  bool accepts_fds() const { return (flags & FLAT_BINDER_FLAG_ACCEPTS_FDS) != 0; }
  bool wants_security_context() const { return (flags & FLAT_BINDER_FLAG_TXN_SECURITY_CTX) != 0; }
  bool has_strong() const { return internal_strong > 0 || local_strong > 0; }
  bool has_refs() const { return !refs.empty(); }
  bool has_weak() const { return has_refs() || local_weak > 0 || pins > 0 || has_strong(); }

  const int id;
  Process* owner;  // null once the owner's process was released (a dead node)
  std::uint64_t death = 0;  // then: which death of a node in this context it was
  const std::uint64_t ptr;
  const std::uint64_t cookie;
  const std::uint32_t flags;  // of the object that created the node

  int internal_strong = 0;  // processes with a strong ref
  int local_strong = 0;     // buffers of calls to it, buffers that hold it as BINDER, unacknowledged BR_ACQUIRE, manager
  int local_weak = 0;
  int pins = 0;  // drafts that aim at it while the lock is not held

  OwnerCount strong = OwnerCount::untold;
  OwnerCount weak = OwnerCount::untold;

  bool has_oneway = false;  // one oneway is in progress (queued or its buffer not freed yet)
  WorkList oneway_queue;    // further ones, in send order

  boost::intrusive::list<Ref, boost::intrusive::base_hook<NodeRefLink>, boost::intrusive::constant_time_size<false>> refs;
};

}  // namespace cuse_binder::core
