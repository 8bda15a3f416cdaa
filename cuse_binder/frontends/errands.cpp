#include "cuse_binder/frontends/errands.h"

#include <exception>
#include <new>
#include <utility>

#include "cuse_binder/base/log.h"
#include "cuse_binder/frontends/worker.h"

namespace cuse_binder::frontends {

void Errands::start() {
  workers_.spawn([this](Worker& worker) { serve(worker); });
}

void Errands::stop() noexcept {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wanted_.notify_all();
}

bool Errands::run(std::function<void()> work) noexcept {
  try {
    const std::lock_guard lock(mutex_);
    if (stopping_) return false;
    work_.push_back(std::move(work));
  } catch (const std::bad_alloc&) {
    return false;
  }
  wanted_.notify_one();
  return true;
}

void Errands::retire(Worker& worker) noexcept {
  if (worker.serves == this) worker.replaced = true;
}

void Errands::replace(Worker& worker) {
  if (worker.serves == this) start();
}

void Errands::serve(Worker& worker) {
  worker.serves = this;
  std::unique_lock lock(mutex_);
  while (!worker.replaced) {
    wanted_.wait(lock, [this] { return stopping_ || !work_.empty(); });
    if (work_.empty()) return;
    const std::function<void()> work = std::move(work_.front());
    work_.pop_front();
    lock.unlock();
    try {
      work();
    } catch (const std::exception& error) {
      CB_LOG_LIMITED(base::Layer::frontend, spdlog::level::err, "continuing a request: {}", error.what());
    }
    if (worker.stuck && no_longer_stuck_) no_longer_stuck_(worker);
    lock.lock();
  }
}

}  // namespace cuse_binder::frontends
