// AParcel: the data of one call or reply, written and read front to back.
//
// Usable from C and C++. An AParcel is not thread-safe. Parcels come from AIBinder_prepareTransaction(),
// AIBinder_transact() and AParcel_create(); those that a class's onTransact gets belong to the library.
//
// Arrays and strings are read by way of callbacks: the reader learns the length, asks the caller for room of
// that length, and fills it. Lengths that the parcel cannot hold are refused (STATUS_NO_MEMORY) before
// anybody is asked for room. A length of -1 is a null array or string: the callback says whether it takes
// one, and if it does not, the read fails with STATUS_UNEXPECTED_NULL.
//
// Upstream: frameworks/native/libs/binder/ndk/include_ndk/android/binder_parcel.h.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/cdefs.h>
#ifndef __cplusplus
#include <uchar.h>
#endif

#include <android/binder_status.h>

struct AIBinder;
typedef struct AIBinder AIBinder;

__BEGIN_DECLS

struct AParcel;
typedef struct AParcel AParcel;

// Null is fine.
void AParcel_delete(AParcel* parcel) __INTRODUCED_IN(29);

// A parcel of no transaction, for keeping data. It must not be sent; AParcel_appendFrom() copies it into one
// that is.
AParcel* AParcel_create(void) __INTRODUCED_IN(31);

// Positions are bytes from the start. Only positions that were got from AParcel_getDataPosition() make sense.
// STATUS_BAD_VALUE if negative.
binder_status_t AParcel_setDataPosition(const AParcel* parcel, int32_t position) __INTRODUCED_IN(29);
int32_t AParcel_getDataPosition(const AParcel* parcel) __INTRODUCED_IN(29);
// Bytes in the parcel, whatever the position.
int32_t AParcel_getDataSize(const AParcel* parcel) __INTRODUCED_IN(31);
// Bytes that are allocated. Room for more can be made beforehand; it is never given back.
int32_t AParcel_getDataCapacity(const AParcel* parcel) __INTRODUCED_IN(37);
binder_status_t AParcel_setDataCapacity(AParcel* parcel, int32_t capacity) __INTRODUCED_IN(37);

// Forgets all data.
binder_status_t AParcel_reset(AParcel* parcel) __INTRODUCED_IN(31);

// Appends `size` bytes of `from`, from byte `start` on, with the binders and descriptors among them.
// STATUS_BAD_VALUE if the range is not inside.
binder_status_t AParcel_appendFrom(const AParcel* from, AParcel* to, int32_t start, int32_t size)
    __INTRODUCED_IN(31);

// The bytes of a parcel without binders and descriptors (STATUS_INVALID_OPERATION if it has some), for
// storing. STATUS_BAD_VALUE if the range is not inside.
binder_status_t AParcel_marshal(const AParcel* parcel, uint8_t* buffer, size_t start, size_t len)
    __INTRODUCED_IN(33);
// Replaces the contents. The position is behind them afterwards.
binder_status_t AParcel_unmarshal(AParcel* parcel, const uint8_t* buffer, size_t len) __INTRODUCED_IN(33);

// --- Callbacks ---

// Room for a string of `length` bytes, the final null included; -1 is null. The room is returned in `buffer`.
typedef bool (*AParcel_stringAllocator)(void* stringData, int32_t length, char** buffer);
// Makes an array of `length` null or empty strings; -1 is null.
typedef bool (*AParcel_stringArrayAllocator)(void* arrayData, int32_t length);
// Like AParcel_stringAllocator, for the string at `index`.
typedef bool (*AParcel_stringArrayElementAllocator)(void* arrayData, size_t index, int32_t length,
                                                    char** buffer);
// The string at `index` and its length without a final null; null and -1 for a null string.
typedef const char* (*AParcel_stringArrayElementGetter)(const void* arrayData, size_t index,
                                                        int32_t* outLength);

// Makes an array of `length` elements; -1 is null.
typedef bool (*AParcel_parcelableArrayAllocator)(void* arrayData, int32_t length);
// Write or read one element.
typedef binder_status_t (*AParcel_writeParcelableElement)(AParcel* parcel, const void* arrayData,
                                                          size_t index);
typedef binder_status_t (*AParcel_readParcelableElement)(const AParcel* parcel, void* arrayData,
                                                         size_t index);

