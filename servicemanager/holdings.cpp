#include "servicemanager/holdings.h"

namespace servicemanager {

using android::IBinder;
using android::sp;
using android::wp;

bool Holdings::add(const sp<IBinder>& binder, Use use) {
  const auto [it, is_new] = held_.try_emplace(binder.get());
  Held& held = it->second;
  if (is_new) {
    held.binder = binder;
    const android::status_t status = binder->linkToDeath(recipient_.promote());
    held.is_linked = status == android::OK;
    const bool is_own = status == android::INVALID_OPERATION && binder->localBinder() != nullptr;
    if (!held.is_linked && !is_own) {
      held_.erase(it);
      return false;
    }
  }
  held.uses.insert(std::move(use));
  return true;
}

void Holdings::remove(const sp<IBinder>& binder, const Use& use) {
  const auto it = held_.find(binder.get());
  if (it == held_.end()) return;
  it->second.uses.erase(use);
  if (!it->second.uses.empty()) return;
  // It may have died in between: then the obituary will find nothing.
  if (it->second.is_linked) (void)binder->unlinkToDeath(recipient_);
  held_.erase(it);
}

Holdings::Uses Holdings::take(const wp<IBinder>& dead) {
  const auto it = held_.find(dead.unsafe_get());
  if (it == held_.end()) return {};
  Uses uses = std::move(it->second.uses);
  held_.erase(it);
  return uses;
}

}  // namespace servicemanager
