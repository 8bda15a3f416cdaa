// Threads that must not wait for a client.
//
// Everything here may touch client memory and so wait as long as that client likes, at nobody else's cost. A
// door may have threads of which that is not true for the moment, because work of other clients hangs on
// them. Such a thread has an Elsewhere: operations that come to the point where they would touch client
// memory go on there.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <utility>

namespace cuse_binder::protocol {

class Elsewhere {
 public:
  // Runs `work` soon, on a thread that may wait; always, also when the door is being closed. False, and
  // nothing done, if there is no memory for that: the caller then goes on where it is. No locks held.
  virtual bool run(std::function<void()> work) noexcept = 0;

  // Whether a client with this effective uid may be waited for, though others wait meanwhile: because it
  // could harm them anyway.
  virtual bool trusts(uid_t euid) const noexcept = 0;

  // Where to touch the memory of such a client; null: here.
  static Elsewhere* needed_for(uid_t euid) noexcept {
    return current != nullptr && !current->trusts(euid) ? current : nullptr;
  }

  // Says for the calling thread that it must not wait.
  class Scope {
   public:
    explicit Scope(Elsewhere& elsewhere) : outer_(std::exchange(current, &elsewhere)) {}
    ~Scope() { current = outer_; }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Elsewhere* const outer_;
  };

 protected:
  ~Elsewhere() = default;

 private:
  static inline thread_local Elsewhere* current = nullptr;
};

// Lets `step` take `object` over elsewhere if this thread must not wait for such a client. False: nothing
// done, `object` is still the caller's.
template <typename Object, typename Step>
bool continue_elsewhere(uid_t euid, Object& object, Step step) {
  Elsewhere* const elsewhere = Elsewhere::needed_for(euid);
  if (elsewhere == nullptr) return false;
  const auto kept = std::make_shared<Object>(std::move(object));
  if (elsewhere->run([kept, step] { step(std::move(*kept)); })) return true;
  object = std::move(*kept);
  return false;
}

}  // namespace cuse_binder::protocol
