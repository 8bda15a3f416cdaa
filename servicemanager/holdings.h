// What the manager holds of other processes, by binder: which names a binder serves, and for which names it
// wants to be called back.
//
// A binder is linked to death once, when its first use begins, and unlinked with the last one; when it dies,
// its uses are known without looking through everything.
#pragma once

#include <binder/IBinder.h>
#include <utils/StrongPointer.h>

#include <compare>
#include <cstdint>
#include <set>
#include <string>
#include <unordered_map>

namespace servicemanager {

class Holdings {
 public:
  enum class Kind : uint8_t { service, registration_callback, client_callback };
  struct Use {
    Kind kind;
    std::string name;
    auto operator<=>(const Use&) const = default;
  };
  using Uses = std::set<Use>;

  explicit Holdings(android::wp<android::IBinder::DeathRecipient> recipient)
      : recipient_(std::move(recipient)) {}

  // False if the binder is dead already. Nothing happens if that use is known. A binder of this process
  // cannot die.
  bool add(const android::sp<android::IBinder>& binder, Use use);
  void remove(const android::sp<android::IBinder>& binder, const Use& use);
  // All uses of a binder that died; they are forgotten.
  Uses take(const android::wp<android::IBinder>& dead);
  bool empty() const { return held_.empty(); }

 private:
  struct Held {
    android::sp<android::IBinder> binder;
    bool is_linked = false;
    Uses uses;
  };

  const android::wp<android::IBinder::DeathRecipient> recipient_;
  std::unordered_map<android::IBinder*, Held> held_;
};

}  // namespace servicemanager
