#define LOG_TAG "libbinder_ndk"
#include "death_recipient.h"

#include <log/log.h>

#include <algorithm>

#include "object.h"
#include "status.h"

using android::IBinder;
using android::sp;
using android::status_t;
using android::wp;
using cuse_binder::ndk::DeathLink;
using cuse_binder::ndk::prune_status;

namespace cuse_binder::ndk {

DeathLink::~DeathLink() {
  if (on_unlinked_ != nullptr) on_unlinked_(cookie_);
}

void DeathLink::binderDied(const wp<IBinder>&) {
  on_died_(cookie_);
  if (const sp<AIBinder_DeathRecipient> parent = parent_.promote(); parent != nullptr) parent->forget(this);
}

void DeathLink::end() {
  if (const sp<AIBinder_DeathRecipient> parent = parent_.promote(); parent != nullptr) parent->forget(this);
  if (const sp<IBinder> binder = who_.promote(); binder != nullptr) {
    binder->unlinkToDeath(wp<IBinder::DeathRecipient>(this), cookie_);
  }
}

}  // namespace cuse_binder::ndk

AIBinder_DeathRecipient::~AIBinder_DeathRecipient() {
  for (const sp<DeathLink>& link : links_) link->end();
}

void AIBinder_DeathRecipient::set_on_unlinked(AIBinder_DeathRecipient_onBinderUnlinked on_unlinked) {
  std::lock_guard<std::mutex> guard(mutex_);
  on_unlinked_ = on_unlinked;
}

binder_status_t AIBinder_DeathRecipient::link(const sp<IBinder>& binder, void* cookie, sp<DeathLink>* link) {
  sp<DeathLink> made;  // released behind the lock if it comes to nothing
  {
    std::lock_guard<std::mutex> guard(mutex_);
    made = sp<DeathLink>(
        new DeathLink(binder, cookie, wp<AIBinder_DeathRecipient>(this), on_died_, on_unlinked_));
    const status_t status = binder->linkToDeath(made, cookie);
    if (status != android::OK) return prune_status(status);
    links_.push_back(made);
  }
  *link = made;
  return STATUS_OK;
}

binder_status_t AIBinder_DeathRecipient::unlink(const sp<IBinder>& binder, void* cookie) {
  sp<DeathLink> found;
  {
    std::lock_guard<std::mutex> guard(mutex_);
    // The last one first, as libbinder does it.
    const auto it = std::find_if(links_.rbegin(), links_.rend(), [&](const sp<DeathLink>& link) {
      return link->cookie() == cookie && link->who() == binder;
    });
    if (it == links_.rend()) return STATUS_NAME_NOT_FOUND;
    found = *it;
    links_.erase(std::next(it).base());
  }
  return prune_status(binder->unlinkToDeath(wp<IBinder::DeathRecipient>(found), cookie));
}

void AIBinder_DeathRecipient::forget(const DeathLink* link) {
  sp<DeathLink> found;
  std::lock_guard<std::mutex> guard(mutex_);
  const auto it = std::find_if(links_.begin(), links_.end(),
                               [&](const sp<DeathLink>& candidate) { return candidate.get() == link; });
  if (it == links_.end()) return;
  found = *it;  // the caller has one, too: this is not the last
  links_.erase(it);
}

AIBinder_DeathRecipient* AIBinder_DeathRecipient_new(AIBinder_DeathRecipient_onBinderDied onBinderDied) {
  if (onBinderDied == nullptr) {
    ALOGE("AIBinder_DeathRecipient_new: no callback");
    return nullptr;
  }
  auto* recipient = new AIBinder_DeathRecipient(onBinderDied);
  recipient->incStrong(nullptr);
  return recipient;
}

void AIBinder_DeathRecipient_setOnUnlinked(AIBinder_DeathRecipient* recipient,
                                           AIBinder_DeathRecipient_onBinderUnlinked onUnlinked) {
  if (recipient != nullptr) recipient->set_on_unlinked(onUnlinked);
}

void AIBinder_DeathRecipient_delete(AIBinder_DeathRecipient* recipient) {
  if (recipient != nullptr) recipient->decStrong(nullptr);
}

binder_status_t AIBinder_linkToDeath(AIBinder* binder, AIBinder_DeathRecipient* recipient, void* cookie) {
  if (binder == nullptr || recipient == nullptr) return STATUS_UNEXPECTED_NULL;
  sp<DeathLink> link;
  const binder_status_t status = recipient->link(binder->platform_binder(), cookie, &link);
  if (status == STATUS_OK) binder->as_proxy()->remember(link);
  return status;
}

binder_status_t AIBinder_unlinkToDeath(AIBinder* binder, AIBinder_DeathRecipient* recipient, void* cookie) {
  if (binder == nullptr || recipient == nullptr) return STATUS_UNEXPECTED_NULL;
  return recipient->unlink(binder->platform_binder(), cookie);
}
