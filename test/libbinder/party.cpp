#include "test/libbinder/party.h"

#include <binder/Binder.h>
#include <linux/android/binder.h>

#include <stdexcept>
#include <vector>

namespace cuse_binder::test {

using android::BBinder;
using android::IPCThreadState;
using android::RefBase;
using android::sp;
using android::internal::ProcessScope;

Party::Party(InProcessDriver& driver) {
  auto device =
      driver.open([this](std::vector<binder_node_debug_info> nodes) { ended_.set_value(std::move(nodes)); });
  pid_ = driver.last_pid();
  device_ = device.get();
  process_ = ProcessScope::create("party", std::move(device));
}

void Party::die() {
  if (process_ == nullptr) return;
  device_->close();
  process_ = nullptr;
  auto ended = ended_.get_future();
  // A thread of the pool that does not end, or a reference that somebody kept, is a bug.
  if (ended.wait_for(kPatience) != std::future_status::ready) std::abort();
  for (const binder_node_debug_info& it : ended.get()) {
    if (it.has_strong_ref) reinterpret_cast<BBinder*>(it.cookie)->decStrong(this);
    if (it.has_weak_ref) reinterpret_cast<RefBase::weakref_type*>(it.ptr)->decWeak(this);
  }
}

Party::~Party() {
  die();
}

void Party::serve(const sp<BBinder>& manager) {
  as([&] {
    if (!process_->becomeContextManager()) throw std::runtime_error("becomeContextManager() failed");
    IPCThreadState::self()->setTheContextObject(manager);
  });
  start_pool();
}

void Party::start_pool() {
  process_->startThreadPool();
}

}  // namespace cuse_binder::test
