// A piece of work that waits for a thread: one return (BR_*), or several, once it is delivered.
//
// The set of kinds is closed: delivery.cpp delivers each of them, Context::cancel drops each of them. A Work is in
// at most one queue and leaves it when destroyed.
#pragma once

#include <boost/intrusive/list.hpp>
#include <cstdint>

#include "cuse_binder/uapi/binder.h"

namespace cuse_binder::core {

enum class WorkKind : std::uint8_t {
  transaction,           // a call, oneway or reply (Transaction)
  transaction_complete,  // the sender's own command was accepted (Completion) …
  pending_frozen,        // … but its target is frozen
  spam_suspect,          // … and it looks like spam
  return_error,          // a refusal (ErrorSlot)
  node,                  // the owner has to be told about a changed reference count (Node)
  dead_binder,           // a watched node died (DeathNotification) …
  dead_binder_and_clear,  // … and the watcher cleared the notification before acknowledging it
  clear_death,           // a death notification was cleared
  frozen_binder,         // a watched process froze or thawed (FreezeListener)
  clear_freeze,          // a freeze notification was cleared
};

struct Work : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
  explicit Work(WorkKind initial) : kind(initial) {}
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;

  bool queued() const { return is_linked(); }
  void leave_queue() {
    if (is_linked()) unlink();
  }

  WorkKind kind;

 protected:
  ~Work() = default;
};

using WorkList = boost::intrusive::list<Work, boost::intrusive::constant_time_size<false>>;

struct Completion final : Work {
  explicit Completion(WorkKind initial) : Work(initial) {}
};

// The one return error and the one reply error of a thread.
struct ErrorSlot final : Work {
  ErrorSlot() : Work(WorkKind::return_error) {}
  bool pending() const { return command != BR_OK; }
  std::uint32_t command = BR_OK;
};

// A thread's queue. It is armed when something was pushed normally; deferred items wait for the next armed one (or for
// any other reason to return) and do not wake the thread by themselves.
class WorkQueue {
 public:
  void push(Work& work) {
    list_.push_back(work);
    armed_ = true;
  }
  void push_deferred(Work& work) { list_.push_back(work); }
  Work& pop() {
    Work& work = list_.front();
    list_.pop_front();
    if (list_.empty()) armed_ = false;
    return work;
  }
  bool empty() const { return list_.empty(); }
  // A queue that was emptied by its items leaving (not by pop) stays armed until the next pop, as in the kernel.
  bool armed() const { return armed_; }
  Work* front() { return list_.empty() ? nullptr : &list_.front(); }
  const WorkList& items() const { return list_; }

 private:
  WorkList list_;
  bool armed_ = false;
};

}  // namespace cuse_binder::core
