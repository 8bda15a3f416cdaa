#define LOG_TAG "libbinder_ndk"
#include <android/binder_manager.h>
#include <binder/IServiceManager.h>
#include <binder/LazyServiceRegistrar.h>
#include <log/log.h>
#include <utils/String8.h>

#include <mutex>

#include "object.h"
#include "status.h"

using android::defaultServiceManager;
using android::IBinder;
using android::IServiceManager;
using android::sp;
using android::status_t;
using android::String16;
using android::String8;
using android::binder::LazyServiceRegistrar;
using cuse_binder::ndk::find_or_make;
using cuse_binder::ndk::give;
using cuse_binder::ndk::prune_exception;
using cuse_binder::ndk::prune_status;

namespace {

struct AddFlags {
  bool allow_isolated;
  int dump;
};

// The two APIs number the same flags differently.
AddFlags convert(uint32_t flags) {
  int dump = 0;
  if (flags & ADD_SERVICE_DUMP_FLAG_PRIORITY_CRITICAL) dump |= IServiceManager::DUMP_FLAG_PRIORITY_CRITICAL;
  if (flags & ADD_SERVICE_DUMP_FLAG_PRIORITY_HIGH) dump |= IServiceManager::DUMP_FLAG_PRIORITY_HIGH;
  if (flags & ADD_SERVICE_DUMP_FLAG_PRIORITY_NORMAL) dump |= IServiceManager::DUMP_FLAG_PRIORITY_NORMAL;
  if (flags & ADD_SERVICE_DUMP_FLAG_PRIORITY_DEFAULT) dump |= IServiceManager::DUMP_FLAG_PRIORITY_DEFAULT;
  if (dump == 0) dump = IServiceManager::DUMP_FLAG_PRIORITY_DEFAULT;
  return {(flags & ADD_SERVICE_ALLOW_ISOLATED) != 0, dump};
}

}  // namespace

binder_exception_t AServiceManager_addService(AIBinder* binder, const char* instance) {
  if (binder == nullptr || instance == nullptr) return EX_ILLEGAL_ARGUMENT;
  return prune_exception(defaultServiceManager()->addService(String16(instance), binder->platform_binder()));
}

binder_exception_t AServiceManager_addServiceWithFlags(AIBinder* binder, const char* instance,
                                                       const AServiceManager_AddServiceFlag flags) {
  if (binder == nullptr || instance == nullptr) return EX_ILLEGAL_ARGUMENT;
  const AddFlags converted = convert(flags);
  return prune_exception(defaultServiceManager()->addService(String16(instance), binder->platform_binder(),
                                                             converted.allow_isolated, converted.dump));
}

AIBinder* AServiceManager_checkService(const char* instance) {
  if (instance == nullptr) return nullptr;
  return give(find_or_make(defaultServiceManager()->checkService(String16(instance))));
}

AIBinder* AServiceManager_getService(const char* instance) {
  if (instance == nullptr) return nullptr;
  return give(find_or_make(defaultServiceManager()->getService(String16(instance))));
}

AIBinder* AServiceManager_waitForService(const char* instance) {
  if (instance == nullptr) return nullptr;
  return give(find_or_make(defaultServiceManager()->waitForService(String16(instance))));
}

struct AServiceManager_NotificationRegistration final : public IServiceManager::LocalRegistrationCallback {
 public:
  AServiceManager_NotificationRegistration(const char* name, AServiceManager_onRegister on_register,
                                           void* cookie)
      : instance(name), on_register_(on_register), cookie_(cookie) {}

  void onServiceRegistration(const String16& name, const sp<IBinder>& binder) override {
    std::lock_guard<std::mutex> guard(mutex_);
    if (on_register_ == nullptr) return;
    on_register_(String8(name).c_str(), give(find_or_make(binder)), cookie_);
  }

  // Waits for a callback that is running.
  void silence() {
    std::lock_guard<std::mutex> guard(mutex_);
    on_register_ = nullptr;
  }

  const String16 instance;

 private:
  std::mutex mutex_;
  AServiceManager_onRegister on_register_;
  void* const cookie_;
};

