// AIBinder_FrozenStateChangeCallback: like a death recipient, for being frozen.
#define LOG_TAG "libbinder_ndk"
#include <android/binder_ibinder.h>
#include <binder/IBinder.h>

#include <algorithm>
#include <mutex>
#include <vector>

#include "object.h"
#include "status.h"

using android::IBinder;
using android::sp;
using android::status_t;
using android::wp;
using cuse_binder::ndk::prune_status;

namespace {

// One registration. libbinder keeps it weakly, the callback object strongly.
class FrozenLink final : public IBinder::FrozenStateChangeCallback {
 public:
  FrozenLink(const sp<IBinder>& binder, void* user_cookie,
             AIBinder_FrozenStateChangeCallback_onFrozenStateChanged on_changed,
             AIBinder_FrozenStateChangeCallback_onBinderUnlinked on_unlinked)
      : who(binder), cookie(user_cookie), on_changed_(on_changed), on_unlinked_(on_unlinked) {}

  void onStateChanged(const wp<IBinder>&, State state) override {
    on_changed_(cookie, state == State::FROZEN);
  }

  const wp<IBinder> who;
  void* const cookie;

 protected:
  ~FrozenLink() override {
    if (on_unlinked_ != nullptr) on_unlinked_(cookie);
  }

 private:
  const AIBinder_FrozenStateChangeCallback_onFrozenStateChanged on_changed_;
  const AIBinder_FrozenStateChangeCallback_onBinderUnlinked on_unlinked_;
};

status_t remove_from_binder(const sp<FrozenLink>& link) {
  const sp<IBinder> binder = link->who.promote();
  if (binder == nullptr) return android::DEAD_OBJECT;
  return binder->removeFrozenStateChangeCallback(wp<IBinder::FrozenStateChangeCallback>(link));
}

}  // namespace

struct AIBinder_FrozenStateChangeCallback {
  const AIBinder_FrozenStateChangeCallback_onFrozenStateChanged on_changed;
  const AIBinder_FrozenStateChangeCallback_onBinderUnlinked on_unlinked;
  std::mutex mutex;
  std::vector<sp<FrozenLink>> links;
};

AIBinder_FrozenStateChangeCallback* AIBinder_FrozenStateChangeCallback_new(
    AIBinder_FrozenStateChangeCallback_onFrozenStateChanged onFrozenStateChanged,
    AIBinder_FrozenStateChangeCallback_onBinderUnlinked onUnlinked) {
  if (onFrozenStateChanged == nullptr) return nullptr;
  return new AIBinder_FrozenStateChangeCallback{onFrozenStateChanged, onUnlinked, {}, {}};
}

void AIBinder_FrozenStateChangeCallback_delete(AIBinder_FrozenStateChangeCallback* callback) {
  if (callback == nullptr) return;
  for (const sp<FrozenLink>& link : callback->links) (void)remove_from_binder(link);
  delete callback;
}

binder_status_t AIBinder_addFrozenStateChangeCallback(AIBinder* binder,
                                                      AIBinder_FrozenStateChangeCallback* callback,
                                                      void* cookie) {
  if (binder == nullptr || callback == nullptr) return STATUS_UNEXPECTED_NULL;
  const sp<IBinder> platform = binder->platform_binder();
  const sp<FrozenLink> link(new FrozenLink(platform, cookie, callback->on_changed, callback->on_unlinked));
  // In the list first: the first report may come before this returns.
  {
    std::lock_guard<std::mutex> guard(callback->mutex);
    callback->links.push_back(link);
  }
  const status_t status =
      platform->addFrozenStateChangeCallback(wp<IBinder::FrozenStateChangeCallback>(link));
  if (status == android::OK) return STATUS_OK;
  std::lock_guard<std::mutex> guard(callback->mutex);
  callback->links.erase(std::remove(callback->links.begin(), callback->links.end(), link),
                        callback->links.end());
  return prune_status(status);
}

binder_status_t AIBinder_removeFrozenStateChangeCallback(AIBinder* binder,
                                                         AIBinder_FrozenStateChangeCallback* callback,
                                                         void* cookie) {
  if (binder == nullptr || callback == nullptr) return STATUS_UNEXPECTED_NULL;
  const sp<IBinder> platform = binder->platform_binder();
  sp<FrozenLink> found;
  {
    std::lock_guard<std::mutex> guard(callback->mutex);
    const auto it = std::find_if(
        callback->links.begin(), callback->links.end(),
        [&](const sp<FrozenLink>& link) { return link->cookie == cookie && link->who == platform; });
    if (it == callback->links.end()) return STATUS_NAME_NOT_FOUND;
    found = *it;
    callback->links.erase(it);
  }
  return prune_status(remove_from_binder(found));
}
