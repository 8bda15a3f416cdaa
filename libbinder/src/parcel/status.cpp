// binder::Status, and the head of a reply:
//
//   0                                                        ok
//   -127, size n, n - 4 bytes                                Java's noted app-ops; one of the others follows
//   -128, size n, n - 4 bytes                                Java's strict mode report; ok
//   code < 0, message (String16), size n, n - 4 bytes        an exception; the bytes are Java's stack trace,
//                                                            0 if there is none
//     -8:  and the service specific number                   EX_SERVICE_SPECIFIC
//     -9:  and size n, n - 4 bytes                           EX_PARCELABLE; Java's object, 0 if there is none
//
// Sizes count their own word. What is Java's is read past.
#include <binder/Status.h>

#include <cstring>

namespace android {
namespace binder {

namespace {

const char* exceptionName(int32_t code) {
  switch (code) {
#define NAME(name)   \
  case Status::name: \
    return #name;
    NAME(EX_NONE)
    NAME(EX_SECURITY)
    NAME(EX_BAD_PARCELABLE)
    NAME(EX_ILLEGAL_ARGUMENT)
    NAME(EX_NULL_POINTER)
    NAME(EX_ILLEGAL_STATE)
    NAME(EX_NETWORK_MAIN_THREAD)
    NAME(EX_UNSUPPORTED_OPERATION)
    NAME(EX_SERVICE_SPECIFIC)
    NAME(EX_PARCELABLE)
    NAME(EX_HAS_NOTED_APPOPS_REPLY_HEADER)
    NAME(EX_HAS_REPLY_HEADER)
    NAME(EX_TRANSACTION_FAILED)
#undef NAME
    default:
      return nullptr;
  }
}

// libutils has this since Android 11.
std::string statusName(status_t status) {
  switch (status) {
#define NAME(name) \
  case name:       \
    return #name;
    NAME(OK)
    NAME(UNKNOWN_ERROR)
    NAME(NO_MEMORY)
    NAME(INVALID_OPERATION)
    NAME(BAD_VALUE)
    NAME(BAD_TYPE)
    NAME(NAME_NOT_FOUND)
    NAME(PERMISSION_DENIED)
    NAME(NO_INIT)
    NAME(ALREADY_EXISTS)
    NAME(DEAD_OBJECT)
    NAME(FAILED_TRANSACTION)
    NAME(BAD_INDEX)
    NAME(NOT_ENOUGH_DATA)
    NAME(WOULD_BLOCK)
    NAME(TIMED_OUT)
    NAME(UNKNOWN_TRANSACTION)
    NAME(FDS_NOT_ALLOWED)
    NAME(UNEXPECTED_NULL)
#undef NAME
    default:
      return std::to_string(status) + " (" + strerror(-status) + ")";
  }
}

// Past a part whose size is in front of it; size 0 says that there is no such part.
status_t skipSized(const Parcel& parcel) {
  const size_t start = parcel.dataPosition();
  int32_t size = 0;
  const status_t status = parcel.readInt32(&size);
  if (status != OK || size == 0) return status;
  constexpr auto kOwn = static_cast<int32_t>(sizeof(size));
  if (size < kOwn || static_cast<size_t>(size - kOwn) > parcel.dataAvail()) return UNKNOWN_ERROR;
  parcel.setDataPosition(start + static_cast<size_t>(size));
  return OK;
}

}  // namespace

std::string Status::exceptionToString(int32_t exceptionCode) {
  const char* name = exceptionName(exceptionCode);
  return name != nullptr ? name : std::to_string(exceptionCode);
}

Status Status::ok() {
  return Status();
}

Status Status::fromExceptionCode(int32_t exceptionCode) {
  return exceptionCode == EX_TRANSACTION_FAILED ? Status(EX_TRANSACTION_FAILED, FAILED_TRANSACTION)
                                                : Status(exceptionCode, OK);
}

Status Status::fromExceptionCode(int32_t exceptionCode, const String8& message) {
  return exceptionCode == EX_TRANSACTION_FAILED ? Status(EX_TRANSACTION_FAILED, FAILED_TRANSACTION, message)
                                                : Status(exceptionCode, OK, message);
}

Status Status::fromExceptionCode(int32_t exceptionCode, const char* message) {
  return fromExceptionCode(exceptionCode, String8(message));
}

Status Status::fromServiceSpecificError(int32_t serviceSpecificErrorCode) {
  return Status(EX_SERVICE_SPECIFIC, serviceSpecificErrorCode);
}

Status Status::fromServiceSpecificError(int32_t serviceSpecificErrorCode, const String8& message) {
  return Status(EX_SERVICE_SPECIFIC, serviceSpecificErrorCode, message);
}

Status Status::fromServiceSpecificError(int32_t serviceSpecificErrorCode, const char* message) {
  return fromServiceSpecificError(serviceSpecificErrorCode, String8(message));
}

Status Status::fromStatusT(status_t status) {
  Status result;
  result.setFromStatusT(status);
  return result;
}

Status::Status(int32_t exceptionCode, int32_t errorCode)
    : exception_(exceptionCode), error_code_(errorCode) {}

Status::Status(int32_t exceptionCode, int32_t errorCode, const String8& message)
    : exception_(exceptionCode), error_code_(errorCode), message_(message) {}

status_t Status::readFromParcel(const Parcel& parcel) {
  const auto fail = [this](status_t status) {
    setFromStatusT(status);
    return status;
  };
  *this = Status();
  int32_t code = 0;
  status_t status = parcel.readInt32(&code);
  if (status != OK) return fail(status);
  if (code == EX_HAS_NOTED_APPOPS_REPLY_HEADER) {
    status = skipSized(parcel);
    if (status == OK) status = parcel.readInt32(&code);
    if (status != OK) return fail(status);
  }
  if (code == EX_HAS_REPLY_HEADER) {
    status = skipSized(parcel);
    return status == OK ? OK : fail(status);
  }
  if (code == EX_NONE) return OK;

  std::optional<String16> message;
  status = parcel.readString16(&message);
  if (status == OK) status = skipSized(parcel);
  if (status == OK && code == EX_SERVICE_SPECIFIC) status = parcel.readInt32(&error_code_);
  if (status == OK && code == EX_PARCELABLE) status = skipSized(parcel);
  if (status != OK) return fail(status);
  exception_ = code;
  if (message) message_ = String8(*message);
  // A peer cannot say that the transaction failed; but it can write the number.
  if (code == EX_TRANSACTION_FAILED) error_code_ = FAILED_TRANSACTION;
  return OK;
}

status_t Status::writeToParcel(Parcel* parcel) const {
  if (exception_ == EX_TRANSACTION_FAILED) return error_code_;
  status_t status = parcel->writeInt32(exception_);
  if (status != OK || exception_ == EX_NONE) return status;
  status = parcel->writeString16(String16(message_));
  if (status == OK) status = parcel->writeInt32(0);  // no stack trace
  if (status == OK && exception_ == EX_SERVICE_SPECIFIC) status = parcel->writeInt32(error_code_);
  if (status == OK && exception_ == EX_PARCELABLE) status = parcel->writeInt32(0);  // no object
  return status;
}

status_t Status::writeOverParcel(Parcel* parcel) const {
  const status_t status = parcel->setDataSize(0);
  if (status != OK) return status;
  parcel->setDataPosition(0);
  return writeToParcel(parcel);
}

void Status::setException(int32_t ex, const String8& message) {
  exception_ = ex;
  error_code_ = ex == EX_TRANSACTION_FAILED ? FAILED_TRANSACTION : OK;
  message_ = message;
}

void Status::setServiceSpecificError(int32_t errorCode, const String8& message) {
  exception_ = EX_SERVICE_SPECIFIC;
  error_code_ = errorCode;
  message_ = message;
}

void Status::setFromStatusT(status_t status) {
  exception_ = status == OK ? EX_NONE : EX_TRANSACTION_FAILED;
  error_code_ = status;
  message_ = String8();
}

String8 Status::toString8() const {
  if (exception_ == EX_NONE) return String8("No error");
  String8 result = String8::format("Status(%d, %s): '", exception_, exceptionToString(exception_).c_str());
  if (exception_ == EX_SERVICE_SPECIFIC) {
    result.appendFormat("%d: ", error_code_);
  } else if (exception_ == EX_TRANSACTION_FAILED) {
    result.appendFormat("%s: ", statusName(error_code_).c_str());
  }
  result.append(message_);
  result.append("'");
  return result;
}

std::ostream& operator<<(std::ostream& stream, const Status& s) {
  return stream << s.toString8().c_str();
}

}  // namespace binder
}  // namespace android
