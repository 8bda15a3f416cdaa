#include "cuse_binder/protocol/handover.h"

#include <algorithm>

namespace cuse_binder::protocol {
namespace {

struct Slot {
  std::atomic<core::Outbox*> published{nullptr};
};

struct Slots {
  std::mutex mutex;
  std::vector<Slot*> all;
};

Slots& slots() {
  static auto* instance = new Slots;  // outlives every thread
  return *instance;
}

// One per thread, registered for its lifetime.
class ThreadSlot {
 public:
  ThreadSlot() {
    const std::lock_guard lock(slots().mutex);
    slots().all.push_back(&slot_);
  }
  ~ThreadSlot() {
    const std::lock_guard lock(slots().mutex);
    std::erase(slots().all, &slot_);
  }
  Slot& slot() { return slot_; }

 private:
  Slot slot_;
};

Slot& my_slot() {
  thread_local ThreadSlot slot;
  return slot.slot();
}

}  // namespace

Handover::Scope::Scope(core::Outbox& out) : out_(out), published_(!out.resume.empty() || !out.notify.empty()) {
  // What is published is a copy on the heap: the thread's own stack may be gone when it is taken. Nested scopes keep the
  // outer publication.
  if (!published_ || my_slot().published.load(std::memory_order_relaxed) != nullptr) {
    published_ = false;
    return;
  }
  my_slot().published.store(new core::Outbox(std::move(out)), std::memory_order_release);
  out = core::Outbox{};
}

Handover::Scope::~Scope() {
  if (!published_) return;
  const std::unique_ptr<core::Outbox> mine(my_slot().published.exchange(nullptr, std::memory_order_acquire));
  if (!mine) return;
  merge(*mine, out_);  // what came up meanwhile goes behind
  out_ = std::move(*mine);
}

std::vector<core::Outbox> Handover::take_all() {
  std::vector<core::Outbox> taken;
  const std::lock_guard lock(slots().mutex);
  for (Slot* slot : slots().all) {
    const std::unique_ptr<core::Outbox> outbox(slot->published.exchange(nullptr, std::memory_order_acq_rel));
    if (outbox) taken.push_back(std::move(*outbox));
  }
  return taken;
}

}  // namespace cuse_binder::protocol
