// Strings in parcels: UTF-8 for the caller, UTF-16 on the wire.
#define LOG_TAG "libbinder_ndk"
#include <android/binder_parcel.h>
#include <log/log.h>
#include <utils/Unicode.h>

#include <algorithm>
#include <limits>

#include "parcel.h"
#include "parcel_arrays.h"
#include "status.h"

using android::status_t;
using cuse_binder::ndk::prune_status;
using cuse_binder::ndk::read_array_length;
using cuse_binder::ndk::write_array_length;

binder_status_t AParcel_writeString(AParcel* parcel, const char* string, int32_t length) {
  if (string == nullptr) {
    if (length != -1) return STATUS_BAD_VALUE;
    return prune_status(parcel->get()->writeInt32(-1));
  }
  if (length < 0) return STATUS_BAD_VALUE;

  const auto* utf8 = reinterpret_cast<const uint8_t*>(string);
  const auto utf8_length = static_cast<size_t>(length);
  const ssize_t utf16_length = utf8_length == 0 ? 0 : utf8_to_utf16_length(utf8, utf8_length);
  if (utf16_length < 0 || utf16_length >= std::numeric_limits<int32_t>::max()) {
    ALOGW("a string of %d bytes ends within a character", length);
    return STATUS_BAD_VALUE;
  }
  const status_t status = parcel->get()->writeInt32(static_cast<int32_t>(utf16_length));
  if (status != android::OK) return prune_status(status);
  const auto units = static_cast<size_t>(utf16_length) + 1;
  auto* utf16 = static_cast<char16_t*>(parcel->get()->writeInplace(units * sizeof(char16_t)));
  if (utf16 == nullptr) return STATUS_NO_MEMORY;
  // Bad UTF-8 may convert to less than was counted.
  std::fill_n(utf16, units, u'\0');
  if (utf8_length > 0) utf8_to_utf16(utf8, utf8_length, utf16, units);
  utf16[units - 1] = 0;
  return STATUS_OK;
}

binder_status_t AParcel_readString(const AParcel* parcel, void* stringData,
                                   AParcel_stringAllocator allocator) {
  const android::Parcel* raw = parcel->get();
  const size_t start = raw->dataPosition();
  size_t utf16_length = 0;
  const char16_t* utf16 = raw->readString16Inplace(&utf16_length);
  if (utf16 == nullptr) {
    // Either null or broken; only null is a string.
    raw->setDataPosition(start);
    int32_t length = 0;
    const status_t status = raw->readInt32(&length);
    if (status != android::OK) return prune_status(status);
    if (length != -1) return STATUS_NOT_ENOUGH_DATA;
    return allocator(stringData, -1, nullptr) ? STATUS_OK : STATUS_UNEXPECTED_NULL;
  }

  const ssize_t utf8_length = utf16_length == 0 ? 0 : utf16_to_utf8_length(utf16, utf16_length);
  if (utf8_length < 0 || utf8_length >= std::numeric_limits<int32_t>::max()) return STATUS_BAD_VALUE;
  const auto bytes = static_cast<size_t>(utf8_length) + 1;
  char* utf8 = nullptr;
  if (!allocator(stringData, static_cast<int32_t>(bytes), &utf8) || utf8 == nullptr) return STATUS_NO_MEMORY;
  if (utf16_length > 0) utf16_to_utf8(utf16, utf16_length, utf8, bytes);
  utf8[bytes - 1] = 0;
  return STATUS_OK;
}

binder_status_t AParcel_writeStringArray(AParcel* parcel, const void* arrayData, int32_t length,
                                         AParcel_stringArrayElementGetter getter) {
  binder_status_t status = write_array_length(parcel, length < 0, length);
  for (int32_t i = 0; i < length && status == STATUS_OK; ++i) {
    int32_t element_length = 0;
    const char* element = getter(arrayData, static_cast<size_t>(i), &element_length);
    status = AParcel_writeString(parcel, element, element_length);
  }
  return status;
}

namespace {

// An element's allocator as that of a string.
struct Element {
  void* array_data;
  size_t index;
  AParcel_stringArrayElementAllocator allocator;

  static bool allocate(void* data, int32_t length, char** buffer) {
    const auto* element = static_cast<const Element*>(data);
    return element->allocator(element->array_data, element->index, length, buffer);
  }
};

}  // namespace

binder_status_t AParcel_readStringArray(const AParcel* parcel, void* arrayData,
                                        AParcel_stringArrayAllocator allocator,
                                        AParcel_stringArrayElementAllocator elementAllocator) {
  int32_t length = 0;
  // A null string takes one word.
  binder_status_t status = read_array_length(parcel, sizeof(int32_t), &length);
  if (status != STATUS_OK) return status;
  if (!allocator(arrayData, length)) return length < 0 ? STATUS_UNEXPECTED_NULL : STATUS_NO_MEMORY;
  for (int32_t i = 0; i < length && status == STATUS_OK; ++i) {
    Element element{arrayData, static_cast<size_t>(i), elementAllocator};
    status = AParcel_readString(parcel, &element, &Element::allocate);
  }
  return status;
}