// Make an array of `length` elements (-1 is null) and return it in `outBuffer`; for a length of 0 or -1
// `outBuffer` need not be set.
typedef bool (*AParcel_int32ArrayAllocator)(void* arrayData, int32_t length, int32_t** outBuffer);
typedef bool (*AParcel_uint32ArrayAllocator)(void* arrayData, int32_t length, uint32_t** outBuffer);
typedef bool (*AParcel_int64ArrayAllocator)(void* arrayData, int32_t length, int64_t** outBuffer);
typedef bool (*AParcel_uint64ArrayAllocator)(void* arrayData, int32_t length, uint64_t** outBuffer);
typedef bool (*AParcel_floatArrayAllocator)(void* arrayData, int32_t length, float** outBuffer);
typedef bool (*AParcel_doubleArrayAllocator)(void* arrayData, int32_t length, double** outBuffer);
typedef bool (*AParcel_charArrayAllocator)(void* arrayData, int32_t length, char16_t** outBuffer);
typedef bool (*AParcel_byteArrayAllocator)(void* arrayData, int32_t length, int8_t** outBuffer);
// Bools have no array of their own (std::vector<bool>): they are got and set one by one.
typedef bool (*AParcel_boolArrayAllocator)(void* arrayData, int32_t length);
typedef bool (*AParcel_boolArrayGetter)(const void* arrayData, size_t index);
typedef void (*AParcel_boolArraySetter)(void* arrayData, size_t index, bool value);

// --- Binders, descriptors, status ---

// Null is fine. The parcel takes a reference of its own.
binder_status_t AParcel_writeStrongBinder(AParcel* parcel, AIBinder* binder) __INTRODUCED_IN(29);
// One strong reference goes to the caller; null if null was written.
binder_status_t AParcel_readStrongBinder(const AParcel* parcel, AIBinder** binder) __INTRODUCED_IN(29);

// The descriptor is duplicated and stays the caller's; -1 is null. On the wire it is a ParcelFileDescriptor.
binder_status_t AParcel_writeParcelFileDescriptor(AParcel* parcel, int fd) __INTRODUCED_IN(29);
// The caller closes it; -1 if null was written.
binder_status_t AParcel_readParcelFileDescriptor(const AParcel* parcel, int* fd) __INTRODUCED_IN(29);

// The first thing in a reply. Of EX_TRANSACTION_FAILED nothing is written: its binder_status_t is returned
// and is to be passed on as the result of the transaction.
binder_status_t AParcel_writeStatusHeader(AParcel* parcel, const AStatus* status) __INTRODUCED_IN(29);
// The caller deletes the status.
binder_status_t AParcel_readStatusHeader(const AParcel* parcel, AStatus** status) __INTRODUCED_IN(29);

// --- Strings: UTF-8 here, UTF-16 on the wire ---

// `length` bytes; null with -1 is a null string. STATUS_BAD_VALUE if it ends within a character.
binder_status_t AParcel_writeString(AParcel* parcel, const char* string, int32_t length) __INTRODUCED_IN(29);
binder_status_t AParcel_readString(const AParcel* parcel, void* stringData, AParcel_stringAllocator allocator)
    __INTRODUCED_IN(29);
// A length of -1 is a null array.
binder_status_t AParcel_writeStringArray(AParcel* parcel, const void* arrayData, int32_t length,
                                         AParcel_stringArrayElementGetter getter) __INTRODUCED_IN(29);
binder_status_t AParcel_readStringArray(const AParcel* parcel, void* arrayData,
                                        AParcel_stringArrayAllocator allocator,
                                        AParcel_stringArrayElementAllocator elementAllocator)
    __INTRODUCED_IN(29);

// --- Arrays of anything: a length, then one callback per element ---

binder_status_t AParcel_writeParcelableArray(AParcel* parcel, const void* arrayData, int32_t length,
                                             AParcel_writeParcelableElement elementWriter)
    __INTRODUCED_IN(29);
binder_status_t AParcel_readParcelableArray(const AParcel* parcel, void* arrayData,
                                            AParcel_parcelableArrayAllocator allocator,
                                            AParcel_readParcelableElement elementReader) __INTRODUCED_IN(29);

// --- Numbers. On the wire each takes a multiple of four bytes ---

binder_status_t AParcel_writeInt32(AParcel* parcel, int32_t value) __INTRODUCED_IN(29);
binder_status_t AParcel_writeUint32(AParcel* parcel, uint32_t value) __INTRODUCED_IN(29);
binder_status_t AParcel_writeInt64(AParcel* parcel, int64_t value) __INTRODUCED_IN(29);
binder_status_t AParcel_writeUint64(AParcel* parcel, uint64_t value) __INTRODUCED_IN(29);
binder_status_t AParcel_writeFloat(AParcel* parcel, float value) __INTRODUCED_IN(29);
binder_status_t AParcel_writeDouble(AParcel* parcel, double value) __INTRODUCED_IN(29);
binder_status_t AParcel_writeBool(AParcel* parcel, bool value) __INTRODUCED_IN(29);
binder_status_t AParcel_writeChar(AParcel* parcel, char16_t value) __INTRODUCED_IN(29);
binder_status_t AParcel_writeByte(AParcel* parcel, int8_t value) __INTRODUCED_IN(29);

