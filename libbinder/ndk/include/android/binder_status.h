// The two kinds of error of the C API: binder_status_t (the transport) and AStatus (what a service answers).
//
// Usable from C and C++. An AStatus belongs to whoever made or read it; it is immutable and may be read by
// several threads. Upstream: frameworks/native/libs/binder/ndk/include_ndk/android/binder_status.h.
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/cdefs.h>

// Every function of every API level is there.
#ifndef __INTRODUCED_IN
#define __INTRODUCED_IN(level)
#endif
#ifndef __ANDROID_API__
#define __ANDROID_API__ 10000
#endif

__BEGIN_DECLS

// How a call or a parcel operation ended. The numbers are those of libutils' status_t: negated errno where
// one fits.
enum {
  STATUS_OK = 0,

  STATUS_UNKNOWN_ERROR = (-2147483647 - 1),
  STATUS_NO_MEMORY = -ENOMEM,
  STATUS_INVALID_OPERATION = -ENOSYS,
  STATUS_BAD_VALUE = -EINVAL,
  STATUS_BAD_TYPE = (STATUS_UNKNOWN_ERROR + 1),
  STATUS_NAME_NOT_FOUND = -ENOENT,
  STATUS_PERMISSION_DENIED = -EPERM,
  STATUS_NO_INIT = -ENODEV,
  STATUS_ALREADY_EXISTS = -EEXIST,
  STATUS_DEAD_OBJECT = -EPIPE,
  STATUS_FAILED_TRANSACTION = (STATUS_UNKNOWN_ERROR + 2),
  STATUS_BAD_INDEX = -EOVERFLOW,
  STATUS_NOT_ENOUGH_DATA = -ENODATA,
  STATUS_WOULD_BLOCK = -EWOULDBLOCK,
  STATUS_TIMED_OUT = -ETIMEDOUT,
  STATUS_UNKNOWN_TRANSACTION = -EBADMSG,
  STATUS_FDS_NOT_ALLOWED = (STATUS_UNKNOWN_ERROR + 7),
  STATUS_UNEXPECTED_NULL = (STATUS_UNKNOWN_ERROR + 8),
};

// One of STATUS_*; everything else that is negative becomes STATUS_UNKNOWN_ERROR on its way through this
// library. Positive numbers are an implementation's own; callers in other processes do not see them.
typedef int32_t binder_status_t;

// What a service answers instead of a result; the numbers are on the wire (Java's exceptions).
enum {
  EX_NONE = 0,
  EX_SECURITY = -1,
  EX_BAD_PARCELABLE = -2,
  EX_ILLEGAL_ARGUMENT = -3,
  EX_NULL_POINTER = -4,
  EX_ILLEGAL_STATE = -5,
  EX_NETWORK_MAIN_THREAD = -6,
  EX_UNSUPPORTED_OPERATION = -7,
  EX_SERVICE_SPECIFIC = -8,  // with a number that the interface defines
  EX_PARCELABLE = -9,

  EX_TRANSACTION_FAILED = -129,  // never on the wire: the transport failed, with a binder_status_t
};

// One of EX_*; unknown numbers become EX_TRANSACTION_FAILED.
typedef int32_t binder_exception_t;

// The outcome of a call: fine, an exception with a message, or a failure of the transport.
struct AStatus;
typedef struct AStatus AStatus;

// New objects, never null; the caller deletes them. Messages are copied.
__attribute__((warn_unused_result)) AStatus* AStatus_newOk(void) __INTRODUCED_IN(29);
__attribute__((warn_unused_result)) AStatus* AStatus_fromExceptionCode(binder_exception_t exception)
    __INTRODUCED_IN(29);
__attribute__((warn_unused_result)) AStatus* AStatus_fromExceptionCodeWithMessage(
    binder_exception_t exception, const char* message) __INTRODUCED_IN(29);
__attribute__((warn_unused_result)) AStatus* AStatus_fromServiceSpecificError(int32_t serviceSpecific)
    __INTRODUCED_IN(29);
__attribute__((warn_unused_result)) AStatus* AStatus_fromServiceSpecificErrorWithMessage(
    int32_t serviceSpecific, const char* message) __INTRODUCED_IN(29);
// STATUS_OK makes a success; anything else EX_TRANSACTION_FAILED.
__attribute__((warn_unused_result)) AStatus* AStatus_fromStatus(binder_status_t status) __INTRODUCED_IN(29);

bool AStatus_isOk(const AStatus* status) __INTRODUCED_IN(29);
binder_exception_t AStatus_getExceptionCode(const AStatus* status) __INTRODUCED_IN(29);
// The interface's number; 0 unless the exception is EX_SERVICE_SPECIFIC.
int32_t AStatus_getServiceSpecificError(const AStatus* status) __INTRODUCED_IN(29);
// 0 unless the exception is EX_TRANSACTION_FAILED.
binder_status_t AStatus_getStatus(const AStatus* status) __INTRODUCED_IN(29);
// UTF-8, "" if there is none; valid as long as the status.
const char* AStatus_getMessage(const AStatus* status) __INTRODUCED_IN(29);

// All of it as one line for people. The caller gives it to AStatus_deleteDescription().
__attribute__((warn_unused_result)) const char* AStatus_getDescription(const AStatus* status)
    __INTRODUCED_IN(30);
void AStatus_deleteDescription(const char* description) __INTRODUCED_IN(30);

// Null is fine.
void AStatus_delete(AStatus* status) __INTRODUCED_IN(29);

__END_DECLS
