// The C API's errors: libbinder's status_t and Status behind binder_status_t and AStatus.
#pragma once

#include <android/binder_status.h>
#include <binder/Status.h>
#include <utils/Errors.h>

#include <utility>

struct AStatus {
  AStatus() = default;
  explicit AStatus(android::binder::Status s) : status(std::move(s)) {}

  android::binder::Status status;
};

namespace cuse_binder::ndk {

// A number of the C API; unknown negative ones become STATUS_UNKNOWN_ERROR, positive ones are an interface's
// own.
binder_status_t prune_status(android::status_t status);
// Likewise; unknown ones become EX_TRANSACTION_FAILED.
binder_exception_t prune_exception(int32_t exception);

}  // namespace cuse_binder::ndk
