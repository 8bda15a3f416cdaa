// APersistableBundle: string keys to values of a few types, as Java's android.os.PersistableBundle.
//
// Usable from C and C++. Not thread-safe. Keys and strings are UTF-8. Putting under a key that is in use
// replaces the value, also one of another type. Nothing handed in is kept: values are copied in and copied
// out.
//
// Upstream: frameworks/native/libs/binder/ndk/include_ndk/android/persistable_bundle.h.
#pragma once

#include <android/binder_parcel.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/cdefs.h>
#include <sys/types.h>

#ifndef __clang__
#define _Nullable
#define _Nonnull
#endif

__BEGIN_DECLS

struct APersistableBundle;
typedef struct APersistableBundle APersistableBundle;

enum {
  APERSISTABLEBUNDLE_KEY_NOT_FOUND = -1,
  APERSISTABLEBUNDLE_ALLOCATOR_FAILED = -2,
};

// Room for a string of `sizeBytes` bytes, the final null included; null if there is none. The room is the
// caller's, also if the function that asked for it fails later.
typedef char* _Nullable (*_Nonnull APersistableBundle_stringAllocator)(int32_t sizeBytes,
                                                                       void* _Nullable context);

APersistableBundle* _Nullable APersistableBundle_new(void) __INTRODUCED_IN(35);
// A deep copy; an empty one of null.
APersistableBundle* _Nullable APersistableBundle_dup(const APersistableBundle* _Nonnull pBundle)
    __INTRODUCED_IN(35);
// Null is fine.
void APersistableBundle_delete(APersistableBundle* _Nullable pBundle) __INTRODUCED_IN(35);
bool APersistableBundle_isEqual(const APersistableBundle* _Nonnull lhs,
                                const APersistableBundle* _Nonnull rhs) __INTRODUCED_IN(35);

// Makes a new bundle, which is the caller's. STATUS_BAD_VALUE if the parcel is null or has no bundle there.
binder_status_t APersistableBundle_readFromParcel(const AParcel* _Nonnull parcel,
                                                  APersistableBundle* _Nullable* _Nonnull outPBundle)
    __INTRODUCED_IN(35);
binder_status_t APersistableBundle_writeToParcel(const APersistableBundle* _Nonnull pBundle,
                                                 AParcel* _Nonnull parcel) __INTRODUCED_IN(35);

// Number of keys.
int32_t APersistableBundle_size(const APersistableBundle* _Nonnull pBundle) __INTRODUCED_IN(35);
// How many were erased: 0 or 1.
int32_t APersistableBundle_erase(APersistableBundle* _Nonnull pBundle, const char* _Nonnull key)
    __INTRODUCED_IN(35);

void APersistableBundle_putBoolean(APersistableBundle* _Nonnull pBundle, const char* _Nonnull key, bool val)
    __INTRODUCED_IN(35);
void APersistableBundle_putInt(APersistableBundle* _Nonnull pBundle, const char* _Nonnull key, int32_t val)
    __INTRODUCED_IN(35);
void APersistableBundle_putLong(APersistableBundle* _Nonnull pBundle, const char* _Nonnull key, int64_t val)
    __INTRODUCED_IN(35);
void APersistableBundle_putDouble(APersistableBundle* _Nonnull pBundle, const char* _Nonnull key, double val)
    __INTRODUCED_IN(35);
void APersistableBundle_putString(APersistableBundle* _Nonnull pBundle, const char* _Nonnull key,
                                  const char* _Nonnull val) __INTRODUCED_IN(35);
// `num` is a number of elements; negative aborts.
void APersistableBundle_putBooleanVector(APersistableBundle* _Nonnull pBundle, const char* _Nonnull key,
                                         const bool* _Nonnull vec, int32_t num) __INTRODUCED_IN(35);
void APersistableBundle_putIntVector(APersistableBundle* _Nonnull pBundle, const char* _Nonnull key,
                                     const int32_t* _Nonnull vec, int32_t num) __INTRODUCED_IN(35);
