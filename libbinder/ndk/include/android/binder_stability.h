// Which promise of stability an object makes. See binder/Stability.h of libbinder.
//
// To be declared before a binder is sent anywhere. Upstream:
// frameworks/native/libs/binder/ndk/include_platform/android/binder_stability.h.
#pragma once

#include <android/binder_ibinder.h>

__BEGIN_DECLS

// FLAG_PRIVATE_VENDOR: the caller only has the guarantees of vendor code. FLAG_PRIVATE_LOCAL: those of the
// side that the code is compiled for. (No enums in C++: C++20 does not like to combine two of them.)
#ifdef __cplusplus
#define CUSE_BINDER_FLAG(name, value) constexpr binder_flags_t name = (value)
#else
#define CUSE_BINDER_FLAG(name, value) enum { name = (value) }
#endif
CUSE_BINDER_FLAG(FLAG_PRIVATE_VENDOR, 0x10000000);
#if defined(__ANDROID_VENDOR__)
CUSE_BINDER_FLAG(FLAG_PRIVATE_LOCAL, 0x10000000);
#else
CUSE_BINDER_FLAG(FLAG_PRIVATE_LOCAL, 0);
#endif
#undef CUSE_BINDER_FLAG

void AIBinder_markVendorStability(AIBinder* binder);
void AIBinder_markSystemStability(AIBinder* binder) __INTRODUCED_IN(30);
// Stable between system and vendor: for interfaces that are frozen.
void AIBinder_markVintfStability(AIBinder* binder) __INTRODUCED_IN(30);
// Whether the binder has VINTF stability and is to be registered as such.
bool AIBinder_requiresVintfDeclaration(AIBinder* binder) __INTRODUCED_IN(37);

// Keep the binder while it is used this way: the mark is on this AIBinder's object.
void AIBinder_forceDowngradeToVendorStability(AIBinder* binder) __INTRODUCED_IN(31);
void AIBinder_forceDowngradeToSystemStability(AIBinder* binder) __INTRODUCED_IN(31);

// "This side", by what the code is compiled as.
#if defined(__ANDROID_VENDOR__)
static inline void AIBinder_markCompilationUnitStability(AIBinder* binder) {
  AIBinder_markVendorStability(binder);
}
static inline void AIBinder_forceDowngradeToLocalStability(AIBinder* binder) {
  AIBinder_forceDowngradeToVendorStability(binder);
}
#else
static inline void AIBinder_markCompilationUnitStability(AIBinder* binder) {
  AIBinder_markSystemStability(binder);
}
static inline void AIBinder_forceDowngradeToLocalStability(AIBinder* binder) {
  AIBinder_forceDowngradeToSystemStability(binder);
}
#endif

__END_DECLS
