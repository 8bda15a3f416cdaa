// What the platform's own code may ask of a binder besides binder_ibinder.h.
//
// Upstream: frameworks/native/libs/binder/ndk/include_platform/android/binder_ibinder_platform.h.
#pragma once

#include <android/binder_ibinder.h>

__BEGIN_DECLS

// The driver zeroes its copies of the data and of the reply when they are freed.
#ifdef __cplusplus
constexpr binder_flags_t FLAG_CLEAR_BUF = 0x20;  // no enum: C++20 does not like to combine two of them
#else
enum { FLAG_CLEAR_BUF = 0x20 };
#endif

// These are for local binders that have not been sent anywhere yet; anything else aborts.

// Makes AIBinder_getCallingSid() work for calls to this binder.
void AIBinder_setRequestingSid(AIBinder* binder, bool requestingSid) __INTRODUCED_IN(31);
// Calls are served at least with this policy (SCHED_*) and priority (-20 .. 19 for SCHED_NORMAL, 1 .. 99 for
// the real-time ones).
void AIBinder_setMinSchedulerPolicy(AIBinder* binder, int policy, int priority) __INTRODUCED_IN(33);
// Whether a caller's real-time policy is passed on (not by default).
void AIBinder_setInheritRt(AIBinder* binder, bool inheritRt) __INTRODUCED_IN(33);

// The security context of the caller; null if it was not asked for or there is none. Valid during the call.
__attribute__((warn_unused_result)) const char* AIBinder_getCallingSid(void) __INTRODUCED_IN(31);

__END_DECLS
