#define LOG_TAG "libbinder_ndk"
#include "parcel_arrays.h"

#include <log/log.h>

#include <cstring>
#include <limits>
#include <type_traits>

#include "status.h"

using android::Parcel;
using android::status_t;
using cuse_binder::ndk::prune_status;
using cuse_binder::ndk::read_array_length;
using cuse_binder::ndk::write_array_length;

namespace cuse_binder::ndk {

binder_status_t write_array_length(AParcel* parcel, bool is_null, int32_t length) {
  if (length < -1 || (!is_null && length < 0) || (is_null && length > 0)) {
    ALOGE("an array that is %s cannot have the length %d", is_null ? "null" : "not null", length);
    return STATUS_BAD_VALUE;
  }
  return prune_status(parcel->get()->writeInt32(length));
}

binder_status_t read_array_length(const AParcel* parcel, size_t element_size, int32_t* length) {
  const status_t status = parcel->get()->readInt32(length);
  if (status != android::OK) return prune_status(status);
  if (*length < -1) return STATUS_BAD_VALUE;
  if (*length > 0 && static_cast<size_t>(*length) > parcel->get()->dataAvail() / element_size) {
    return STATUS_NO_MEMORY;
  }
  return STATUS_OK;
}

namespace {

// The size of an element on the wire: char16_t and bool have a word each, everything else is packed.
template <typename T>
constexpr size_t kWireSize = std::is_same_v<T, char16_t> || std::is_same_v<T, bool> ? sizeof(int32_t)
                                                                                    : sizeof(T);

binder_status_t refused(int32_t length) {
  return length < 0 ? STATUS_UNEXPECTED_NULL : STATUS_NO_MEMORY;
}

template <typename T>
binder_status_t write_array(AParcel* parcel, const T* array, int32_t length) {
  const binder_status_t status = write_array_length(parcel, array == nullptr, length);
  if (status != STATUS_OK || length <= 0) return status;
  const auto count = static_cast<size_t>(length);
  if constexpr (std::is_same_v<T, char16_t>) {
    for (size_t i = 0; i < count; ++i) {
      if (const status_t written = parcel->get()->writeChar(array[i]); written != android::OK) {
        return prune_status(written);
      }
    }
  } else {
    if (count > std::numeric_limits<int32_t>::max() / sizeof(T)) return STATUS_NO_MEMORY;
    void* const data = parcel->get()->writeInplace(count * sizeof(T));
    if (data == nullptr) return STATUS_NO_MEMORY;
    std::memcpy(data, array, count * sizeof(T));
  }
  return STATUS_OK;
}

template <typename T>
binder_status_t read_array(const AParcel* parcel, void* array_data, bool (*allocator)(void*, int32_t, T**)) {
  int32_t length = 0;
  const binder_status_t status = read_array_length(parcel, kWireSize<T>, &length);
  if (status != STATUS_OK) return status;
  T* array = nullptr;
  if (!allocator(array_data, length, &array)) return refused(length);
  if (length <= 0) return STATUS_OK;
  if (array == nullptr) return STATUS_NO_MEMORY;
  const auto count = static_cast<size_t>(length);
  if constexpr (std::is_same_v<T, char16_t>) {
    for (size_t i = 0; i < count; ++i) {
      if (const status_t read = parcel->get()->readChar(array + i); read != android::OK) {
        return prune_status(read);
      }
    }
  } else {
    const void* data = parcel->get()->readInplace(count * sizeof(T));
    if (data == nullptr) return STATUS_NOT_ENOUGH_DATA;
    std::memcpy(array, data, count * sizeof(T));
  }
  return STATUS_OK;
}

}  // namespace

}  // namespace cuse_binder::ndk

using cuse_binder::ndk::read_array;
using cuse_binder::ndk::write_array;

binder_status_t AParcel_writeInt32Array(AParcel* parcel, const int32_t* arrayData, int32_t length) {
  return write_array(parcel, arrayData, length);
}

binder_status_t AParcel_writeUint32Array(AParcel* parcel, const uint32_t* arrayData, int32_t length) {
  return write_array(parcel, arrayData, length);
}

binder_status_t AParcel_writeInt64Array(AParcel* parcel, const int64_t* arrayData, int32_t length) {
  return write_array(parcel, arrayData, length);
}

binder_status_t AParcel_writeUint64Array(AParcel* parcel, const uint64_t* arrayData, int32_t length) {
  return write_array(parcel, arrayData, length);
}

binder_status_t AParcel_writeFloatArray(AParcel* parcel, const float* arrayData, int32_t length) {
  return write_array(parcel, arrayData, length);
}

