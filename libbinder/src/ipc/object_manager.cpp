#include <binder/BpBinder.h>

namespace android {

BpBinder::ObjectManager::ObjectManager() = default;

BpBinder::ObjectManager::~ObjectManager() {
  kill();
}

void* BpBinder::ObjectManager::attach(const void* objectID, void* object, void* cleanupCookie,
                                      IBinder::object_cleanup_func func) {
  const auto [entry, is_new] = objects_.try_emplace(objectID, Entry{object, cleanupCookie, func});
  return is_new ? nullptr : entry->second.object;
}

void* BpBinder::ObjectManager::find(const void* objectID) const {
  const auto entry = objects_.find(objectID);
  return entry == objects_.end() ? nullptr : entry->second.object;
}

void* BpBinder::ObjectManager::detach(const void* objectID) {
  const auto entry = objects_.find(objectID);
  if (entry == objects_.end()) return nullptr;
  void* const object = entry->second.object;
  objects_.erase(entry);
  return object;
}

namespace {

void deleteWeak(const void*, void* object, void*) {
  delete static_cast<wp<IBinder>*>(object);
}

}  // namespace

sp<IBinder> BpBinder::ObjectManager::lookupOrCreateWeak(const void* objectID, IBinder::object_make_func make,
                                                        const void* makeArgs) {
  auto& entry = objects_[objectID];
  auto* const attached = static_cast<wp<IBinder>*>(entry.object);
  if (attached != nullptr) {
    sp<IBinder> living = attached->promote();
    if (living != nullptr) return living;
  }
  sp<IBinder> made = make(makeArgs);
  if (attached != nullptr) {
    *attached = made;
  } else {
    entry = Entry{new wp<IBinder>(made), nullptr, &deleteWeak};
  }
  return made;
}

void BpBinder::ObjectManager::kill() {
  // A clean-up may look for another object here.
  std::map<const void*, Entry> objects;
  objects.swap(objects_);
  for (const auto& [id, entry] : objects) {
    if (entry.func != nullptr) entry.func(id, entry.object, entry.cleanupCookie);
  }
}

}  // namespace android
