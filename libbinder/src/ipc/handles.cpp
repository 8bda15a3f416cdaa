// References to what others own, and the notifications about it: one command each, sent soon.
#define LOG_TAG "IPCThreadState"
#include <binder/BpBinder.h>
#include <binder/IPCThreadState.h>

#include "cuse_binder/uapi/binder.h"
#include "ipc/command_buffer.h"

namespace android {

void IPCThreadState::incStrongHandle(int32_t handle, BpBinder* proxy) {
  out_->put(static_cast<uint32_t>(BC_ACQUIRE));
  out_->put(handle);
  if (flushIfNeeded()) return;
  // The driver will only know later, so the proxy, whose end would say BC_RELEASE, must live until then.
  proxy->incStrong(process_.get());
  post_write_strong_derefs_.push_back(proxy);
}

void IPCThreadState::decStrongHandle(int32_t handle) {
  out_->put(static_cast<uint32_t>(BC_RELEASE));
  out_->put(handle);
  flushIfNeeded();
}

void IPCThreadState::incWeakHandle(int32_t handle, BpBinder* proxy) {
  out_->put(static_cast<uint32_t>(BC_INCREFS));
  out_->put(handle);
  if (flushIfNeeded()) return;
  RefBase::weakref_type* const refs = proxy->getWeakRefs();
  refs->incWeak(process_.get());
  post_write_weak_derefs_.push_back(refs);
}

void IPCThreadState::decWeakHandle(int32_t handle) {
  out_->put(static_cast<uint32_t>(BC_DECREFS));
  out_->put(handle);
  flushIfNeeded();
}

// BC_ATTEMPT_ACQUIRE is in the protocol, but no driver has ever done it.
status_t IPCThreadState::attemptIncStrongHandle(int32_t) {
  return INVALID_OPERATION;
}

void IPCThreadState::expungeHandle(int32_t handle, IBinder* binder) {
  IPCThreadState* const state = selfOrNull();
  (state != nullptr ? state->process_ : ProcessState::self())->expungeHandle(handle, binder);
}

status_t IPCThreadState::requestDeathNotification(int32_t handle, BpBinder* proxy) {
  out_->put(static_cast<uint32_t>(BC_REQUEST_DEATH_NOTIFICATION));
  out_->put(handle);
  out_->put(reinterpret_cast<binder_uintptr_t>(proxy));
  return OK;
}

status_t IPCThreadState::clearDeathNotification(int32_t handle, BpBinder* proxy) {
  out_->put(static_cast<uint32_t>(BC_CLEAR_DEATH_NOTIFICATION));
  out_->put(handle);
  out_->put(reinterpret_cast<binder_uintptr_t>(proxy));
  return OK;
}

status_t IPCThreadState::addFrozenStateChangeCallback(int32_t handle, BpBinder* proxy) {
  if (!ProcessState::isDriverFeatureEnabled(ProcessState::DriverFeature::FREEZE_NOTIFICATION)) {
    return INVALID_OPERATION;
  }
  out_->put(cuse_binder::uapi::kBcRequestFreezeNotification);
  out_->put(handle);
  out_->put(reinterpret_cast<binder_uintptr_t>(proxy));
  return OK;
}

status_t IPCThreadState::removeFrozenStateChangeCallback(int32_t handle, BpBinder* proxy) {
  out_->put(cuse_binder::uapi::kBcClearFreezeNotification);
  out_->put(handle);
  out_->put(reinterpret_cast<binder_uintptr_t>(proxy));
  return OK;
}

}  // namespace android