binder_status_t AParcel_writeDoubleArray(AParcel* parcel, const double* arrayData, int32_t length) {
  return write_array(parcel, arrayData, length);
}

binder_status_t AParcel_writeCharArray(AParcel* parcel, const char16_t* arrayData, int32_t length) {
  return write_array(parcel, arrayData, length);
}

binder_status_t AParcel_writeByteArray(AParcel* parcel, const int8_t* arrayData, int32_t length) {
  return write_array(parcel, arrayData, length);
}

binder_status_t AParcel_readInt32Array(const AParcel* parcel, void* arrayData,
                                       AParcel_int32ArrayAllocator allocator) {
  return read_array(parcel, arrayData, allocator);
}

binder_status_t AParcel_readUint32Array(const AParcel* parcel, void* arrayData,
                                        AParcel_uint32ArrayAllocator allocator) {
  return read_array(parcel, arrayData, allocator);
}

binder_status_t AParcel_readInt64Array(const AParcel* parcel, void* arrayData,
                                       AParcel_int64ArrayAllocator allocator) {
  return read_array(parcel, arrayData, allocator);
}

binder_status_t AParcel_readUint64Array(const AParcel* parcel, void* arrayData,
                                        AParcel_uint64ArrayAllocator allocator) {
  return read_array(parcel, arrayData, allocator);
}

binder_status_t AParcel_readFloatArray(const AParcel* parcel, void* arrayData,
                                       AParcel_floatArrayAllocator allocator) {
  return read_array(parcel, arrayData, allocator);
}

binder_status_t AParcel_readDoubleArray(const AParcel* parcel, void* arrayData,
                                        AParcel_doubleArrayAllocator allocator) {
  return read_array(parcel, arrayData, allocator);
}

binder_status_t AParcel_readCharArray(const AParcel* parcel, void* arrayData,
                                      AParcel_charArrayAllocator allocator) {
  return read_array(parcel, arrayData, allocator);
}

binder_status_t AParcel_readByteArray(const AParcel* parcel, void* arrayData,
                                      AParcel_byteArrayAllocator allocator) {
  return read_array(parcel, arrayData, allocator);
}

binder_status_t AParcel_writeBoolArray(AParcel* parcel, const void* arrayData, int32_t length,
                                       AParcel_boolArrayGetter getter) {
  // What the data looks like is the caller's business: only the length says whether it is null.
  const binder_status_t status = write_array_length(parcel, length < 0, length);
  if (status != STATUS_OK) return status;
  for (int32_t i = 0; i < length; ++i) {
    const status_t written = parcel->get()->writeBool(getter(arrayData, static_cast<size_t>(i)));
    if (written != android::OK) return prune_status(written);
  }
  return STATUS_OK;
}

binder_status_t AParcel_readBoolArray(const AParcel* parcel, void* arrayData,
                                      AParcel_boolArrayAllocator allocator, AParcel_boolArraySetter setter) {
  int32_t length = 0;
  const binder_status_t status = read_array_length(parcel, cuse_binder::ndk::kWireSize<bool>, &length);
  if (status != STATUS_OK) return status;
  if (!allocator(arrayData, length)) return cuse_binder::ndk::refused(length);
  for (int32_t i = 0; i < length; ++i) {
    bool value = false;
    if (const status_t read = parcel->get()->readBool(&value); read != android::OK) return prune_status(read);
    setter(arrayData, static_cast<size_t>(i), value);
  }
  return STATUS_OK;
}

binder_status_t AParcel_writeParcelableArray(AParcel* parcel, const void* arrayData, int32_t length,
                                             AParcel_writeParcelableElement elementWriter) {
  binder_status_t status = write_array_length(parcel, length < 0, length);
  for (int32_t i = 0; i < length && status == STATUS_OK; ++i) {
    status = elementWriter(parcel, arrayData, static_cast<size_t>(i));
  }
  return status;
}

binder_status_t AParcel_readParcelableArray(const AParcel* parcel, void* arrayData,
                                            AParcel_parcelableArrayAllocator allocator,
                                            AParcel_readParcelableElement elementReader) {
  int32_t length = 0;
  // How much an element takes is not known; none is less than a byte.
  binder_status_t status = read_array_length(parcel, 1, &length);
  if (status != STATUS_OK) return status;
  if (!allocator(arrayData, length)) return cuse_binder::ndk::refused(length);
  for (int32_t i = 0; i < length && status == STATUS_OK; ++i) {
    status = elementReader(parcel, arrayData, static_cast<size_t>(i));
  }
  return status;
}
