// What the C API does with one binder, calls excepted.
#define LOG_TAG "libbinder_ndk"
#include <android/binder_ibinder.h>
#include <android/binder_ibinder_platform.h>
#include <android/binder_libbinder.h>
#include <binder/IPCThreadState.h>
#include <log/log.h>
#include <unistd.h>
#include <utils/String16.h>

#include <functional>

#include "class.h"
#include "object.h"
#include "status.h"

using android::IBinder;
using android::IPCThreadState;
using android::sp;
using android::status_t;
using android::String16;
using cuse_binder::ndk::find_or_make;
using cuse_binder::ndk::give;
using cuse_binder::ndk::LocalObject;
using cuse_binder::ndk::prune_status;

AIBinder* AIBinder_new(const AIBinder_Class* clazz, void* args) {
  if (clazz == nullptr) {
    ALOGE("AIBinder_new: no class");
    return nullptr;
  }
  return give(LocalObject::make(clazz, clazz->on_create(args)));
}

// Reference counts and binders' locks change behind const pointers.
static AIBinder* mutable_of(const AIBinder* binder) {
  return const_cast<AIBinder*>(binder);
}

bool AIBinder_isRemote(const AIBinder* binder) {
  return binder != nullptr && mutable_of(binder)->platform_binder()->remoteBinder() != nullptr;
}

bool AIBinder_isAlive(const AIBinder* binder) {
  return binder != nullptr && mutable_of(binder)->platform_binder()->isBinderAlive();
}

binder_status_t AIBinder_ping(AIBinder* binder) {
  if (binder == nullptr) return STATUS_UNEXPECTED_NULL;
  return prune_status(binder->platform_binder()->pingBinder());
}

binder_status_t AIBinder_dump(AIBinder* binder, int fd, const char** args, uint32_t numArgs) {
  if (binder == nullptr) return STATUS_UNEXPECTED_NULL;
  if (LocalObject* local = binder->as_local(); local != nullptr) {
    const AIBinder_onDump on_dump = local->clazz()->on_dump;
    return on_dump == nullptr ? STATUS_OK : prune_status(on_dump(binder, fd, args, numArgs));
  }
  android::Vector<String16> wide;
  wide.setCapacity(numArgs);
  for (uint32_t i = 0; i < numArgs; ++i) wide.push(String16(args[i]));
  return prune_status(binder->platform_binder()->dump(fd, wide));
}

void AIBinder_incStrong(AIBinder* binder) {
  if (binder != nullptr) binder->incStrong(nullptr);
}

void AIBinder_decStrong(AIBinder* binder) {
  if (binder == nullptr) {
    ALOGE("AIBinder_decStrong: no binder");
    return;
  }
  binder->decStrong(nullptr);
}

int32_t AIBinder_debugGetRefCount(AIBinder* binder) {
  return binder == nullptr ? -1 : binder->getStrongCount();
}

bool AIBinder_associateClass(AIBinder* binder, const AIBinder_Class* clazz) {
  return binder != nullptr && binder->associate(clazz);
}

const AIBinder_Class* AIBinder_getClass(AIBinder* binder) {
  return binder == nullptr ? nullptr : binder->clazz();
}

void* AIBinder_getUserData(AIBinder* binder) {
  if (binder == nullptr || binder->as_local() == nullptr) return nullptr;
  return binder->as_local()->user_data();
}

bool AIBinder_lt(const AIBinder* lhs, const AIBinder* rhs) {
  // By address: one object has one AIBinder. AIBinder_Weak_lt() orders by the same.
  return std::less<const AIBinder*>()(lhs, rhs);
}

binder_status_t AIBinder_getExtension(AIBinder* binder, AIBinder** outExt) {
  if (outExt == nullptr) return STATUS_UNEXPECTED_NULL;
  *outExt = nullptr;
  if (binder == nullptr) return STATUS_UNEXPECTED_NULL;
  sp<IBinder> extension;
  const status_t status = binder->platform_binder()->getExtension(&extension);
  if (status != android::OK) return prune_status(status);
  *outExt = give(find_or_make(extension));
  return STATUS_OK;
}

binder_status_t AIBinder_setExtension(AIBinder* binder, AIBinder* ext) {
  if (binder == nullptr || ext == nullptr) return STATUS_UNEXPECTED_NULL;
  LocalObject* local = binder->as_local();
  if (local == nullptr) return STATUS_INVALID_OPERATION;
  local->setExtension(ext->platform_binder());
  return STATUS_OK;
}

// A thread that has never used the driver serves nobody; it need not open it to know.
uid_t AIBinder_getCallingUid() {
  const IPCThreadState* state = IPCThreadState::selfOrNull();
  return state == nullptr ? getuid() : state->getCallingUid();
}

pid_t AIBinder_getCallingPid() {
  const IPCThreadState* state = IPCThreadState::selfOrNull();
  return state == nullptr ? getpid() : state->getCallingPid();
}

bool AIBinder_isHandlingTransaction() {
  const IPCThreadState* state = IPCThreadState::selfOrNull();
  return state != nullptr && state->isServingCall();
}

const char* AIBinder_getCallingSid() {
  const IPCThreadState* state = IPCThreadState::selfOrNull();
  return state == nullptr ? nullptr : state->getCallingSid();
}

// Only the object's own process can say how it wants to be called.
static LocalObject* local_or_abort(AIBinder* binder, const char* function) {
  LocalObject* local = binder == nullptr ? nullptr : binder->as_local();
  LOG_ALWAYS_FATAL_IF(local == nullptr, "%s: not a local binder", function);
  return local;
}

void AIBinder_setRequestingSid(AIBinder* binder, bool requestingSid) {
  local_or_abort(binder, __func__)->setRequestingSid(requestingSid);
}

void AIBinder_setMinSchedulerPolicy(AIBinder* binder, int policy, int priority) {
  local_or_abort(binder, __func__)->setMinSchedulerPolicy(policy, priority);
}

void AIBinder_setInheritRt(AIBinder* binder, bool inheritRt) {
  local_or_abort(binder, __func__)->setInheritRt(inheritRt);
}

sp<IBinder> AIBinder_toPlatformBinder(AIBinder* binder) {
  return binder == nullptr ? nullptr : binder->platform_binder();
}

AIBinder* AIBinder_fromPlatformBinder(const sp<IBinder>& binder) {
  return give(find_or_make(binder));
}
