#define LOG_TAG "libbinder_ndk"
#include "status.h"

#include <log/log.h>

#include <string>

using android::binder::Status;
using cuse_binder::ndk::prune_exception;
using cuse_binder::ndk::prune_status;

// The numbers are the same on both sides: what is converted below is only checked.
constexpr bool same(int32_t ours, int32_t theirs) {
  return ours == theirs;
}
static_assert(same(STATUS_UNKNOWN_ERROR, android::UNKNOWN_ERROR) &&
              same(STATUS_BAD_TYPE, android::BAD_TYPE) &&
              same(STATUS_FAILED_TRANSACTION, android::FAILED_TRANSACTION) &&
              same(STATUS_FDS_NOT_ALLOWED, android::FDS_NOT_ALLOWED) &&
              same(STATUS_UNEXPECTED_NULL, android::UNEXPECTED_NULL) &&
              same(STATUS_DEAD_OBJECT, android::DEAD_OBJECT) && same(STATUS_NO_MEMORY, android::NO_MEMORY));
static_assert(same(EX_TRANSACTION_FAILED, Status::EX_TRANSACTION_FAILED) &&
              same(EX_PARCELABLE, Status::EX_PARCELABLE) &&
              same(EX_SERVICE_SPECIFIC, Status::EX_SERVICE_SPECIFIC));

namespace cuse_binder::ndk {

binder_status_t prune_status(android::status_t status) {
  if (status > 0) return status;
  switch (status) {
    case STATUS_OK:
    case STATUS_NO_MEMORY:
    case STATUS_INVALID_OPERATION:
    case STATUS_BAD_VALUE:
    case STATUS_BAD_TYPE:
    case STATUS_NAME_NOT_FOUND:
    case STATUS_PERMISSION_DENIED:
    case STATUS_NO_INIT:
    case STATUS_ALREADY_EXISTS:
    case STATUS_DEAD_OBJECT:
    case STATUS_FAILED_TRANSACTION:
    case STATUS_BAD_INDEX:
    case STATUS_NOT_ENOUGH_DATA:
    case STATUS_WOULD_BLOCK:
    case STATUS_TIMED_OUT:
    case STATUS_UNKNOWN_TRANSACTION:
    case STATUS_FDS_NOT_ALLOWED:
    case STATUS_UNEXPECTED_NULL:
    case STATUS_UNKNOWN_ERROR:
      return status;
    default:
      ALOGW("status %d is none of the NDK's: STATUS_UNKNOWN_ERROR", status);
      return STATUS_UNKNOWN_ERROR;
  }
}

binder_exception_t prune_exception(int32_t exception) {
  if (exception == EX_TRANSACTION_FAILED || (exception <= EX_NONE && exception >= EX_PARCELABLE)) {
    return exception;
  }
  ALOGW("exception %d is none of the NDK's: EX_TRANSACTION_FAILED", exception);
  return EX_TRANSACTION_FAILED;
}

}  // namespace cuse_binder::ndk

AStatus* AStatus_newOk() {
  return new AStatus();
}

AStatus* AStatus_fromExceptionCode(binder_exception_t exception) {
  return new AStatus(Status::fromExceptionCode(prune_exception(exception)));
}

AStatus* AStatus_fromExceptionCodeWithMessage(binder_exception_t exception, const char* message) {
  return new AStatus(Status::fromExceptionCode(prune_exception(exception), message));
}

AStatus* AStatus_fromServiceSpecificError(int32_t serviceSpecific) {
  return new AStatus(Status::fromServiceSpecificError(serviceSpecific));
}

AStatus* AStatus_fromServiceSpecificErrorWithMessage(int32_t serviceSpecific, const char* message) {
  return new AStatus(Status::fromServiceSpecificError(serviceSpecific, message));
}

AStatus* AStatus_fromStatus(binder_status_t status) {
  return new AStatus(Status::fromStatusT(prune_status(status)));
}

bool AStatus_isOk(const AStatus* status) {
  return status->status.isOk();
}

binder_exception_t AStatus_getExceptionCode(const AStatus* status) {
  return prune_exception(status->status.exceptionCode());
}

int32_t AStatus_getServiceSpecificError(const AStatus* status) {
  return status->status.serviceSpecificErrorCode();
}

binder_status_t AStatus_getStatus(const AStatus* status) {
  return prune_status(status->status.transactionError());
}

const char* AStatus_getMessage(const AStatus* status) {
  return status->status.exceptionMessage().c_str();
}

const char* AStatus_getDescription(const AStatus* status) {
  const android::String8 text = status->status.toString8();
  char* description = new char[text.size() + 1];
  std::char_traits<char>::copy(description, text.c_str(), text.size() + 1);
  return description;
}

void AStatus_deleteDescription(const char* description) {
  delete[] description;
}

void AStatus_delete(AStatus* status) {
  delete status;
}
