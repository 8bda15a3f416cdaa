// android::binder::Status: how a call of a generated interface ended.
//
// Ok; or an exception, with a message, that the service raised; or a service specific number, with a message;
// or a status_t of the transport (EX_TRANSACTION_FAILED), which does not travel in the reply's data but as
// the result of the transaction. A plain value, not thread-safe. Layout: see Parcel, "replies", in
// src/parcel/status.cpp.
#pragma once

#include <binder/Parcel.h>
#include <utils/String8.h>

#include <cstdint>
#include <ostream>
#include <sstream>
#include <string>

namespace android {
namespace binder {

class Status final {
 public:
  using String = String8;

  // The numbers of android/os/Parcel.java.
  enum Exception {
    EX_NONE = 0,
    EX_SECURITY = -1,
    EX_BAD_PARCELABLE = -2,
    EX_ILLEGAL_ARGUMENT = -3,
    EX_NULL_POINTER = -4,
    EX_ILLEGAL_STATE = -5,
    EX_NETWORK_MAIN_THREAD = -6,
    EX_UNSUPPORTED_OPERATION = -7,
    EX_SERVICE_SPECIFIC = -8,
    EX_PARCELABLE = -9,

    // Java puts these in front of a reply that has more to say (a sized header follows); they are read past.
    EX_HAS_NOTED_APPOPS_REPLY_HEADER = -127,
    EX_HAS_REPLY_HEADER = -128,
    // Never on the wire: the transaction itself failed, transactionError() says how.
    EX_TRANSACTION_FAILED = -129,
  };

  static Status ok();
  static Status fromExceptionCode(int32_t exceptionCode);
  static Status fromExceptionCode(int32_t exceptionCode, const String8& message);
  static Status fromExceptionCode(int32_t exceptionCode, const char* message);
  // An error even if the number is 0.
  static Status fromServiceSpecificError(int32_t serviceSpecificErrorCode);
  static Status fromServiceSpecificError(int32_t serviceSpecificErrorCode, const String8& message);
  static Status fromServiceSpecificError(int32_t serviceSpecificErrorCode, const char* message);
  static Status fromStatusT(status_t status);

  // "EX_SECURITY" and so on; the number for one without a name.
  static std::string exceptionToString(int32_t exceptionCode);

  Status() = default;
  ~Status() = default;
  Status(const Status&) = default;
  Status(Status&&) = default;
  Status& operator=(const Status&) = default;
  Status& operator=(Status&&) = default;

  // Reads the head of a reply. Returns an error (and becomes it) if that cannot be read; an exception that
  // was read is no error.
  status_t readFromParcel(const Parcel& parcel);
  // Appends it; for EX_TRANSACTION_FAILED nothing, and its status_t is returned.
  status_t writeToParcel(Parcel* parcel) const;
  // The same after emptying the parcel.
  status_t writeOverParcel(Parcel* parcel) const;

  void setException(int32_t ex, const String8& message);
  void setServiceSpecificError(int32_t errorCode, const String8& message);
  // OK makes it ok.
  void setFromStatusT(status_t status);

  int32_t exceptionCode() const { return exception_; }
  const String8& exceptionMessage() const { return message_; }
  status_t transactionError() const { return exception_ == EX_TRANSACTION_FAILED ? error_code_ : OK; }
  int32_t serviceSpecificErrorCode() const { return exception_ == EX_SERVICE_SPECIFIC ? error_code_ : 0; }
  bool isOk() const { return exception_ == EX_NONE; }

  // For messages: "No error", or "Status(exception, text): 'message'".
  String8 toString8() const;

 private:
  Status(int32_t exceptionCode, int32_t errorCode);
  Status(int32_t exceptionCode, int32_t errorCode, const String8& message);

  int32_t exception_ = EX_NONE;
  int32_t error_code_ = 0;  // of EX_SERVICE_SPECIFIC and EX_TRANSACTION_FAILED
  String8 message_;
};

std::ostream& operator<<(std::ostream& stream, const Status& s);

}  // namespace binder
}  // namespace android