void APersistableBundle_putLongVector(APersistableBundle* _Nonnull pBundle, const char* _Nonnull key,
                                      const int64_t* _Nonnull vec, int32_t num) __INTRODUCED_IN(35);
void APersistableBundle_putDoubleVector(APersistableBundle* _Nonnull pBundle, const char* _Nonnull key,
                                        const double* _Nonnull vec, int32_t num) __INTRODUCED_IN(35);
void APersistableBundle_putStringVector(APersistableBundle* _Nonnull pBundle, const char* _Nonnull key,
                                        const char* _Nullable const* _Nullable vec, int32_t num)
    __INTRODUCED_IN(35);
void APersistableBundle_putPersistableBundle(APersistableBundle* _Nonnull pBundle, const char* _Nonnull key,
                                             const APersistableBundle* _Nonnull val) __INTRODUCED_IN(35);

// False, and *val is left alone, if there is no value of that type under the key.
bool APersistableBundle_getBoolean(const APersistableBundle* _Nonnull pBundle, const char* _Nonnull key,
                                   bool* _Nonnull val) __INTRODUCED_IN(35);
bool APersistableBundle_getInt(const APersistableBundle* _Nonnull pBundle, const char* _Nonnull key,
                               int32_t* _Nonnull val) __INTRODUCED_IN(35);
bool APersistableBundle_getLong(const APersistableBundle* _Nonnull pBundle, const char* _Nonnull key,
                                int64_t* _Nonnull val) __INTRODUCED_IN(35);
bool APersistableBundle_getDouble(const APersistableBundle* _Nonnull pBundle, const char* _Nonnull key,
                                  double* _Nonnull val) __INTRODUCED_IN(35);
// The length of the string without its final null, or one of APERSISTABLEBUNDLE_*.
int32_t APersistableBundle_getString(const APersistableBundle* _Nonnull pBundle, const char* _Nonnull key,
                                     char* _Nullable* _Nonnull val,
                                     APersistableBundle_stringAllocator stringAllocator,
                                     void* _Nullable context) __INTRODUCED_IN(35);

// Copy as much as fits into `bufferSizeBytes` bytes and return how many bytes all of it takes, or
// APERSISTABLEBUNDLE_KEY_NOT_FOUND. A null buffer with size 0 asks for the size.
int32_t APersistableBundle_getBooleanVector(const APersistableBundle* _Nonnull pBundle,
                                            const char* _Nonnull key, bool* _Nullable buffer,
                                            int32_t bufferSizeBytes) __INTRODUCED_IN(35);
int32_t APersistableBundle_getIntVector(const APersistableBundle* _Nonnull pBundle, const char* _Nonnull key,
                                        int32_t* _Nullable buffer, int32_t bufferSizeBytes)
    __INTRODUCED_IN(35);
int32_t APersistableBundle_getLongVector(const APersistableBundle* _Nonnull pBundle, const char* _Nonnull key,
                                         int64_t* _Nullable buffer, int32_t bufferSizeBytes)
    __INTRODUCED_IN(35);
int32_t APersistableBundle_getDoubleVector(const APersistableBundle* _Nonnull pBundle,
                                           const char* _Nonnull key, double* _Nullable buffer,
                                           int32_t bufferSizeBytes) __INTRODUCED_IN(35);
// Likewise, with pointers as elements: each string that fits is allocated and copied.
int32_t APersistableBundle_getStringVector(const APersistableBundle* _Nonnull pBundle,
                                           const char* _Nonnull key, char* _Nullable* _Nullable buffer,
                                           int32_t bufferSizeBytes,
                                           APersistableBundle_stringAllocator stringAllocator,
                                           void* _Nullable context) __INTRODUCED_IN(35);
