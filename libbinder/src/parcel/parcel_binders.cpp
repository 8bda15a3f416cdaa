// Parcel: binders on the wire. A flat_binder_object and, since Android 11, the stability level.
#include <binder/Binder.h>
#include <binder/BpBinder.h>
#include <binder/IPCThreadState.h>
#include <binder/Parcel.h>
#include <binder/ProcessState.h>
#include <binder/Stability.h>
#include <binder/WireDialect.h>
#include <log/log.h>
#include <sched.h>

#include "parcel/parcel_object.h"

namespace android {

using internal::getWireDialect;
using internal::Stability;
using internal::WireDialect;

namespace {

// Flags of Android's header that Linux' does not have.
constexpr uint32_t kSchedPolicyShift = 9;
constexpr uint32_t kInheritRt = 0x800;

// Calls are served with at least this priority: 8 bits of nice value, 2 bits of policy.
uint32_t schedulerFlags(int policy, int priority) {
  return (static_cast<uint32_t>(priority) & FLAT_BINDER_FLAG_PRIORITY_MASK) |
         ((static_cast<uint32_t>(policy) & 3) << kSchedPolicyShift);
}

uint32_t localFlags(BBinder* local, uint32_t scheduler) {
  const int policy = local->getMinSchedulerPolicy();
  const int priority = local->getMinSchedulerPriority();
  if (policy != 0 || priority != 0) scheduler = schedulerFlags(policy, priority);
  return scheduler | FLAT_BINDER_FLAG_ACCEPTS_FDS |
         (local->isRequestingSid() ? static_cast<uint32_t>(FLAT_BINDER_FLAG_TXN_SECURITY_CTX) : 0u) |
         (local->isInheritRt() ? kInheritRt : 0u);
}

// Android 12 put the level into the highest byte and a version of the layout into the lowest.
constexpr int32_t kAndroid12Version = 1;
constexpr int kAndroid12LevelShift = 24;

}  // namespace

status_t Parcel::flattenBinder(const sp<IBinder>& binder) {
  const uint32_t scheduler =
      IPCThreadState::backgroundSchedulingDisabled() ? 0 : schedulerFlags(SCHED_OTHER, 19);
  flat_binder_object object{};
  object.hdr.type = BINDER_TYPE_BINDER;
  object.flags = scheduler;
  if (binder != nullptr) {
    if (BBinder* local = binder->localBinder(); local != nullptr) {
      local->setParceled();
      object.flags = localFlags(local, scheduler);
      // Where the driver has no security contexts to give, calls of a binder that wants one would fail.
      if (local->isRequestingSid()) {
        const sp<ProcessState> process = ProcessState::selfOrNull();
        if (process != nullptr && !process->offersSecurityContexts()) {
          object.flags &= ~static_cast<uint32_t>(FLAT_BINDER_FLAG_TXN_SECURITY_CTX);
        }
      }
      object.binder = reinterpret_cast<uintptr_t>(local->getWeakRefs());
      object.cookie = reinterpret_cast<uintptr_t>(local);
    } else if (BpBinder* proxy = binder->remoteBinder(); proxy != nullptr) {
      object.hdr.type = BINDER_TYPE_HANDLE;
      object.handle = static_cast<uint32_t>(proxy->getPrivateAccessor().binderHandle());
    } else {
      ALOGE("Parcel: a binder that is neither local nor a proxy cannot be written");
      return INVALID_OPERATION;
    }
  }
  const status_t status = writeObject(object, false);
  return status == OK ? writeStability(binder.get()) : status;
}

status_t Parcel::writeStability(IBinder* binder) {
  if (getWireDialect() < WireDialect::kAndroid11) return OK;
  int32_t level = Stability::UNDECLARED;
  if (binder != nullptr) {
    Stability::tryMarkCompilationUnit(binder);
    level = Stability::getRepr(binder);
  }
  if (getWireDialect() == WireDialect::kAndroid12) level = level << kAndroid12LevelShift | kAndroid12Version;
  return writeInt32(level);
}

status_t Parcel::unflattenBinder(sp<IBinder>* out) const {
  const flat_binder_object* place = readObject(false);
  if (place == nullptr) return BAD_TYPE;
  flat_binder_object object;
  memcpy(&object, static_cast<const void*>(place), sizeof(object));
  sp<IBinder> binder;
  switch (object.hdr.type) {
    case BINDER_TYPE_BINDER:
      binder = sp<IBinder>(reinterpret_cast<BBinder*>(object.cookie));
      break;
    case BINDER_TYPE_HANDLE:
      binder = ProcessState::self()->getStrongProxyForHandle(static_cast<int32_t>(object.handle));
      break;
    default:
      return BAD_TYPE;
  }
  const status_t status = readStability(binder.get());
  if (status == OK) *out = std::move(binder);
  return status;
}

status_t Parcel::readStability(IBinder* binder) const {
  const WireDialect dialect = getWireDialect();
  if (dialect < WireDialect::kAndroid11) return OK;
  int32_t level = 0;
  const status_t status = readInt32(&level);
  if (status != OK) return status;
  if (dialect == WireDialect::kAndroid12) {
    if ((level & 0xffffff) != kAndroid12Version) return BAD_TYPE;
    level = static_cast<int32_t>(static_cast<uint32_t>(level) >> kAndroid12LevelShift);
  }
  if (binder == nullptr) return level == Stability::UNDECLARED ? OK : BAD_TYPE;
  return Stability::setRepr(binder, level, service_fuzzing_ ? Stability::REPR_NONE : Stability::REPR_LOG);
}

status_t Parcel::writeStrongBinder(const sp<IBinder>& val) {
  return flattenBinder(val);
}

status_t Parcel::readNullableStrongBinder(sp<IBinder>* val) const {
  return unflattenBinder(val);
}

status_t Parcel::readStrongBinder(sp<IBinder>* val) const {
  const status_t status = unflattenBinder(val);
  return status == OK && *val == nullptr ? static_cast<status_t>(UNEXPECTED_NULL) : status;
}

sp<IBinder> Parcel::readStrongBinder() const {
  sp<IBinder> binder;
  unflattenBinder(&binder);
  return binder;
}

}  // namespace android
