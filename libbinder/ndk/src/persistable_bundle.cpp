#define LOG_TAG "libbinder_ndk"
#include <android/binder_libbinder.h>
#include <android/persistable_bundle.h>
#include <binder/PersistableBundle.h>
#include <log/log.h>
#include <utils/String8.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <set>
#include <vector>

#include "status.h"

using android::String16;
using android::String8;
using android::os::PersistableBundle;
using cuse_binder::ndk::prune_status;

struct APersistableBundle {
  PersistableBundle bundle;
};

namespace {

// Sizes are given as int32_t; what does not fit into a parcel does not either.
int32_t checked_size(size_t size) {
  LOG_ALWAYS_FATAL_IF(size > static_cast<size_t>(std::numeric_limits<int32_t>::max()),
                      "APersistableBundle: %zu bytes or entries are too many", size);
  return static_cast<int32_t>(size);
}

// How many elements of the caller's buffer may be filled.
template <typename T>
size_t room_for(const T* buffer, int32_t size_bytes) {
  return buffer == nullptr || size_bytes <= 0 ? 0 : static_cast<size_t>(size_bytes) / sizeof(T);
}

template <typename T>
std::vector<T> vector_of(const T* values, int32_t count) {
  LOG_ALWAYS_FATAL_IF(count < 0, "APersistableBundle: a vector of %d elements", count);
  return std::vector<T>(values, values + count);
}

template <typename T>
int32_t get_vector(const APersistableBundle* bundle, const char* key, T* buffer, int32_t size_bytes,
                   bool (PersistableBundle::*get)(const String16&, std::vector<T>*) const) {
  std::vector<T> values;
  if (!(bundle->bundle.*get)(String16(key), &values)) return APERSISTABLEBUNDLE_KEY_NOT_FOUND;
  const size_t count = std::min(values.size(), room_for(buffer, size_bytes));
  std::copy_n(values.begin(), count, buffer);
  return checked_size(values.size() * sizeof(T));
}

// A copy in memory of the caller's; null if there is none.
char* allocate_copy(const String16& text, APersistableBundle_stringAllocator allocator, void* context) {
  const String8 utf8(text);
  char* copy = allocator(checked_size(utf8.size() + 1), context);
  if (copy != nullptr) std::memcpy(copy, utf8.c_str(), utf8.size() + 1);
  return copy;
}

template <typename Strings>
int32_t get_strings(const Strings& strings, char** buffer, int32_t size_bytes,
                    APersistableBundle_stringAllocator allocator, void* context) {
  size_t left = room_for(buffer, size_bytes);
  for (const String16& text : strings) {
    if (left-- == 0) break;
    *buffer = allocate_copy(text, allocator, context);
    if (*buffer++ == nullptr) return APERSISTABLEBUNDLE_ALLOCATOR_FAILED;
  }
  return checked_size(strings.size() * sizeof(char*));
}

}  // namespace

APersistableBundle* APersistableBundle_new() {
  return new (std::nothrow) APersistableBundle();
}

APersistableBundle* APersistableBundle_dup(const APersistableBundle* pBundle) {
  return pBundle == nullptr ? new APersistableBundle() : new APersistableBundle(*pBundle);
}

void APersistableBundle_delete(APersistableBundle* pBundle) {
  delete pBundle;
}

bool APersistableBundle_isEqual(const APersistableBundle* lhs, const APersistableBundle* rhs) {
  if (lhs == nullptr || rhs == nullptr) return lhs == rhs;
  return lhs->bundle == rhs->bundle;
}

binder_status_t APersistableBundle_readFromParcel(const AParcel* parcel, APersistableBundle** outPBundle) {
  if (parcel == nullptr || outPBundle == nullptr) return STATUS_BAD_VALUE;
  auto read = std::make_unique<APersistableBundle>();
  const binder_status_t status =
      prune_status(read->bundle.readFromParcel(AParcel_viewPlatformParcel(parcel)));
  if (status == STATUS_OK) *outPBundle = read.release();
  return status;
}

binder_status_t APersistableBundle_writeToParcel(const APersistableBundle* pBundle, AParcel* parcel) {
  if (parcel == nullptr || pBundle == nullptr) return STATUS_BAD_VALUE;
  return prune_status(pBundle->bundle.writeToParcel(AParcel_viewPlatformParcel(parcel)));
}

int32_t APersistableBundle_size(const APersistableBundle* pBundle) {
  return checked_size(pBundle->bundle.size());
}

int32_t APersistableBundle_erase(APersistableBundle* pBundle, const char* key) {
  return checked_size(pBundle->bundle.erase(String16(key)));
}

void APersistableBundle_putBoolean(APersistableBundle* pBundle, const char* key, bool val) {
  pBundle->bundle.putBoolean(String16(key), val);
}

