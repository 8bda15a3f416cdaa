#include "test/servicemanager/fakes.h"

#include <algorithm>

namespace servicemanager::test {

using android::IBinder;
using android::OK;
using android::sp;
using android::status_t;
using android::wp;

status_t MortalBinder::linkToDeath(const sp<DeathRecipient>& recipient, void* /*cookie*/,
                                   uint32_t /*flags*/) {
  if (is_dead_) return android::DEAD_OBJECT;
  recipients_.push_back(recipient);
  return OK;
}

status_t MortalBinder::unlinkToDeath(const wp<DeathRecipient>& recipient, void* /*cookie*/,
                                     uint32_t /*flags*/, wp<DeathRecipient>* /*out*/) {
  const auto found = std::find_if(recipients_.begin(), recipients_.end(),
                                  [&](const wp<DeathRecipient>& each) { return each == recipient; });
  if (found == recipients_.end()) return android::NAME_NOT_FOUND;
  recipients_.erase(found);
  return OK;
}

void MortalBinder::die() {
  is_dead_ = true;
  const wp<IBinder> who(this);
  for (const auto& recipient : std::exchange(recipients_, {}))
    if (const sp<DeathRecipient> alive = recipient.promote(); alive != nullptr) alive->binderDied(who);
}

void FakeDriver::send_registration(const sp<IBinder>& callback, const std::string& name,
                                   const sp<IBinder>& service) {
  registrations_.push_back({callback, name, service});
}

void FakeDriver::send_clients(const sp<IBinder>& callback, const sp<IBinder>& service, bool has_clients) {
  clients_.push_back({callback, service, has_clients});
}

ssize_t FakeDriver::strong_count(const sp<IBinder>& service) {
  ++questions_;
  return 1 + holders_[service.get()];
}

}  // namespace servicemanager::test
