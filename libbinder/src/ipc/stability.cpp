#define LOG_TAG "Stability"
#include <binder/Binder.h>
#include <binder/BpBinder.h>
#include <binder/Stability.h>
#include <log/log.h>

namespace android::internal {

Stability::Level Stability::getLocalLevel() {
  return SYSTEM;
}

bool Stability::isDeclaredLevel(int32_t level) {
  return level == VENDOR || level == SYSTEM || level == VINTF;
}

std::string Stability::levelString(int32_t level) {
  switch (level) {
    case UNDECLARED:
      return "undeclared stability";
    case VENDOR:
      return "vendor stability";
    case SYSTEM:
      return "system stability";
    case VINTF:
      return "vintf stability";
  }
  return "unknown stability " + std::to_string(level);
}

bool Stability::check(int16_t provided, Level required) {
  if (!isDeclaredLevel(provided) || !isDeclaredLevel(required)) return false;
  return (provided & required) == required;
}

int16_t Stability::getRepr(IBinder* binder) {
  if (binder == nullptr) return UNDECLARED;
  if (BBinder* const local = binder->localBinder(); local != nullptr) return local->stability_;
  if (BpBinder* const remote = binder->remoteBinder(); remote != nullptr) {
    return remote->getPrivateAccessor().stability();
  }
  return UNDECLARED;
}

status_t Stability::setRepr(IBinder* binder, int32_t setting, uint32_t flags) {
  const bool log = (flags & REPR_LOG) != 0;
  const bool allow_downgrade = (flags & REPR_ALLOW_DOWNGRADE) != 0;
  if (binder == nullptr) {
    if (setting == UNDECLARED) return OK;
    if (log) ALOGE("Null binder written with stability %s.", levelString(setting).c_str());
    return BAD_TYPE;
  }
  if (!isDeclaredLevel(setting)) {
    if (log) ALOGE("Can only set known stability, not %d.", setting);
    return BAD_TYPE;
  }
  const int16_t current = getRepr(binder);
  if (current == setting) return OK;
  if (current != UNDECLARED && !(allow_downgrade && check(current, static_cast<Level>(setting)))) {
    if (log) {
      ALOGE("Interface being set with %s but it is already marked as %s.", levelString(setting).c_str(),
            levelString(current).c_str());
    }
    return BAD_TYPE;
  }
  if (BBinder* const local = binder->localBinder(); local != nullptr) {
    local->stability_ = static_cast<int16_t>(setting);
  } else if (BpBinder* const remote = binder->remoteBinder(); remote != nullptr) {
    remote->getPrivateAccessor().setStability(static_cast<int16_t>(setting));
  }
  return OK;
}

void Stability::tryMarkCompilationUnit(IBinder* binder) {
  if (binder != nullptr && getRepr(binder) == UNDECLARED) (void)setRepr(binder, getLocalLevel(), REPR_NONE);
}

void Stability::markCompilationUnit(IBinder* binder) {
  LOG_ALWAYS_FATAL_IF(setRepr(binder, getLocalLevel(), REPR_LOG) != OK, "Should only mark known object.");
}

void Stability::markVintf(IBinder* binder) {
  LOG_ALWAYS_FATAL_IF(setRepr(binder, VINTF, REPR_LOG) != OK, "Should only mark known object.");
}

void Stability::markVndk(IBinder* binder) {
  LOG_ALWAYS_FATAL_IF(setRepr(binder, VENDOR, REPR_LOG) != OK, "Should only mark known object.");
}

bool Stability::requiresVintfDeclaration(const sp<IBinder>& binder) {
  return check(getRepr(binder.get()), VINTF);
}

void Stability::forceDowngradeToLocalStability(const sp<IBinder>& binder) {
  LOG_ALWAYS_FATAL_IF(setRepr(binder.get(), getLocalLevel(), REPR_LOG | REPR_ALLOW_DOWNGRADE) != OK,
                      "Failed to force downgrade.");
}

void Stability::forceDowngradeToSystemStability(const sp<IBinder>& binder) {
  LOG_ALWAYS_FATAL_IF(setRepr(binder.get(), SYSTEM, REPR_LOG | REPR_ALLOW_DOWNGRADE) != OK,
                      "Failed to force downgrade.");
}

void Stability::forceDowngradeToVendorStability(const sp<IBinder>& binder) {
  LOG_ALWAYS_FATAL_IF(setRepr(binder.get(), VENDOR, REPR_LOG | REPR_ALLOW_DOWNGRADE) != OK,
                      "Failed to force downgrade.");
}

std::string Stability::debugToString(const sp<IBinder>& binder) {
  return levelString(getRepr(binder.get()));
}

}  // namespace android::internal