void APersistableBundle_putInt(APersistableBundle* pBundle, const char* key, int32_t val) {
  pBundle->bundle.putInt(String16(key), val);
}

void APersistableBundle_putLong(APersistableBundle* pBundle, const char* key, int64_t val) {
  pBundle->bundle.putLong(String16(key), val);
}

void APersistableBundle_putDouble(APersistableBundle* pBundle, const char* key, double val) {
  pBundle->bundle.putDouble(String16(key), val);
}

void APersistableBundle_putString(APersistableBundle* pBundle, const char* key, const char* val) {
  pBundle->bundle.putString(String16(key), String16(val));
}

void APersistableBundle_putBooleanVector(APersistableBundle* pBundle, const char* key, const bool* vec,
                                         int32_t num) {
  pBundle->bundle.putBooleanVector(String16(key), vector_of(vec, num));
}

void APersistableBundle_putIntVector(APersistableBundle* pBundle, const char* key, const int32_t* vec,
                                     int32_t num) {
  pBundle->bundle.putIntVector(String16(key), vector_of(vec, num));
}

void APersistableBundle_putLongVector(APersistableBundle* pBundle, const char* key, const int64_t* vec,
                                      int32_t num) {
  pBundle->bundle.putLongVector(String16(key), vector_of(vec, num));
}

void APersistableBundle_putDoubleVector(APersistableBundle* pBundle, const char* key, const double* vec,
                                        int32_t num) {
  pBundle->bundle.putDoubleVector(String16(key), vector_of(vec, num));
}

void APersistableBundle_putStringVector(APersistableBundle* pBundle, const char* key, const char* const* vec,
                                        int32_t num) {
  std::vector<String16> strings;
  for (const char* text : vector_of(vec, num)) strings.emplace_back(text);
  pBundle->bundle.putStringVector(String16(key), strings);
}

void APersistableBundle_putPersistableBundle(APersistableBundle* pBundle, const char* key,
                                             const APersistableBundle* val) {
  // A copy first: a bundle may be put into itself.
  const PersistableBundle copy = val->bundle;
  pBundle->bundle.putPersistableBundle(String16(key), copy);
}

bool APersistableBundle_getBoolean(const APersistableBundle* pBundle, const char* key, bool* val) {
  return pBundle->bundle.getBoolean(String16(key), val);
}

bool APersistableBundle_getInt(const APersistableBundle* pBundle, const char* key, int32_t* val) {
  return pBundle->bundle.getInt(String16(key), val);
}

bool APersistableBundle_getLong(const APersistableBundle* pBundle, const char* key, int64_t* val) {
  return pBundle->bundle.getLong(String16(key), val);
}

bool APersistableBundle_getDouble(const APersistableBundle* pBundle, const char* key, double* val) {
  return pBundle->bundle.getDouble(String16(key), val);
}

int32_t APersistableBundle_getString(const APersistableBundle* pBundle, const char* key, char** val,
                                     APersistableBundle_stringAllocator stringAllocator, void* context) {
  String16 text;
  if (!pBundle->bundle.getString(String16(key), &text)) return APERSISTABLEBUNDLE_KEY_NOT_FOUND;
  *val = allocate_copy(text, stringAllocator, context);
  return *val == nullptr ? static_cast<int32_t>(APERSISTABLEBUNDLE_ALLOCATOR_FAILED)
                         : checked_size(std::strlen(*val));
}

int32_t APersistableBundle_getBooleanVector(const APersistableBundle* pBundle, const char* key, bool* buffer,
                                            int32_t bufferSizeBytes) {
  return get_vector(pBundle, key, buffer, bufferSizeBytes, &PersistableBundle::getBooleanVector);
}

int32_t APersistableBundle_getIntVector(const APersistableBundle* pBundle, const char* key, int32_t* buffer,
                                        int32_t bufferSizeBytes) {
  return get_vector(pBundle, key, buffer, bufferSizeBytes, &PersistableBundle::getIntVector);
}

int32_t APersistableBundle_getLongVector(const APersistableBundle* pBundle, const char* key, int64_t* buffer,
                                         int32_t bufferSizeBytes) {
  return get_vector(pBundle, key, buffer, bufferSizeBytes, &PersistableBundle::getLongVector);
}

int32_t APersistableBundle_getDoubleVector(const APersistableBundle* pBundle, const char* key, double* buffer,
                                           int32_t bufferSizeBytes) {
  return get_vector(pBundle, key, buffer, bufferSizeBytes, &PersistableBundle::getDoubleVector);
}