// A copy, which is the caller's.
bool APersistableBundle_getPersistableBundle(const APersistableBundle* _Nonnull pBundle,
                                             const char* _Nonnull key,
                                             APersistableBundle* _Nullable* _Nonnull outBundle)
    __INTRODUCED_IN(35);

// The keys of values of one type, sorted, like APersistableBundle_getStringVector().
int32_t APersistableBundle_getBooleanKeys(const APersistableBundle* _Nonnull pBundle,
                                          char* _Nullable* _Nullable outKeys, int32_t bufferSizeBytes,
                                          APersistableBundle_stringAllocator stringAllocator,
                                          void* _Nullable context) __INTRODUCED_IN(35);
int32_t APersistableBundle_getIntKeys(const APersistableBundle* _Nonnull pBundle,
                                      char* _Nullable* _Nullable outKeys, int32_t bufferSizeBytes,
                                      APersistableBundle_stringAllocator stringAllocator,
                                      void* _Nullable context) __INTRODUCED_IN(35);
int32_t APersistableBundle_getLongKeys(const APersistableBundle* _Nonnull pBundle,
                                       char* _Nullable* _Nullable outKeys, int32_t bufferSizeBytes,
                                       APersistableBundle_stringAllocator stringAllocator,
                                       void* _Nullable context) __INTRODUCED_IN(35);
int32_t APersistableBundle_getDoubleKeys(const APersistableBundle* _Nonnull pBundle,
                                         char* _Nullable* _Nullable outKeys, int32_t bufferSizeBytes,
                                         APersistableBundle_stringAllocator stringAllocator,
                                         void* _Nullable context) __INTRODUCED_IN(35);
int32_t APersistableBundle_getStringKeys(const APersistableBundle* _Nonnull pBundle,
                                         char* _Nullable* _Nullable outKeys, int32_t bufferSizeBytes,
                                         APersistableBundle_stringAllocator stringAllocator,
                                         void* _Nullable context) __INTRODUCED_IN(35);
int32_t APersistableBundle_getBooleanVectorKeys(const APersistableBundle* _Nonnull pBundle,
                                                char* _Nullable* _Nullable outKeys, int32_t bufferSizeBytes,
                                                APersistableBundle_stringAllocator stringAllocator,
                                                void* _Nullable context) __INTRODUCED_IN(35);
int32_t APersistableBundle_getIntVectorKeys(const APersistableBundle* _Nonnull pBundle,
                                            char* _Nullable* _Nullable outKeys, int32_t bufferSizeBytes,
                                            APersistableBundle_stringAllocator stringAllocator,
                                            void* _Nullable context) __INTRODUCED_IN(35);
int32_t APersistableBundle_getLongVectorKeys(const APersistableBundle* _Nonnull pBundle,
                                             char* _Nullable* _Nullable outKeys, int32_t bufferSizeBytes,
                                             APersistableBundle_stringAllocator stringAllocator,
                                             void* _Nullable context) __INTRODUCED_IN(35);
int32_t APersistableBundle_getDoubleVectorKeys(const APersistableBundle* _Nonnull pBundle,
                                               char* _Nullable* _Nullable outKeys, int32_t bufferSizeBytes,
                                               APersistableBundle_stringAllocator stringAllocator,
                                               void* _Nullable context) __INTRODUCED_IN(35);
int32_t APersistableBundle_getStringVectorKeys(const APersistableBundle* _Nonnull pBundle,
                                               char* _Nullable* _Nullable outKeys, int32_t bufferSizeBytes,
                                               APersistableBundle_stringAllocator stringAllocator,
                                               void* _Nullable context) __INTRODUCED_IN(35);
int32_t APersistableBundle_getPersistableBundleKeys(const APersistableBundle* _Nonnull pBundle,
                                                    char* _Nullable* _Nullable outKeys,
                                                    int32_t bufferSizeBytes,
                                                    APersistableBundle_stringAllocator stringAllocator,
                                                    void* _Nullable context) __INTRODUCED_IN(35);

__END_DECLS
