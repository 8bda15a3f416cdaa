// android::delegate(): the object that passes calls of an interface on to another implementation.
#pragma once

#include <binder/IBinder.h>
#include <log/log.h>

namespace android {

namespace internal {

// Their addresses are the ids under which a delegator, and an object that has one, know it.
template <typename Delegator>
inline char is_delegator_id;
template <typename Delegator>
inline char has_delegator_id;

}  // namespace internal

// For an implementation: its delegator, which is made when it is asked for and lives as long as somebody
// holds it. For a delegator: what it passes calls to. T is an interface that AIDL generated.
template <typename T>
sp<T> delegate(const sp<T>& binder) {
  using Delegator = typename T::DefaultDelegator;
  const sp<IBinder> object = T::asBinder(binder);
  const void* const is_id = &internal::is_delegator_id<Delegator>;
  const void* const has_id = &internal::has_delegator_id<Delegator>;
  if (object->findObject(is_id) != nullptr) {
    LOG_ALWAYS_FATAL_IF(object->findObject(has_id) != nullptr, "a delegator that has a delegator");
    return static_cast<Delegator*>(binder.get())->getImpl();
  }
  const sp<IBinder> made = object->lookupOrCreateWeak(
      has_id,
      [](const void* args) -> sp<IBinder> {
        sp<Delegator> delegator(new Delegator(*static_cast<const sp<T>*>(args)));
        char* const id = &internal::is_delegator_id<Delegator>;
        delegator->attachObject(id, id, nullptr, nullptr);
        return delegator;
      },
      static_cast<const void*>(&binder));
  return sp<T>(static_cast<Delegator*>(made.get()));
}

}  // namespace android