int32_t APersistableBundle_getStringVector(const APersistableBundle* pBundle, const char* key, char** buffer,
                                           int32_t bufferSizeBytes,
                                           APersistableBundle_stringAllocator stringAllocator,
                                           void* context) {
  std::vector<String16> strings;
  if (!pBundle->bundle.getStringVector(String16(key), &strings)) return APERSISTABLEBUNDLE_KEY_NOT_FOUND;
  return get_strings(strings, buffer, bufferSizeBytes, stringAllocator, context);
}

bool APersistableBundle_getPersistableBundle(const APersistableBundle* pBundle, const char* key,
                                             APersistableBundle** outBundle) {
  auto found = std::make_unique<APersistableBundle>();
  if (!pBundle->bundle.getPersistableBundle(String16(key), &found->bundle)) return false;
  *outBundle = found.release();
  return true;
}

int32_t APersistableBundle_getBooleanKeys(const APersistableBundle* pBundle, char** outKeys,
                                          int32_t bufferSizeBytes,
                                          APersistableBundle_stringAllocator stringAllocator, void* context) {
  return get_strings(pBundle->bundle.getBooleanKeys(), outKeys, bufferSizeBytes, stringAllocator, context);
}

int32_t APersistableBundle_getIntKeys(const APersistableBundle* pBundle, char** outKeys,
                                      int32_t bufferSizeBytes,
                                      APersistableBundle_stringAllocator stringAllocator, void* context) {
  return get_strings(pBundle->bundle.getIntKeys(), outKeys, bufferSizeBytes, stringAllocator, context);
}

int32_t APersistableBundle_getLongKeys(const APersistableBundle* pBundle, char** outKeys,
                                       int32_t bufferSizeBytes,
                                       APersistableBundle_stringAllocator stringAllocator, void* context) {
  return get_strings(pBundle->bundle.getLongKeys(), outKeys, bufferSizeBytes, stringAllocator, context);
}

int32_t APersistableBundle_getDoubleKeys(const APersistableBundle* pBundle, char** outKeys,
                                         int32_t bufferSizeBytes,
                                         APersistableBundle_stringAllocator stringAllocator, void* context) {
  return get_strings(pBundle->bundle.getDoubleKeys(), outKeys, bufferSizeBytes, stringAllocator, context);
}

int32_t APersistableBundle_getStringKeys(const APersistableBundle* pBundle, char** outKeys,
                                         int32_t bufferSizeBytes,
                                         APersistableBundle_stringAllocator stringAllocator, void* context) {
  return get_strings(pBundle->bundle.getStringKeys(), outKeys, bufferSizeBytes, stringAllocator, context);
}

int32_t APersistableBundle_getBooleanVectorKeys(const APersistableBundle* pBundle, char** outKeys,
                                                int32_t bufferSizeBytes,
                                                APersistableBundle_stringAllocator stringAllocator,
                                                void* context) {
  return get_strings(pBundle->bundle.getBooleanVectorKeys(), outKeys, bufferSizeBytes, stringAllocator,
                     context);
}

int32_t APersistableBundle_getIntVectorKeys(const APersistableBundle* pBundle, char** outKeys,
                                            int32_t bufferSizeBytes,
                                            APersistableBundle_stringAllocator stringAllocator,
                                            void* context) {
  return get_strings(pBundle->bundle.getIntVectorKeys(), outKeys, bufferSizeBytes, stringAllocator, context);
}

int32_t APersistableBundle_getLongVectorKeys(const APersistableBundle* pBundle, char** outKeys,
                                             int32_t bufferSizeBytes,
                                             APersistableBundle_stringAllocator stringAllocator,
                                             void* context) {
  return get_strings(pBundle->bundle.getLongVectorKeys(), outKeys, bufferSizeBytes, stringAllocator, context);
}

int32_t APersistableBundle_getDoubleVectorKeys(const APersistableBundle* pBundle, char** outKeys,
                                               int32_t bufferSizeBytes,
                                               APersistableBundle_stringAllocator stringAllocator,
                                               void* context) {
  return get_strings(pBundle->bundle.getDoubleVectorKeys(), outKeys, bufferSizeBytes, stringAllocator,
                     context);
}

int32_t APersistableBundle_getStringVectorKeys(const APersistableBundle* pBundle, char** outKeys,
                                               int32_t bufferSizeBytes,
                                               APersistableBundle_stringAllocator stringAllocator,
                                               void* context) {
  return get_strings(pBundle->bundle.getStringVectorKeys(), outKeys, bufferSizeBytes, stringAllocator,
                     context);
}

int32_t APersistableBundle_getPersistableBundleKeys(const APersistableBundle* pBundle, char** outKeys,
                                                    int32_t bufferSizeBytes,
                                                    APersistableBundle_stringAllocator stringAllocator,
                                                    void* context) {
  return get_strings(pBundle->bundle.getPersistableBundleKeys(), outKeys, bufferSizeBytes, stringAllocator,
                     context);
}
