// Consequences for others (an Outbox) that a thread of ours is about to carry out, where a rescuer can take them over.
//
// Completing somebody's read touches that client's memory and may block for as long as that client likes. So while a thread
// does one such thing, everything else it still owes is published here; if the thread gets stuck, whoever notices calls
// rescue() and carries the rest out instead. Taking is one atomic exchange, so each consequence happens exactly once.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "cuse_binder/core/outbox.h"

namespace cuse_binder::protocol {

// Appends `from` to `to`.
void merge(core::Outbox& to, core::Outbox& from);

class Handover {
 public:
  // Publishes `out` until the returned scope ends; then what nobody took is back in `out`.
  class Scope {
   public:
    explicit Scope(core::Outbox& out);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    core::Outbox& out_;
    bool published_;
  };

  // Takes what is published by all threads.
  static std::vector<core::Outbox> take_all();
};

}  // namespace cuse_binder::protocol
