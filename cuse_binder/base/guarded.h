// Data inside its lock: the only way to the value is a Locked handle.
//
// The mutex spins briefly before it sleeps: critical sections are well below a microsecond, a wake-up of a
// sleeping thread on another CPU costs ten times as much.
#pragma once

#include <pthread.h>

#include <utility>

#include "cuse_binder/base/check.h"

namespace cuse_binder::base {

// True while the calling thread holds any Guarded lock. Code that may block on a client (remote memory,
// replies, closing files) checks that it is false.
bool holds_lock() noexcept;
void set_holds_lock(bool held) noexcept;

template <typename T>
class Guarded {
 public:
  template <typename... Args>
  explicit Guarded(Args&&... args) : value_(std::forward<Args>(args)...) {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ADAPTIVE_NP);
    pthread_mutex_init(&mutex_, &attributes);
    pthread_mutexattr_destroy(&attributes);
  }
  ~Guarded() { pthread_mutex_destroy(&mutex_); }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  class Locked {
   public:
    explicit Locked(Guarded& guarded) : guarded_(&guarded) {
      CB_DCHECK(!holds_lock());  // one lock at a time: no order to get wrong
      pthread_mutex_lock(&guarded_->mutex_);
      set_holds_lock(true);
    }
    Locked(const Locked&) = delete;
    Locked& operator=(const Locked&) = delete;
    ~Locked() {
      set_holds_lock(false);
      pthread_mutex_unlock(&guarded_->mutex_);
    }
    T* operator->() const { return &guarded_->value_; }
    T& operator*() const { return guarded_->value_; }

   private:
    Guarded* guarded_;
  };

  [[nodiscard]] Locked lock() { return Locked(*this); }

 private:
  pthread_mutex_t mutex_;
  T value_;
};

}  // namespace cuse_binder::base
