#define LOG_TAG "libbinder_ndk"
#include "object.h"

#include <log/log.h>
#include <utils/String8.h>

#include "class.h"
#include "death_recipient.h"

using android::IBinder;
using android::sp;
using android::String16;
using android::String8;
using android::wp;

const AIBinder_Class* AIBinder::clazz() const {
  std::lock_guard<std::mutex> guard(class_mutex_);
  return class_;
}

bool AIBinder::associate(const AIBinder_Class* clazz) {
  if (clazz == nullptr) return false;
  // Asked outside of the lock: for a remote binder it is a call, once.
  const sp<IBinder> binder = platform_binder();
  const String16 descriptor = binder->getInterfaceDescriptor();

  std::lock_guard<std::mutex> guard(class_mutex_);
  if (class_ == clazz) return true;
  if (class_ != nullptr && as_local() != nullptr) {
    // Another copy of the interface cannot know what this object's user data is.
    ALOGE("cannot associate a local object of class '%s' with another class '%s'", class_->descriptor.c_str(),
          clazz->descriptor.c_str());
    return false;
  }
  if (descriptor != clazz->wide_descriptor) {
    ALOGE("cannot associate class '%s' with a %s binder of '%s'", clazz->descriptor.c_str(),
          binder->isBinderAlive() ? "live" : "dead", String8(descriptor).c_str());
    return false;
  }
  if (class_ == nullptr) class_ = clazz;
  return true;
}

namespace cuse_binder::ndk {

namespace {

// What is attached to IBinders. The addresses are the ids.
char local_id;    // the object is a LocalObject
char proxy_id;    // the object has a ProxyObject: a ProxySlot
char local_mark;  // what is attached for local_id

struct ProxySlot {
  wp<ProxyObject> object;
};

void leave_alone(const void*, void*, void*) {}
void delete_slot(const void*, void* slot, void*) {
  delete static_cast<ProxySlot*>(slot);
}

}  // namespace

sp<LocalObject> LocalObject::make(const AIBinder_Class* clazz, void* user_data) {
  const sp<LocalObject> object(new LocalObject(clazz, user_data));
  object->attachObject(&local_id, &local_mark, nullptr, leave_alone);
  return object;
}

ProxyObject::~ProxyObject() {
  for (const wp<DeathLink>& weak : links_) {
    if (const sp<DeathLink> link = weak.promote(); link != nullptr) link->end();
  }
}

void ProxyObject::remember(const sp<DeathLink>& link) {
  std::lock_guard<std::mutex> guard(links_mutex_);
  // Ended links would pile up otherwise.
  for (size_t i = 0; i < links_.size();) {
    if (links_[i].promote() == nullptr) {
      links_[i] = links_.back();
      links_.pop_back();
    } else {
      ++i;
    }
  }
  links_.push_back(link);
}

sp<AIBinder> find_or_make(const sp<IBinder>& binder) {
  if (binder == nullptr) return nullptr;
  if (binder->findObject(&local_id) == &local_mark) {
    return sp<AIBinder>(static_cast<LocalObject*>(binder->localBinder()));
  }

  auto* slot = static_cast<ProxySlot*>(binder->findObject(&proxy_id));
  if (slot == nullptr) {
    auto* made = new ProxySlot;
    slot = static_cast<ProxySlot*>(binder->attachObject(&proxy_id, made, nullptr, delete_slot));
    if (slot == nullptr) {
      slot = made;
    } else {
      delete made;  // another thread was faster
    }
  }
  // Of several threads one makes the object, and all get that one.
  sp<ProxyObject> object;
  binder->withLock([&] {
    object = slot->object.promote();
    if (object == nullptr) {
      object = sp<ProxyObject>(new ProxyObject(binder));
      slot->object = object;
    }
  });
  return object;
}

}  // namespace cuse_binder::ndk