AServiceManager_NotificationRegistration* AServiceManager_registerForServiceNotifications(
    const char* instance, AServiceManager_onRegister onRegister, void* cookie) {
  if (instance == nullptr || onRegister == nullptr) return nullptr;
  const sp<AServiceManager_NotificationRegistration> registration(
      new AServiceManager_NotificationRegistration(instance, onRegister, cookie));
  const status_t status =
      defaultServiceManager()->registerForNotifications(registration->instance, registration);
  if (status != android::OK) {
    ALOGE("cannot register for notifications of '%s': %d", instance, status);
    return nullptr;
  }
  registration->incStrong(nullptr);
  return registration.get();
}

void AServiceManager_NotificationRegistration_delete(AServiceManager_NotificationRegistration* notification) {
  if (notification == nullptr) return;
  notification->silence();
  defaultServiceManager()->unregisterForNotifications(
      notification->instance, sp<IServiceManager::LocalRegistrationCallback>(notification));
  notification->decStrong(nullptr);
}

bool AServiceManager_isDeclared(const char* instance) {
  return instance != nullptr && defaultServiceManager()->isDeclared(String16(instance));
}

void AServiceManager_forEachDeclaredInstance(const char* interface, void* context,
                                             void (*callback)(const char*, void*)) {
  LOG_ALWAYS_FATAL_IF(interface == nullptr || callback == nullptr,
                      "AServiceManager_forEachDeclaredInstance: no interface or no callback");
  for (const String16& instance : defaultServiceManager()->getDeclaredInstances(String16(interface))) {
    callback(String8(instance).c_str(), context);
  }
}

bool AServiceManager_isUpdatableViaApex(const char* instance) {
  return instance != nullptr && defaultServiceManager()->updatableViaApex(String16(instance)).has_value();
}

void AServiceManager_getUpdatableApexName(const char* instance, void* context,
                                          void (*callback)(const char*, void*)) {
  LOG_ALWAYS_FATAL_IF(instance == nullptr || callback == nullptr,
                      "AServiceManager_getUpdatableApexName: no instance or no callback");
  if (const auto name = defaultServiceManager()->updatableViaApex(String16(instance)); name.has_value()) {
    callback(String8(*name).c_str(), context);
  }
}

void* AServiceManager_openDeclaredPassthroughHal(const char* interface, const char* instance, int flag) {
  LOG_ALWAYS_FATAL_IF(interface == nullptr || instance == nullptr,
                      "AServiceManager_openDeclaredPassthroughHal: no interface or no instance");
  return android::openDeclaredPassthroughHal(String16(interface), String16(instance), flag);
}

binder_status_t AServiceManager_registerLazyService(AIBinder* binder, const char* instance) {
  if (binder == nullptr || instance == nullptr) return STATUS_UNEXPECTED_NULL;
  return prune_status(
      LazyServiceRegistrar::getInstance().registerService(binder->platform_binder(), instance));
}

binder_status_t AServiceManager_registerLazyServiceWithFlags(AIBinder* binder, const char* instance,
                                                             const AServiceManager_AddServiceFlag flags) {
  if (binder == nullptr || instance == nullptr) return STATUS_UNEXPECTED_NULL;
  const AddFlags converted = convert(flags);
  return prune_status(LazyServiceRegistrar::getInstance().registerService(
      binder->platform_binder(), instance, converted.allow_isolated, converted.dump));
}

void AServiceManager_forceLazyServicesPersist(bool persist) {
  LazyServiceRegistrar::getInstance().forcePersist(persist);
}

void AServiceManager_setActiveServicesCallback(bool (*callback)(bool, void*), void* context) {
  LazyServiceRegistrar::getInstance().setActiveServicesCallback(
      [callback, context](bool has_clients) { return callback(has_clients, context); });
}

bool AServiceManager_tryUnregister() {
  return LazyServiceRegistrar::getInstance().tryUnregister();
}

void AServiceManager_reRegister() {
  LazyServiceRegistrar::getInstance().reRegister();
}
