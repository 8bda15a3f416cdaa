// How long an interface promises to stay the same, and who may therefore call it across the system/vendor
// border.
//
// Every binder has a level; it travels as a word after the binder in a Parcel. A binder of a lower level than
// the process requires is refused (BAD_TYPE). Facts: AOSP's binder/Stability.h.
#pragma once

#include <binder/IBinder.h>
#include <utils/String8.h>

namespace android {

class BpBinder;
class Parcel;
class ProcessState;

namespace internal {

class Stability final {
 public:
  // Binary: bit 5..3 for system, 2..0 for vendor and so on; a level provides another if it has all of its
  // bits.
  enum Level : int16_t {
    UNDECLARED = 0,
    VENDOR = 0b000011,
    SYSTEM = 0b001100,
    VINTF = 0b111111,
  };

  // Declares the level of a binder before it is sent. A second, different declaration aborts.
  static void markVintf(IBinder* binder);
  static void markVndk(IBinder* binder);
  static void markCompilationUnit(IBinder* binder);
  static bool requiresVintfDeclaration(const sp<IBinder>& binder);
  // Takes a VINTF binder down to what this part of the system provides to itself.
  static void forceDowngradeToLocalStability(const sp<IBinder>& binder);
  static void forceDowngradeToSystemStability(const sp<IBinder>& binder);
  static void forceDowngradeToVendorStability(const sp<IBinder>& binder);
  static std::string debugToString(const sp<IBinder>& binder);

  // What code of this build provides: SYSTEM.
  static Level getLocalLevel();
  // A level, or UNDECLARED for null.
  static int16_t getRepr(IBinder* binder);
  // BAD_TYPE if the binder has another level already or the number is none.
  static status_t setRepr(IBinder* binder, int32_t setting, uint32_t flags);
  enum { REPR_NONE = 0, REPR_LOG = 1, REPR_ALLOW_DOWNGRADE = 2 };
  // Whether code that requires `required` may use something of level `provided`.
  static bool check(int16_t provided, Level required);
  static bool isDeclaredLevel(int32_t level);
  static std::string levelString(int32_t level);
  // Gives an undeclared binder the level of this build.
  static void tryMarkCompilationUnit(IBinder* binder);

 private:
  Stability() = delete;
};

}  // namespace internal
}  // namespace android
