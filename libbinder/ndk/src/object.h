// AIBinder: the C API's view of one IBinder.
//
// LocalObject (made by AIBinder_new()) is an IBinder itself. ProxyObject stands for any other IBinder: a
// remote one, or a local one that was made with the C++ API. For each IBinder there is at most one, found by
// way of an object that is attached to the IBinder, so that pointers can be compared.
#pragma once

#include <android/binder_ibinder.h>
#include <binder/Binder.h>
#include <utils/RefBase.h>

#include <mutex>
#include <vector>

namespace cuse_binder::ndk {
class DeathLink;
class LocalObject;
class ProxyObject;
}  // namespace cuse_binder::ndk

struct AIBinder : public virtual android::RefBase {
 public:
  virtual android::sp<android::IBinder> platform_binder() = 0;
  virtual cuse_binder::ndk::LocalObject* as_local() { return nullptr; }
  virtual cuse_binder::ndk::ProxyObject* as_proxy() { return nullptr; }

  const AIBinder_Class* clazz() const;
  // AIBinder_associateClass().
  bool associate(const AIBinder_Class* clazz);

 protected:
  explicit AIBinder(const AIBinder_Class* clazz) : class_(clazz) {}

 private:
  mutable std::mutex class_mutex_;
  const AIBinder_Class* class_;
};

namespace cuse_binder::ndk {

class LocalObject final : public AIBinder, public android::BBinder {
 public:
  static android::sp<LocalObject> make(const AIBinder_Class* clazz, void* user_data);

  void* user_data() const { return user_data_; }

  android::sp<android::IBinder> platform_binder() override { return android::sp<android::IBinder>(this); }
  LocalObject* as_local() override { return this; }

  const android::String16& getInterfaceDescriptor() const override;
  android::status_t dump(int fd, const android::Vector<android::String16>& args) override;

 protected:
  ~LocalObject() override;
  android::status_t onTransact(uint32_t code, const android::Parcel& data, android::Parcel* reply,
                               uint32_t flags) override;

 private:
  LocalObject(const AIBinder_Class* clazz, void* user_data);
  android::status_t call(uint32_t code, const android::Parcel& data, android::Parcel* reply);
  android::status_t shell_command(const android::Parcel& data);

  const AIBinder_Class* const own_class_;
  void* const user_data_;
};

class ProxyObject final : public AIBinder {
 public:
  android::sp<android::IBinder> platform_binder() override { return binder_; }
  ProxyObject* as_proxy() override { return this; }

  // Links that end with this object.
  void remember(const android::sp<DeathLink>& link);

 protected:
  ~ProxyObject() override;

 private:
  friend android::sp<AIBinder> find_or_make(const android::sp<android::IBinder>& binder);
  explicit ProxyObject(const android::sp<android::IBinder>& binder) : AIBinder(nullptr), binder_(binder) {}

  const android::sp<android::IBinder> binder_;
  std::mutex links_mutex_;
  std::vector<android::wp<DeathLink>> links_;
};

// The AIBinder of an IBinder; null for null.
android::sp<AIBinder> find_or_make(const android::sp<android::IBinder>& binder);

// One reference for the caller of a C function.
inline AIBinder* give(const android::sp<AIBinder>& object) {
  if (object != nullptr) object->incStrong(nullptr);
  return object.get();
}

inline bool is_user_command(uint32_t code) {
  return code >= FIRST_CALL_TRANSACTION && code <= LAST_CALL_TRANSACTION;
}

}  // namespace cuse_binder::ndk
