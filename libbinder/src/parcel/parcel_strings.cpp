// Parcel: strings. A length without the terminating zero, the characters, the zero, padding.
#include <binder/Parcel.h>
#include <log/log.h>
#include <utils/String8.h>
#include <utils/Unicode.h>

#include <climits>

namespace android {

status_t Parcel::writeCString(const char* str) {
  return write(str, strlen(str) + 1);
}

status_t Parcel::writeString8(const String8& str) {
  return writeString8(str.c_str(), str.size());
}

status_t Parcel::writeString8(const char* str, size_t len) {
  if (str == nullptr) return writeInt32(kNullLength);
  if (len > INT32_MAX - 4) return BAD_VALUE;
  const status_t status = writeInt32(static_cast<int32_t>(len));
  if (status != OK) return status;
  auto* place = static_cast<char*>(writeInplace(len + 1));
  if (place == nullptr) return NO_MEMORY;
  memcpy(place, str, len);
  place[len] = '\0';
  return OK;
}

status_t Parcel::writeString16(const String16& str) {
  return writeString16(static_cast<const char16_t*>(str), str.size());
}

status_t Parcel::writeString16(const char16_t* str, size_t len) {
  if (str == nullptr) return writeInt32(kNullLength);
  if (len > INT32_MAX / sizeof(char16_t) - 4) return BAD_VALUE;
  const status_t status = writeInt32(static_cast<int32_t>(len));
  if (status != OK) return status;
  auto* place = static_cast<uint8_t*>(writeInplace((len + 1) * sizeof(char16_t)));
  if (place == nullptr) return NO_MEMORY;
  memcpy(place, str, len * sizeof(char16_t));
  memset(place + len * sizeof(char16_t), 0, sizeof(char16_t));
  return OK;
}

status_t Parcel::writeUtf8AsUtf16(const std::string& str) {
  const auto* utf8 = reinterpret_cast<const uint8_t*>(str.data());
  const ssize_t length = str.empty() ? 0 : utf8_to_utf16_length(utf8, str.size());
  if (length < 0 || length > static_cast<ssize_t>(INT32_MAX / sizeof(char16_t) - 4)) return BAD_VALUE;
  const status_t status = writeInt32(static_cast<int32_t>(length));
  if (status != OK) return status;
  const auto units = static_cast<size_t>(length);
  void* place = writeInplace((units + 1) * sizeof(char16_t));
  if (place == nullptr) return NO_MEMORY;
  if (units == 0) {
    memset(place, 0, sizeof(char16_t));
  } else {
    utf8_to_utf16(utf8, str.size(), static_cast<char16_t*>(place), units + 1);
  }
  return OK;
}

const char* Parcel::readCString() const {
  if (dataAvail() == 0) return nullptr;
  const auto* str = reinterpret_cast<const char*>(data_ + data_pos_);
  const void* end = memchr(str, '\0', dataAvail());
  if (end == nullptr) return nullptr;
  const size_t size = static_cast<size_t>(static_cast<const char*>(end) - str) + 1;
  if (objects_size_ > 0 && validateReadData(data_pos_ + size) != OK) return nullptr;
  data_pos_ += (size + 3) & ~size_t{3};
  return str;
}

const char* Parcel::readString8Inplace(size_t* outLen) const {
  *outLen = 0;
  const int32_t size = readInt32();
  if (size < 0 || size == INT32_MAX) return nullptr;
  const auto* str = static_cast<const char*>(readInplace(static_cast<size_t>(size) + 1));
  if (str == nullptr || str[size] != '\0') return nullptr;
  *outLen = static_cast<size_t>(size);
  return str;
}

String8 Parcel::readString8() const {
  String8 result;
  if (readString8(&result) != OK && !service_fuzzing_) ALOGE("Parcel: a null or wrong string was read");
  return result;
}

status_t Parcel::readString8(String8* pArg) const {
  size_t length;
  const char* str = readString8Inplace(&length);
  if (str == nullptr) {
    *pArg = String8();
    return UNEXPECTED_NULL;
  }
  pArg->setTo(str, length);
  return OK;
}

const char16_t* Parcel::readString16Inplace(size_t* outLen) const {
  *outLen = 0;
  const int32_t size = readInt32();
  if (size < 0 || size == INT32_MAX) return nullptr;
  const auto length = static_cast<size_t>(size);
  const void* place = readInplace((length + 1) * sizeof(char16_t));
  if (place == nullptr || reinterpret_cast<uintptr_t>(place) % alignof(char16_t) != 0) return nullptr;
  const auto* str = static_cast<const char16_t*>(place);
  if (str[length] != u'\0') return nullptr;
  *outLen = length;
  return str;
}

String16 Parcel::readString16() const {
  String16 result;
  if (readString16(&result) != OK && !service_fuzzing_) ALOGE("Parcel: a null or wrong string was read");
  return result;
}

status_t Parcel::readString16(String16* pArg) const {
  size_t length;
  const char16_t* str = readString16Inplace(&length);
  if (str == nullptr) {
    *pArg = String16();
    return UNEXPECTED_NULL;
  }
  pArg->setTo(str, length);
  return OK;
}

status_t Parcel::readUtf8FromUtf16(std::string* str) const {
  size_t length;
  const char16_t* utf16 = readString16Inplace(&length);
  if (utf16 == nullptr) return UNEXPECTED_NULL;
  str->clear();
  if (length == 0) return OK;
  const ssize_t size = utf16_to_utf8_length(utf16, length);
  if (size < 0) return BAD_VALUE;
  // The converter writes a terminating zero.
  str->resize(static_cast<size_t>(size) + 1);
  utf16_to_utf8(utf16, length, str->data(), str->size());
  str->resize(static_cast<size_t>(size));
  return OK;
}

}  // namespace android
