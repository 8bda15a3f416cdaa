// AStatus, and how errors of libbinder become errors of the C API.
#include <android/binder_auto_utils.h>
#include <android/binder_libbinder.h>
#include <android/binder_status.h>
#include <binder/Status.h>

#include <cstring>

#include "test/support/catch.h"

using ndk::ScopedAParcel;
using ndk::ScopedAStatus;

namespace {

// Through a parcel, as a reply does it.
ScopedAStatus sent(const ScopedAStatus& status) {
  const ScopedAParcel parcel(AParcel_create());
  REQUIRE(AParcel_writeStatusHeader(parcel.get(), status.get()) == STATUS_OK);
  AParcel_setDataPosition(parcel.get(), 0);
  ScopedAStatus read;
  REQUIRE(AParcel_readStatusHeader(parcel.get(), read.getR()) == STATUS_OK);
  return read;
}

}  // namespace

TEST_CASE("a success", "[status]") {
  const ScopedAStatus status = ScopedAStatus::ok();
  CHECK(status.isOk());
  CHECK(status.getExceptionCode() == EX_NONE);
  CHECK(status.getServiceSpecificError() == 0);
  CHECK(status.getStatus() == STATUS_OK);
  CHECK(std::strcmp(status.getMessage(), "") == 0);
  CHECK_FALSE(status.getDescription().empty());
  CHECK(sent(status).isOk());
  CHECK(ScopedAStatus::fromExceptionCode(EX_NONE).isOk());
  CHECK(ScopedAStatus::fromStatus(STATUS_OK).isOk());
  CHECK_FALSE(ScopedAStatus().isOk());
}

TEST_CASE("exceptions travel with their message", "[status]") {
  const binder_exception_t code =
      GENERATE(as<binder_exception_t>{}, EX_SECURITY, EX_BAD_PARCELABLE, EX_ILLEGAL_ARGUMENT, EX_NULL_POINTER,
               EX_ILLEGAL_STATE, EX_NETWORK_MAIN_THREAD, EX_UNSUPPORTED_OPERATION);
  const ScopedAStatus status = sent(ScopedAStatus::fromExceptionCodeWithMessage(code, "wörds"));
  CHECK_FALSE(status.isOk());
  CHECK(status.getExceptionCode() == code);
  CHECK(status.getStatus() == STATUS_OK);
  CHECK(status.getServiceSpecificError() == 0);
  CHECK(std::strcmp(status.getMessage(), "wörds") == 0);
  CHECK(status.getDescription().find("wörds") != std::string::npos);
  CHECK(std::strcmp(sent(ScopedAStatus::fromExceptionCode(code)).getMessage(), "") == 0);
}

TEST_CASE("an interface's own errors travel with their number", "[status]") {
  const ScopedAStatus status = sent(ScopedAStatus::fromServiceSpecificErrorWithMessage(-17, "why"));
  CHECK_FALSE(status.isOk());
  CHECK(status.getExceptionCode() == EX_SERVICE_SPECIFIC);
  CHECK(status.getServiceSpecificError() == -17);
  CHECK(status.getStatus() == STATUS_OK);
  CHECK(std::strcmp(status.getMessage(), "why") == 0);
  CHECK_FALSE(ScopedAStatus::fromServiceSpecificError(0).isOk());
}

TEST_CASE("a failure of the transport is not written", "[status]") {
  const ScopedAStatus status = ScopedAStatus::fromStatus(STATUS_DEAD_OBJECT);
  CHECK(status.getExceptionCode() == EX_TRANSACTION_FAILED);
  CHECK(status.getStatus() == STATUS_DEAD_OBJECT);
  const ScopedAParcel parcel(AParcel_create());
  CHECK(AParcel_writeStatusHeader(parcel.get(), status.get()) == STATUS_DEAD_OBJECT);
  CHECK(AParcel_getDataSize(parcel.get()) == 0);
}

TEST_CASE("unknown numbers become known ones", "[status]") {
  CHECK(ScopedAStatus::fromStatus(-4711).getStatus() == STATUS_UNKNOWN_ERROR);
  CHECK(ScopedAStatus::fromStatus(4711).getStatus() == 4711);
  CHECK(ScopedAStatus::fromExceptionCode(-4711).getExceptionCode() == EX_TRANSACTION_FAILED);
  CHECK(ScopedAStatus::fromExceptionCode(1).getExceptionCode() == EX_TRANSACTION_FAILED);
}

TEST_CASE("half a status is an error", "[status][hostile]") {
  const ScopedAParcel parcel(AParcel_create());
  REQUIRE(AParcel_writeInt32(parcel.get(), EX_SECURITY) == STATUS_OK);
  REQUIRE(AParcel_writeInt32(parcel.get(), 1000) == STATUS_OK);  // length of a message that is not there
  AParcel_setDataPosition(parcel.get(), 0);
  ScopedAStatus read;
  CHECK(AParcel_readStatusHeader(parcel.get(), read.getR()) != STATUS_OK);
  CHECK(read.get() == nullptr);
}
