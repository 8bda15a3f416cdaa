// AIBinder_DeathRecipient: one callback that can be linked to many binders, each time with a cookie.
//
// Each link is a DeathRecipient of libbinder's. Who keeps it: the recipient, the binder, and while it is told
// of a death the thread that tells. When the last of them lets go, nobody can use the cookie any more: that
// is when onUnlinked is called.
#pragma once

#include <android/binder_ibinder.h>
#include <binder/IBinder.h>

#include <mutex>
#include <vector>

namespace cuse_binder::ndk {

class DeathLink final : public android::IBinder::DeathRecipient {
 public:
  DeathLink(const android::sp<android::IBinder>& who, void* cookie,
            const android::wp<AIBinder_DeathRecipient>& parent, AIBinder_DeathRecipient_onBinderDied on_died,
            AIBinder_DeathRecipient_onBinderUnlinked on_unlinked)
      : who_(who), cookie_(cookie), parent_(parent), on_died_(on_died), on_unlinked_(on_unlinked) {}

  void binderDied(const android::wp<android::IBinder>& who) override;

  const android::wp<android::IBinder>& who() const { return who_; }
  void* cookie() const { return cookie_; }
  // Takes it from the recipient and from the binder.
  void end();

 protected:
  ~DeathLink() override;

 private:
  const android::wp<android::IBinder> who_;
  void* const cookie_;
  const android::wp<AIBinder_DeathRecipient> parent_;
  // Copies: the recipient may be deleted while a death is told.
  const AIBinder_DeathRecipient_onBinderDied on_died_;
  const AIBinder_DeathRecipient_onBinderUnlinked on_unlinked_;
};

}  // namespace cuse_binder::ndk

struct AIBinder_DeathRecipient final : public android::RefBase {
 public:
  explicit AIBinder_DeathRecipient(AIBinder_DeathRecipient_onBinderDied on_died) : on_died_(on_died) {}

  void set_on_unlinked(AIBinder_DeathRecipient_onBinderUnlinked on_unlinked);
  // The new link is returned in *link if there is one.
  binder_status_t link(const android::sp<android::IBinder>& binder, void* cookie,
                       android::sp<cuse_binder::ndk::DeathLink>* link);
  binder_status_t unlink(const android::sp<android::IBinder>& binder, void* cookie);
  void forget(const cuse_binder::ndk::DeathLink* link);

 protected:
  ~AIBinder_DeathRecipient() override;

 private:
  using Links = std::vector<android::sp<cuse_binder::ndk::DeathLink>>;

  // Never held while callbacks may run, which the end of a link does.
  std::mutex mutex_;
  Links links_;
  const AIBinder_DeathRecipient_onBinderDied on_died_;
  AIBinder_DeathRecipient_onBinderUnlinked on_unlinked_ = nullptr;
};