// STATUS_NOT_ENOUGH_DATA at the end of the parcel; *value is 0 then.
binder_status_t AParcel_readInt32(const AParcel* parcel, int32_t* value) __INTRODUCED_IN(29);
binder_status_t AParcel_readUint32(const AParcel* parcel, uint32_t* value) __INTRODUCED_IN(29);
binder_status_t AParcel_readInt64(const AParcel* parcel, int64_t* value) __INTRODUCED_IN(29);
binder_status_t AParcel_readUint64(const AParcel* parcel, uint64_t* value) __INTRODUCED_IN(29);
binder_status_t AParcel_readFloat(const AParcel* parcel, float* value) __INTRODUCED_IN(29);
binder_status_t AParcel_readDouble(const AParcel* parcel, double* value) __INTRODUCED_IN(29);
binder_status_t AParcel_readBool(const AParcel* parcel, bool* value) __INTRODUCED_IN(29);
binder_status_t AParcel_readChar(const AParcel* parcel, char16_t* value) __INTRODUCED_IN(29);
binder_status_t AParcel_readByte(const AParcel* parcel, int8_t* value) __INTRODUCED_IN(29);

// --- Arrays of numbers. A null array has the length -1; STATUS_BAD_VALUE if pointer and length do not agree
// ---

binder_status_t AParcel_writeInt32Array(AParcel* parcel, const int32_t* arrayData, int32_t length)
    __INTRODUCED_IN(29);
binder_status_t AParcel_writeUint32Array(AParcel* parcel, const uint32_t* arrayData, int32_t length)
    __INTRODUCED_IN(29);
binder_status_t AParcel_writeInt64Array(AParcel* parcel, const int64_t* arrayData, int32_t length)
    __INTRODUCED_IN(29);
binder_status_t AParcel_writeUint64Array(AParcel* parcel, const uint64_t* arrayData, int32_t length)
    __INTRODUCED_IN(29);
binder_status_t AParcel_writeFloatArray(AParcel* parcel, const float* arrayData, int32_t length)
    __INTRODUCED_IN(29);
binder_status_t AParcel_writeDoubleArray(AParcel* parcel, const double* arrayData, int32_t length)
    __INTRODUCED_IN(29);
binder_status_t AParcel_writeBoolArray(AParcel* parcel, const void* arrayData, int32_t length,
                                       AParcel_boolArrayGetter getter) __INTRODUCED_IN(29);
binder_status_t AParcel_writeCharArray(AParcel* parcel, const char16_t* arrayData, int32_t length)
    __INTRODUCED_IN(29);
binder_status_t AParcel_writeByteArray(AParcel* parcel, const int8_t* arrayData, int32_t length)
    __INTRODUCED_IN(29);

binder_status_t AParcel_readInt32Array(const AParcel* parcel, void* arrayData,
                                       AParcel_int32ArrayAllocator allocator) __INTRODUCED_IN(29);
binder_status_t AParcel_readUint32Array(const AParcel* parcel, void* arrayData,
                                        AParcel_uint32ArrayAllocator allocator) __INTRODUCED_IN(29);
binder_status_t AParcel_readInt64Array(const AParcel* parcel, void* arrayData,
                                       AParcel_int64ArrayAllocator allocator) __INTRODUCED_IN(29);
binder_status_t AParcel_readUint64Array(const AParcel* parcel, void* arrayData,
                                        AParcel_uint64ArrayAllocator allocator) __INTRODUCED_IN(29);
binder_status_t AParcel_readFloatArray(const AParcel* parcel, void* arrayData,
                                       AParcel_floatArrayAllocator allocator) __INTRODUCED_IN(29);
binder_status_t AParcel_readDoubleArray(const AParcel* parcel, void* arrayData,
                                        AParcel_doubleArrayAllocator allocator) __INTRODUCED_IN(29);
binder_status_t AParcel_readBoolArray(const AParcel* parcel, void* arrayData,
                                      AParcel_boolArrayAllocator allocator, AParcel_boolArraySetter setter)
    __INTRODUCED_IN(29);
binder_status_t AParcel_readCharArray(const AParcel* parcel, void* arrayData,
                                      AParcel_charArrayAllocator allocator) __INTRODUCED_IN(29);
binder_status_t AParcel_readByteArray(const AParcel* parcel, void* arrayData,
                                      AParcel_byteArrayAllocator allocator) __INTRODUCED_IN(29);

__END_DECLS
