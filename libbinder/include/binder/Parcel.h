// android::Parcel: the bytes of a transaction and the binders and file descriptors among them.
//
// A Parcel is written from front to back and read from front to back, by one cursor (dataPosition()). It owns
// its memory, and the descriptors that were written with a transfer of ownership, until it is emptied or
// goes; a received one gives its memory back to the driver instead. Not thread-safe; not copyable. Errors are
// status_t: OK or a negative number. What is read may come from anybody: every reader checks, and none
// allocates more than what the bytes that are there can fill.
//
// Wire layout (AOSP's, libs/binder/Parcel.cpp): everything begins at a multiple of 4 bytes and is padded with
// zeros; bool, byte and char are words of 4 bytes; arrays of 1, 4 and 8 byte numbers are packed after their
// length; a null string or vector has length -1, a null parcelable is the word 0. Where a comment below says
// "nullable", std::optional and std::unique_ptr do the same; generated code of Android 10 uses the latter.
//
// The declarations are those of AOSP's binder/Parcel.h.
#pragma once

#include <android-base/unique_fd.h>
#include <binder/Common.h>
#include <binder/IInterface.h>
#include <binder/ParcelTraits.h>
#include <binder/Parcelable.h>
#include <cutils/native_handle.h>
#include <utils/Errors.h>
#include <utils/Flattenable.h>
#include <utils/RefBase.h>
#include <utils/String16.h>
#include <utils/Vector.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

// Android 10's `aidl -t` names the class of <utils/Trace.h> without its namespace.
namespace android {
class ScopedTrace;
}
using android::ScopedTrace;

// As in <linux/android/binder.h>.
typedef unsigned long long binder_size_t;

struct flat_binder_object;

namespace android {

class IBinder;
class IPCThreadState;
class ProcessState;
class RpcSession;
class String8;
class TextOutput;
namespace binder {
class Status;
}
namespace internal {
class ParcelAccess;
}

class Parcel {
 public:
  class ReadableBlob;
  class WritableBlob;

  Parcel();
  ~Parcel();
  Parcel(const Parcel&) = delete;
  Parcel& operator=(const Parcel&) = delete;

  // ---- The bytes. All sizes and positions are in bytes.
  const uint8_t* data() const;
  size_t dataSize() const;
  size_t dataAvail() const;  // dataSize() - dataPosition()
  size_t dataPosition() const;
  size_t dataCapacity() const;

  // Grows with undefined bytes, or cuts; objects beyond the end are released.
  status_t setDataSize(size_t size);
  // Past INT32_MAX aborts.
  void setDataPosition(size_t pos) const;
  status_t setDataCapacity(size_t size);  // only grows
  // Replaces everything by a copy of these bytes, without objects.
  status_t setData(const uint8_t* buffer, size_t len);
  // Copies [start, start + len) of another parcel to the cursor, objects that lie in it included: binders get
  // another reference, descriptors are duplicated. FDS_NOT_ALLOWED if this parcel must not have any.
  status_t appendFrom(const Parcel* parcel, size_t start, size_t len);

  // Negative, 0 or positive: the shorter one first, then as of memcmp().
  int compareData(const Parcel& other) const;
  // *result as of memcmp(). BAD_VALUE if the range is not within both.
  status_t compareDataInRange(size_t thisOffset, const Parcel& other, size_t otherOffset, size_t length,
                              int* result) const;

  // Whether descriptors may be written (FDS_NOT_ALLOWED otherwise). pushAllowFds() can only forbid; it
  // returns what was set, for restoreAllowFds().
  bool allowFds() const;
  bool pushAllowFds(bool allowFds);
  void restoreAllowFds(bool lastValue);

  bool hasFileDescriptors() const;
  status_t hasFileDescriptorsInRange(size_t offset, size_t length, bool* result) const;
  status_t hasBinders(bool* result) const;
  status_t hasBindersInRange(size_t offset, size_t length, bool* result) const;
  // All of them, whatever the cursor; the descriptors are borrowed.
  std::vector<sp<IBinder>> debugReadAllStrongBinders() const;
  std::vector<int> debugReadAllFileDescriptors() const;

  // From now on memory is overwritten with zeros before it is freed or grown out of, and the receiver's copy
  // as well.
  void markSensitive() const;
  bool isSensitive() const;

  // To be called before writing a transaction to that binder. There is only one transport: no effect here.
  void markForBinder(const sp<IBinder>& binder);
  void markForRpc(const sp<RpcSession>& session);
  bool isForRpc() const;  // false

  // ---- The interface token in front of a transaction: strict mode word, work source, header word,
  // descriptor (see WireDialect.h).
  status_t writeInterfaceToken(const String16& interface);
  status_t writeInterfaceToken(const char16_t* str, size_t len);
  // Reads the token, takes over the caller's strict mode policy and work source for this thread
  // (`threadState` or the calling thread's) and says whether it is of this interface.
  bool enforceInterface(const String16& interface, IPCThreadState* threadState = nullptr) const;
  bool enforceInterface(const char16_t* interface, size_t len, IPCThreadState* threadState = nullptr) const;
  bool checkInterface(IBinder*) const;

  // EX_BAD_PARCELABLE if there is something left to read. Switched off (no effect) by
  // setEnforceNoDataAvail(false).
  binder::Status enforceNoDataAvail() const;
  void setEnforceNoDataAvail(bool enforceNoDataAvail);

  // Marks a parcel that a fuzzer feeds to a service.
  void setServiceFuzzing();
  bool isServiceFuzzing() const;

  // Empties it and releases everything it owns.
  void freeData();
  size_t objectsCount() const;

  // What a writer ran into (no memory), or setError() set. A parcel with an error is not sent: transact()
  // returns the error.
  status_t errorCheck() const;
  void setError(status_t err);

  // ---- Raw bytes. Padded with zeros to a multiple of 4, except writeUnpadded().
  status_t write(const void* data, size_t len);
  // Room for `len` bytes at the cursor, to be filled by the caller; null if there is no memory.
  void* writeInplace(size_t len);
  status_t writeUnpadded(const void* data, size_t len);
  status_t read(void* outData, size_t len) const;
  // Null if there are not so many. Valid as long as the parcel is not written to.
  const void* readInplace(size_t len) const;

  // ---- Numbers.
  status_t writeInt32(int32_t val);
  status_t writeUint32(uint32_t val);
  status_t writeInt64(int64_t val);
  status_t writeUint64(uint64_t val);
  status_t writeFloat(float val);
  status_t writeDouble(double val);
  status_t writeBool(bool val);
  status_t writeChar(char16_t val);
  status_t writeByte(int8_t val);
  status_t writeInt32Array(size_t len, const int32_t* val);
  status_t writeByteArray(size_t len, const uint8_t* val);  // null is length -1

  // The forms without an argument return 0 for an error.
  int32_t readInt32() const;
  status_t readInt32(int32_t* pArg) const;
  uint32_t readUint32() const;
  status_t readUint32(uint32_t* pArg) const;
  int64_t readInt64() const;
  status_t readInt64(int64_t* pArg) const;
  uint64_t readUint64() const;
  status_t readUint64(uint64_t* pArg) const;
  float readFloat() const;
  status_t readFloat(float* pArg) const;
  double readDouble() const;
  status_t readDouble(double* pArg) const;
  bool readBool() const;
  status_t readBool(bool* pArg) const;
  char16_t readChar() const;
  status_t readChar(char16_t* pArg) const;
  int8_t readByte() const;
  status_t readByte(int8_t* pArg) const;

  // ---- Strings. UTF-8 in memory and UTF-16 on the wire with "Utf8"; String8 is UTF-8 on the wire. Readers
  // of what must not be null return UNEXPECTED_NULL.
  status_t writeCString(const char* str);
  status_t writeString8(const String8& str);
  status_t writeString8(const char* str, size_t len);
  status_t writeString16(const String16& str);
  status_t writeString16(const std::optional<String16>& str);
  status_t writeString16(const std::unique_ptr<String16>& str);
  status_t writeString16(const char16_t* str, size_t len);
  status_t writeUtf8AsUtf16(const std::string& str);
  status_t writeUtf8AsUtf16(const std::optional<std::string>& str);
  status_t writeUtf8AsUtf16(const std::unique_ptr<std::string>& str);

  const char* readCString() const;
  String8 readString8() const;
  status_t readString8(String8* pArg) const;
  const char* readString8Inplace(size_t* outLen) const;
  String16 readString16() const;
  status_t readString16(String16* pArg) const;
  status_t readString16(std::optional<String16>* pArg) const;
  status_t readString16(std::unique_ptr<String16>* pArg) const;
  const char16_t* readString16Inplace(size_t* outLen) const;
  status_t readUtf8FromUtf16(std::string* str) const;
  status_t readUtf8FromUtf16(std::optional<std::string>* str) const;
  status_t readUtf8FromUtf16(std::unique_ptr<std::string>* str) const;

  // ---- Binders. A null one may be written; readStrongBinder(sp*) then returns UNEXPECTED_NULL.
  status_t writeStrongBinder(const sp<IBinder>& val);
  sp<IBinder> readStrongBinder() const;
  status_t readStrongBinder(sp<IBinder>* val) const;
  status_t readNullableStrongBinder(sp<IBinder>* val) const;

  template <typename T, std::enable_if_t<std::is_base_of_v<::android::IInterface, T>, bool> = true>
  status_t writeStrongBinder(const sp<T>& val) {
    return writeStrongBinder(T::asBinder(val));
  }
  template <typename T>
  status_t readStrongBinder(sp<T>* val) const;
  template <typename T>
  status_t readNullableStrongBinder(sp<T>* val) const;

  // ---- Vectors of them. Readers of what must not be null return UNEXPECTED_NULL.
  status_t writeByteVector(const std::optional<std::vector<int8_t>>& val);
  status_t writeByteVector(const std::unique_ptr<std::vector<int8_t>>& val);
  status_t writeByteVector(const std::vector<int8_t>& val);
  status_t writeByteVector(const std::optional<std::vector<uint8_t>>& val);
  status_t writeByteVector(const std::unique_ptr<std::vector<uint8_t>>& val);
  status_t writeByteVector(const std::vector<uint8_t>& val);
  status_t writeInt32Vector(const std::optional<std::vector<int32_t>>& val);
  status_t writeInt32Vector(const std::unique_ptr<std::vector<int32_t>>& val);
  status_t writeInt32Vector(const std::vector<int32_t>& val);
  status_t writeInt64Vector(const std::optional<std::vector<int64_t>>& val);
  status_t writeInt64Vector(const std::unique_ptr<std::vector<int64_t>>& val);
  status_t writeInt64Vector(const std::vector<int64_t>& val);
  status_t writeUint64Vector(const std::optional<std::vector<uint64_t>>& val);
  status_t writeUint64Vector(const std::unique_ptr<std::vector<uint64_t>>& val);
  status_t writeUint64Vector(const std::vector<uint64_t>& val);
  status_t writeFloatVector(const std::optional<std::vector<float>>& val);
  status_t writeFloatVector(const std::unique_ptr<std::vector<float>>& val);
  status_t writeFloatVector(const std::vector<float>& val);
  status_t writeDoubleVector(const std::optional<std::vector<double>>& val);
  status_t writeDoubleVector(const std::unique_ptr<std::vector<double>>& val);
  status_t writeDoubleVector(const std::vector<double>& val);
  status_t writeBoolVector(const std::optional<std::vector<bool>>& val);
  status_t writeBoolVector(const std::unique_ptr<std::vector<bool>>& val);
  status_t writeBoolVector(const std::vector<bool>& val);
  status_t writeCharVector(const std::optional<std::vector<char16_t>>& val);
  status_t writeCharVector(const std::unique_ptr<std::vector<char16_t>>& val);
  status_t writeCharVector(const std::vector<char16_t>& val);
  status_t writeString16Vector(const std::optional<std::vector<std::optional<String16>>>& val);
  status_t writeString16Vector(const std::unique_ptr<std::vector<std::unique_ptr<String16>>>& val);
  status_t writeString16Vector(const std::vector<String16>& val);
  status_t writeUtf8VectorAsUtf16Vector(const std::optional<std::vector<std::optional<std::string>>>& val);
  status_t writeUtf8VectorAsUtf16Vector(
      const std::unique_ptr<std::vector<std::unique_ptr<std::string>>>& val);
  status_t writeUtf8VectorAsUtf16Vector(const std::vector<std::string>& val);
  status_t writeStrongBinderVector(const std::optional<std::vector<sp<IBinder>>>& val);
  status_t writeStrongBinderVector(const std::unique_ptr<std::vector<sp<IBinder>>>& val);
  status_t writeStrongBinderVector(const std::vector<sp<IBinder>>& val);

  status_t readByteVector(std::optional<std::vector<int8_t>>* val) const;
  status_t readByteVector(std::unique_ptr<std::vector<int8_t>>* val) const;
  status_t readByteVector(std::vector<int8_t>* val) const;
  status_t readByteVector(std::optional<std::vector<uint8_t>>* val) const;
  status_t readByteVector(std::unique_ptr<std::vector<uint8_t>>* val) const;
  status_t readByteVector(std::vector<uint8_t>* val) const;
  status_t readInt32Vector(std::optional<std::vector<int32_t>>* val) const;
  status_t readInt32Vector(std::unique_ptr<std::vector<int32_t>>* val) const;
  status_t readInt32Vector(std::vector<int32_t>* val) const;
  status_t readInt64Vector(std::optional<std::vector<int64_t>>* val) const;
  status_t readInt64Vector(std::unique_ptr<std::vector<int64_t>>* val) const;
  status_t readInt64Vector(std::vector<int64_t>* val) const;
  status_t readUint64Vector(std::optional<std::vector<uint64_t>>* val) const;
  status_t readUint64Vector(std::unique_ptr<std::vector<uint64_t>>* val) const;
  status_t readUint64Vector(std::vector<uint64_t>* val) const;
  status_t readFloatVector(std::optional<std::vector<float>>* val) const;
  status_t readFloatVector(std::unique_ptr<std::vector<float>>* val) const;
  status_t readFloatVector(std::vector<float>* val) const;
  status_t readDoubleVector(std::optional<std::vector<double>>* val) const;
  status_t readDoubleVector(std::unique_ptr<std::vector<double>>* val) const;
  status_t readDoubleVector(std::vector<double>* val) const;
  status_t readBoolVector(std::optional<std::vector<bool>>* val) const;
  status_t readBoolVector(std::unique_ptr<std::vector<bool>>* val) const;
  status_t readBoolVector(std::vector<bool>* val) const;
  status_t readCharVector(std::optional<std::vector<char16_t>>* val) const;
  status_t readCharVector(std::unique_ptr<std::vector<char16_t>>* val) const;
  status_t readCharVector(std::vector<char16_t>* val) const;
  status_t readString16Vector(std::optional<std::vector<std::optional<String16>>>* val) const;
  status_t readString16Vector(std::unique_ptr<std::vector<std::unique_ptr<String16>>>* val) const;
  status_t readString16Vector(std::vector<String16>* val) const;
  status_t readUtf8VectorFromUtf16Vector(std::optional<std::vector<std::optional<std::string>>>* val) const;
  status_t readUtf8VectorFromUtf16Vector(
      std::unique_ptr<std::vector<std::unique_ptr<std::string>>>* val) const;
  status_t readUtf8VectorFromUtf16Vector(std::vector<std::string>* val) const;
  // In a nullable vector the binders may be null too.
  status_t readStrongBinderVector(std::optional<std::vector<sp<IBinder>>>* val) const;
  status_t readStrongBinderVector(std::unique_ptr<std::vector<sp<IBinder>>>* val) const;
  status_t readStrongBinderVector(std::vector<sp<IBinder>>* val) const;

  template <typename T, std::enable_if_t<std::is_base_of_v<::android::IInterface, T>, bool> = true>
  status_t writeStrongBinderVector(const std::vector<sp<T>>& val) {
    return writeData(val);
  }
  template <typename T, std::enable_if_t<std::is_base_of_v<::android::IInterface, T>, bool> = true>
  status_t writeStrongBinderVector(const std::optional<std::vector<sp<T>>>& val) {
    return writeData(val);
  }
  template <typename T, std::enable_if_t<std::is_base_of_v<::android::IInterface, T>, bool> = true>
  status_t readStrongBinderVector(std::vector<sp<T>>* val) const {
    return readData(val);
  }
  template <typename T, std::enable_if_t<std::is_base_of_v<::android::IInterface, T>, bool> = true>
  status_t readStrongBinderVector(std::optional<std::vector<sp<T>>>* val) const {
    return readData(val);
  }

  // ---- Arrays of fixed length, also of arrays. The length travels and is checked (BAD_VALUE).
  template <typename T, size_t N>
  status_t writeFixedArray(const std::array<T, N>& val) {
    return writeData(val);
  }
  template <typename T, size_t N>
  status_t writeFixedArray(const std::optional<std::array<T, N>>& val) {
    return writeData(val);
  }
  template <typename T, size_t N>
  status_t readFixedArray(std::array<T, N>* val) const {
    return readData(val);
  }
  template <typename T, size_t N>
  status_t readFixedArray(std::optional<std::array<T, N>>* val) const {
    return readData(val);
  }

  // ---- Enums, by their backing type. V: a std::vector of an enum, or a nullable one.
  template <typename T, std::enable_if_t<std::is_enum_v<T>, bool> = true>
  status_t writeEnumVector(const std::vector<T>& val) {
    return writeData(val);
  }
  template <typename T, std::enable_if_t<std::is_enum_v<T>, bool> = true>
  status_t writeEnumVector(const std::optional<std::vector<T>>& val) {
    return writeData(val);
  }
  template <typename T, std::enable_if_t<std::is_enum_v<T>, bool> = true>
  status_t writeEnumVector(const std::unique_ptr<std::vector<T>>& val) {
    return writeData(val);
  }
  template <typename T, std::enable_if_t<std::is_enum_v<T>, bool> = true>
  status_t readEnumVector(std::vector<T>* val) const {
    return readData(val);
  }
  template <typename T, std::enable_if_t<std::is_enum_v<T>, bool> = true>
  status_t readEnumVector(std::optional<std::vector<T>>* val) const {
    return readData(val);
  }
  template <typename T, std::enable_if_t<std::is_enum_v<T>, bool> = true>
  status_t readEnumVector(std::unique_ptr<std::vector<T>>* val) const {
    return readData(val);
  }

  // ---- Parcelables.
  status_t writeParcelable(const Parcelable& parcelable);
  template <typename T>
  status_t writeNullableParcelable(const std::optional<T>& parcelable) {
    return writeData(parcelable);
  }
  template <typename T>
  status_t writeNullableParcelable(const std::unique_ptr<T>& parcelable) {
    return writeData(parcelable);
  }
  template <typename T>
  status_t writeNullableParcelable(const std::shared_ptr<T>& parcelable) {
    return writeData(parcelable);
  }
  status_t writeRawNullableParcelable(const Parcelable* parcelable);
  template <typename T>
  status_t writeParcelableVector(const std::optional<std::vector<std::optional<T>>>& val) {
    return writeData(val);
  }
  template <typename T>
  status_t writeParcelableVector(const std::unique_ptr<std::vector<std::unique_ptr<T>>>& val) {
    return writeData(val);
  }
  template <typename T>
  status_t writeParcelableVector(const std::shared_ptr<std::vector<std::unique_ptr<T>>>& val) {
    return writeData(val);
  }
  template <typename T>
  status_t writeParcelableVector(const std::shared_ptr<std::vector<std::optional<T>>>& val) {
    return writeData(val);
  }
  template <typename T>
  status_t writeParcelableVector(const std::vector<T>& val) {
    return writeData(val);
  }
  // Android 10's generated code: the vector may be null, its elements may not.
  template <typename T>
  status_t writeParcelableVector(const std::unique_ptr<std::vector<T>>& val) {
    return writeData(val);
  }

  status_t readParcelable(Parcelable* parcelable) const;
  template <typename T>
  status_t readParcelable(std::optional<T>* parcelable) const {
    return readData(parcelable);
  }
  template <typename T>
  status_t readParcelable(std::unique_ptr<T>* parcelable) const {
    return readData(parcelable);
  }
  template <typename T>
  status_t readParcelable(std::shared_ptr<T>* parcelable) const {
    return readData(parcelable);
  }
  template <typename T>
  status_t readParcelableVector(std::optional<std::vector<std::optional<T>>>* val) const {
    return readData(val);
  }
  template <typename T>
  status_t readParcelableVector(std::unique_ptr<std::vector<std::unique_ptr<T>>>* val) const {
    return readData(val);
  }
  template <typename T>
  status_t readParcelableVector(std::vector<T>* val) const {
    return readData(val);
  }
  template <typename T>
  status_t readParcelableVector(std::unique_ptr<std::vector<T>>* val) const {
    return readData(val);
  }

  // ---- libutils' protocols of flat objects.
  template <typename T>
  status_t write(const Flattenable<T>& val);
  template <typename T>
  status_t write(const LightFlattenable<T>& val);
  template <typename T>
  status_t read(Flattenable<T>& val) const;
  template <typename T>
  status_t read(LightFlattenable<T>& val) const;

  // ---- The length of an `out` array, which the caller sends in place of its contents.
  template <typename T>
  status_t writeVectorSize(const std::vector<T>& val);
  template <typename T>
  status_t writeVectorSize(const std::optional<std::vector<T>>& val);
  template <typename T>
  status_t writeVectorSize(const std::unique_ptr<std::vector<T>>& val);
  template <typename T>
  status_t resizeOutVector(std::vector<T>* val) const;
  template <typename T>
  status_t resizeOutVector(std::optional<std::vector<T>>* val) const;
  template <typename T>
  status_t resizeOutVector(std::unique_ptr<std::vector<T>>* val) const;
  // The same for a caller that makes the array by itself: the length, -1 for null.
  template <typename T>
  status_t reserveOutVector(std::vector<T>* val, size_t* size) const;
  template <typename T>
  status_t reserveOutVector(std::optional<std::vector<T>>* val, size_t* size) const;
  template <typename T>
  status_t reserveOutVector(std::unique_ptr<std::vector<T>>* val, size_t* size) const;

  // ---- File descriptors. "Dup": a duplicate is written and owned by the parcel; otherwise the descriptor
  // must stay open as long as the parcel unless takeOwnership. A "parcel file descriptor" is Java's class:
  // the descriptor behind words of its own.
  status_t writeFileDescriptor(int fd, bool takeOwnership = false);
  status_t writeDupFileDescriptor(int fd);
  status_t writeParcelFileDescriptor(int fd, bool takeOwnership = false);
  status_t writeDupParcelFileDescriptor(int fd);
  status_t writeUniqueFileDescriptor(const base::unique_fd& fd);
  status_t writeUniqueFileDescriptorVector(const std::optional<std::vector<base::unique_fd>>& val);
  status_t writeUniqueFileDescriptorVector(const std::unique_ptr<std::vector<base::unique_fd>>& val);
  status_t writeUniqueFileDescriptorVector(const std::vector<base::unique_fd>& val);

  // Borrowed from the parcel; BAD_TYPE (negative) if there is none.
  int readFileDescriptor() const;
  int readParcelFileDescriptor() const;
  // The caller's own duplicates.
  status_t readUniqueFileDescriptor(base::unique_fd* val) const;
  status_t readUniqueParcelFileDescriptor(base::unique_fd* val) const;
  status_t readUniqueFileDescriptorVector(std::optional<std::vector<base::unique_fd>>* val) const;
  status_t readUniqueFileDescriptorVector(std::unique_ptr<std::vector<base::unique_fd>>* val) const;
  status_t readUniqueFileDescriptorVector(std::vector<base::unique_fd>* val) const;

  // The handle's descriptors are duplicated. What is read belongs to the caller (native_handle_close() and
  // native_handle_delete()); null on error.
  status_t writeNativeHandle(const native_handle* handle);
  native_handle* readNativeHandle() const;

  // ---- Blobs: up to 16 KiB (or if descriptors are not allowed) among the bytes, larger ones in shared
  // memory (a memfd) that travels as a descriptor. Fill the blob, then release() it. With mutableCopy the
  // receiver may write to its mapping; otherwise the memory is sealed.
  status_t writeBlob(size_t len, bool mutableCopy, WritableBlob* outBlob);
  // One that exists already, as ReadableBlob::fd() gives it.
  status_t writeDupImmutableBlobFileDescriptor(int fd);
  status_t readBlob(size_t len, ReadableBlob* outBlob) const;

  // ---- The objects themselves. The object is null if there is none at the cursor according to the object
  // table.
  status_t writeObject(const flat_binder_object& val, bool nullMetaData);
  const flat_binder_object* readObject(bool nullMetaData) const;
  // Closes the descriptors that it owns.
  void closeFileDescriptors();

  // ---- Replies. writeNoException(): one zero word. readExceptionCode(): the code; what comes with it is
  // read past.
  status_t writeNoException();
  int32_t readExceptionCode() const;

  // ---- Work source of the token that was written or read.
  bool replaceCallingWorkSourceUid(uid_t uid);
  uid_t readCallingWorkSourceUid() const;

  // Over all parcels of the process: memory that they own.
  static size_t getGlobalAllocSize();
  static size_t getGlobalAllocCount();
  // Shared memory of blobs that this parcel owns.
  size_t getOpenAshmemSize() const;

  void print(TextOutput& to, uint32_t flags = 0) const;
  void print(std::ostream& o, uint32_t flags = 0) const;

 private:
  friend class IPCThreadState;
  friend class internal::ParcelAccess;

  // Gives received memory back. Called once; must not use the parcel.
  typedef void (*release_func)(const uint8_t* data, size_t dataSize, const binder_size_t* objects,
                               size_t objectsCount);

  // For IPCThreadState.
  uintptr_t ipcData() const;
  size_t ipcDataSize() const;
  uintptr_t ipcObjects() const;
  size_t ipcObjectsCount() const;
  // Becomes a view of received memory: nothing is copied, and relFunc is called when it is not needed any
  // more. The descriptors in it are closed then. A wrong object table is dropped: then there are only bytes.
  void ipcSetDataReference(const uint8_t* data, size_t dataSize, const binder_size_t* objects,
                           size_t objectsCount, release_func relFunc);

  // Writers: prepareWrite() makes room for `len` bytes at the cursor, finishWrite() moves it past them.
  status_t prepareWrite(size_t len) {
    // At the end of memory of one's own, the usual place, there is nothing to do.
    if (owner_ == nullptr && data_pos_ == data_size_ && len <= data_capacity_ - data_size_) return OK;
    return prepareWriteSlow(len);
  }
  status_t prepareWriteSlow(size_t len);
  void finishWrite(size_t len);
  // Empties it, with room for `desired` bytes.
  status_t restartWrite(size_t desired);
  // Sets the capacity, cuts if necessary; the memory becomes the parcel's own.
  status_t continueWrite(size_t desired);
  status_t takeOver(size_t desired, size_t objectCount);
  status_t growObjects(size_t count);
  void freeDataNoInit();
  void freeOwnMemory();
  void initState();

  // The objects: see src/parcel/parcel_objects.cpp.
  void releaseObjects(size_t first);
  void dropObjectsIn(size_t begin, size_t end);
  bool overlapsObject(size_t begin, size_t end) const;
  void sortObjects() const;
  size_t objectAtOrAfter(size_t position) const;
  bool hasObjectsInRange(size_t offset, size_t limit, bool wantBinders) const;
  // OK if no object lies in [cursor, end).
  status_t validateReadData(size_t end) const;
  void updateWorkSourceRequestHeaderPosition() const;

  status_t flattenBinder(const sp<IBinder>& binder);
  status_t unflattenBinder(sp<IBinder>* out) const;
  status_t writeStability(IBinder* binder);
  status_t readStability(IBinder* binder) const;
  status_t readOutVectorSizeWithCheck(size_t elementSize, int32_t* size) const;

  template <class T>
  status_t readAligned(T* pArg) const;
  template <class T>
  T readAligned() const;
  template <class T>
  status_t writeAligned(T val);

  // ---- writeData() and readData(): any type by its structure (vectors of nullable vectors of ...). The
  // public functions above are names for some of their instances.
  static constexpr int32_t kNullLength = -1;
  static constexpr int32_t kNullParcelable = 0;
  static constexpr int32_t kNonNullParcelable = 1;

  status_t writeData(bool t) { return writeBool(t); }
  status_t writeData(int8_t t) { return writeByte(t); }
  status_t writeData(uint8_t t) { return writeByte(static_cast<int8_t>(t)); }
  status_t writeData(char16_t t) { return writeChar(t); }
  status_t writeData(int32_t t) { return writeInt32(t); }
  status_t writeData(uint32_t t) { return writeUint32(t); }
  status_t writeData(int64_t t) { return writeInt64(t); }
  status_t writeData(uint64_t t) { return writeUint64(t); }
  status_t writeData(float t) { return writeFloat(t); }
  status_t writeData(double t) { return writeDouble(t); }
  status_t writeData(const String16& t) { return writeString16(t); }
  status_t writeData(const std::string& t) { return writeUtf8AsUtf16(t); }
  status_t writeData(const base::unique_fd& t) { return writeUniqueFileDescriptor(t); }
  status_t writeData(const Parcelable& t) { return writeParcelable(t); }
  template <typename T, std::enable_if_t<std::is_enum_v<T>, bool> = true>
  status_t writeData(const T& t) {
    return writeData(static_cast<std::underlying_type_t<T>>(t));
  }
  template <typename T, std::enable_if_t<internal::is_specialization_v<T, sp>, bool> = true>
  status_t writeData(const T& t) {
    return writeStrongBinder(t);
  }
  template <typename T, std::enable_if_t<internal::is_nullable_v<T>, bool> = true>
  status_t writeData(const T& t);
  template <typename T, std::enable_if_t<internal::is_specialization_v<T, std::vector>, bool> = true>
  status_t writeData(const T& t);
  template <typename T, size_t N>
  status_t writeData(const std::array<T, N>& t);

  // Whether binders in a vector or array may be null: they may if that itself may.
  enum ReadFlags { READ_FLAG_NONE = 0, READ_FLAG_SP_NULLABLE = 1 };

  status_t readData(bool* t) const { return readBool(t); }
  status_t readData(int8_t* t) const { return readByte(t); }
  status_t readData(uint8_t* t) const { return readByte(reinterpret_cast<int8_t*>(t)); }
  status_t readData(char16_t* t) const { return readChar(t); }
  status_t readData(int32_t* t) const { return readInt32(t); }
  status_t readData(uint32_t* t) const { return readUint32(t); }
  status_t readData(int64_t* t) const { return readInt64(t); }
  status_t readData(uint64_t* t) const { return readUint64(t); }
  status_t readData(float* t) const { return readFloat(t); }
  status_t readData(double* t) const { return readDouble(t); }
  status_t readData(String16* t) const { return readString16(t); }
  status_t readData(std::string* t) const { return readUtf8FromUtf16(t); }
  status_t readData(base::unique_fd* t) const { return readUniqueFileDescriptor(t); }
  status_t readData(Parcelable* t) const { return readParcelable(t); }
  template <typename T, std::enable_if_t<std::is_enum_v<T>, bool> = true>
  status_t readData(T* t) const;
  template <typename T, std::enable_if_t<internal::is_specialization_v<T, sp>, bool> = true>
  status_t readData(T* t, ReadFlags flags = READ_FLAG_NONE) const {
    return flags & READ_FLAG_SP_NULLABLE ? readNullableStrongBinder(t) : readStrongBinder(t);
  }
  template <typename T, std::enable_if_t<internal::is_nullable_v<T>, bool> = true>
  status_t readData(T* t) const;
  template <typename T, std::enable_if_t<internal::is_specialization_v<T, std::vector>, bool> = true>
  status_t readData(T* t, ReadFlags flags = READ_FLAG_NONE) const;
  template <typename T, size_t N>
  status_t readData(std::array<T, N>* t, ReadFlags flags = READ_FLAG_NONE) const;
  template <typename Container>
  status_t readElements(Container* t, ReadFlags flags) const;

  status_t error_;
  uint8_t* data_;
  size_t data_size_;
  size_t data_capacity_;
  mutable size_t data_pos_;
  binder_size_t* objects_;
  size_t objects_size_;
  size_t objects_capacity_;
  mutable size_t next_object_hint_;      // readers meet objects in order: where to look first
  mutable size_t work_source_position_;  // in the token, if request_header_present_
  mutable bool request_header_present_;  // a token was written or read
  mutable bool objects_sorted_;          // checked: ascending and without overlaps
  mutable bool fds_known_;               // has_fds_ is right
  mutable bool has_fds_;
  mutable bool sensitive_;
  bool allow_fds_;
  bool enforce_no_data_avail_;
  bool service_fuzzing_;
  bool fds_closed_;     // of a received parcel, by closeFileDescriptors()
  release_func owner_;  // null: the memory is the parcel's own

  class Blob {
   public:
    Blob();
    ~Blob();
    Blob(const Blob&) = delete;
    Blob& operator=(const Blob&) = delete;

    void clear();
    void release();  // unmaps shared memory
    size_t size() const { return size_; }
    int fd() const { return fd_; }  // the parcel's; -1 if the blob is among the bytes
    bool isMutable() const { return mutable_; }

   protected:
    void init(int fd, void* data, size_t size, bool isMutable);

    int fd_;
    void* data_;
    size_t size_;
    bool mutable_;
  };

  // Flattenable<T> is a compile-time protocol; this makes it virtual, so that the code exists once.
  class FlattenableHelperInterface {
   public:
    virtual size_t getFlattenedSize() const = 0;
    virtual size_t getFdCount() const = 0;
    virtual status_t flatten(void* buffer, size_t size, int* fds, size_t count) const = 0;
    virtual status_t unflatten(const void* buffer, size_t size, const int* fds, size_t count) = 0;

   protected:
    virtual ~FlattenableHelperInterface() = default;
  };
  template <typename T>
  class FlattenableHelper final : public FlattenableHelperInterface {
   public:
    explicit FlattenableHelper(const Flattenable<T>& val) : val_(val) {}
    size_t getFlattenedSize() const override { return val_.getFlattenedSize(); }
    size_t getFdCount() const override { return val_.getFdCount(); }
    status_t flatten(void* buffer, size_t size, int* fds, size_t count) const override {
      return val_.flatten(buffer, size, fds, count);
    }
    status_t unflatten(const void* buffer, size_t size, const int* fds, size_t count) override {
      return const_cast<Flattenable<T>&>(val_).unflatten(buffer, size, fds, count);
    }

   private:
    const Flattenable<T>& val_;
  };
  status_t write(const FlattenableHelperInterface& val);
  status_t read(FlattenableHelperInterface& val) const;

 public:
  class ReadableBlob : public Blob {
   public:
    const void* data() const { return data_; }
    void* mutableData() { return isMutable() ? data_ : nullptr; }

   private:
    friend class Parcel;
  };

  class WritableBlob : public Blob {
   public:
    void* data() { return data_; }

   private:
    friend class Parcel;
  };
};

template <typename T>
status_t Parcel::readStrongBinder(sp<T>* val) const {
  sp<IBinder> binder;
  const status_t status = readStrongBinder(&binder);
  if (status != OK) return status;
  *val = interface_cast<T>(binder);
  return *val == nullptr ? UNKNOWN_ERROR : OK;
}

template <typename T>
status_t Parcel::readNullableStrongBinder(sp<T>* val) const {
  sp<IBinder> binder;
  const status_t status = readNullableStrongBinder(&binder);
  if (status != OK) return status;
  *val = interface_cast<T>(binder);
  return *val == nullptr && binder != nullptr ? UNKNOWN_ERROR : OK;
}

template <typename T, std::enable_if_t<internal::is_nullable_v<T>, bool>>
status_t Parcel::writeData(const T& t) {
  using Value = internal::first_argument_t<T>;
  static_assert(internal::has_length_v<Value> || std::is_base_of_v<Parcelable, Value>,
                "cannot be null on the wire");
  if (!t) return writeInt32(internal::has_length_v<Value> ? kNullLength : kNullParcelable);
  return writeData(*t);
}

template <typename T, std::enable_if_t<internal::is_specialization_v<T, std::vector>, bool>>
status_t Parcel::writeData(const T& t) {
  using Element = internal::first_argument_t<T>;
  if (t.size() > static_cast<size_t>(std::numeric_limits<int32_t>::max())) return BAD_VALUE;
  status_t status = writeInt32(static_cast<int32_t>(t.size()));
  if (status != OK) return status;
  if constexpr (internal::is_packed_v<Element>) {
    if (t.size() > std::numeric_limits<size_t>::max() / sizeof(Element)) return BAD_VALUE;
    return write(t.data(), t.size() * sizeof(Element));
  } else if constexpr (internal::is_widened_v<Element>) {
    if (t.size() > std::numeric_limits<int32_t>::max() / sizeof(int32_t)) return BAD_VALUE;
    auto* out = static_cast<uint8_t*>(writeInplace(t.size() * sizeof(int32_t)));
    if (out == nullptr) return BAD_VALUE;
    for (const Element element : t) {
      const auto word = static_cast<int32_t>(element);
      memcpy(out, &word, sizeof(word));
      out += sizeof(word);
    }
    return OK;
  } else {
    for (const auto& element : t) {
      if (status = writeData(element); status != OK) return status;
    }
    return OK;
  }
}

template <typename T, size_t N>
status_t Parcel::writeData(const std::array<T, N>& t) {
  static_assert(N <= static_cast<size_t>(std::numeric_limits<int32_t>::max()));
  status_t status = writeInt32(static_cast<int32_t>(N));
  if (status != OK) return status;
  if constexpr (internal::is_packed_v<T>) {
    return write(t.data(), N * sizeof(T));
  } else {
    for (const auto& element : t) {
      if (status = writeData(element); status != OK) return status;
    }
    return OK;
  }
}

template <typename T, std::enable_if_t<std::is_enum_v<T>, bool>>
status_t Parcel::readData(T* t) const {
  std::underlying_type_t<T> value{};
  const status_t status = readData(&value);
  *t = static_cast<T>(value);
  return status;
}

template <typename T, std::enable_if_t<internal::is_nullable_v<T>, bool>>
status_t Parcel::readData(T* t) const {
  using Value = internal::first_argument_t<T>;
  static_assert(internal::has_length_v<Value> || std::is_base_of_v<Parcelable, Value>,
                "cannot be null on the wire");
  const size_t start = dataPosition();
  int32_t head = 0;
  const status_t status = readInt32(&head);
  if (status != OK) return status;
  if (head == (internal::has_length_v<Value> ? kNullLength : kNullParcelable)) {
    t->reset();
    return OK;
  }
  if constexpr (internal::is_specialization_v<T, std::optional>) {
    t->emplace();
  } else {
    t->reset(new (std::nothrow) Value());
    if (*t == nullptr) return NO_MEMORY;
  }
  setDataPosition(start);
  if constexpr (internal::is_specialization_v<Value, std::vector> || internal::is_fixed_array_v<Value>) {
    return readData(&**t, READ_FLAG_SP_NULLABLE);
  } else {
    return readData(&**t);
  }
}

// The elements one by one, handing the flags to those that have a use for them.
template <typename Container>
status_t Parcel::readElements(Container* t, ReadFlags flags) const {
  using Element = typename Container::value_type;
  for (auto& element : *t) {
    status_t status;
    if constexpr (internal::is_specialization_v<Element, sp> || internal::is_fixed_array_v<Element>) {
      status = readData(&element, flags);
    } else {
      (void)flags;
      status = readData(&element);
    }
    if (status != OK) return status;
  }
  return OK;
}

template <typename T, std::enable_if_t<internal::is_specialization_v<T, std::vector>, bool>>
status_t Parcel::readData(T* t, ReadFlags flags) const {
  using Element = internal::first_argument_t<T>;
  t->clear();
  int32_t size = 0;
  const status_t status = readInt32(&size);
  if (status != OK) return status;
  if (size < 0) return UNEXPECTED_NULL;
  // No element takes less than this: a length that the bytes cannot fulfil allocates nothing.
  constexpr size_t kWireSize = internal::is_packed_v<Element> ? sizeof(Element) : sizeof(int32_t);
  const auto count = static_cast<size_t>(size);
  if (count > dataAvail() / kWireSize) return BAD_VALUE;
  if constexpr (internal::is_packed_v<Element>) {
    if (count == 0) return OK;
    const void* bytes = readInplace(count * sizeof(Element));
    if (bytes == nullptr) return BAD_VALUE;
    t->resize(count);
    memcpy(t->data(), bytes, count * sizeof(Element));
    return OK;
  } else if constexpr (internal::is_widened_v<Element>) {
    const auto* bytes = static_cast<const uint8_t*>(readInplace(count * sizeof(int32_t)));
    if (bytes == nullptr) return BAD_VALUE;
    t->reserve(count);
    for (size_t i = 0; i < count; ++i) {
      int32_t word;
      memcpy(&word, bytes + i * sizeof(word), sizeof(word));
      t->push_back(static_cast<Element>(word));
    }
    return OK;
  } else {
    t->resize(count);
    return readElements(t, flags);
  }
}

template <typename T, size_t N>
status_t Parcel::readData(std::array<T, N>* t, ReadFlags flags) const {
  static_assert(N <= static_cast<size_t>(std::numeric_limits<int32_t>::max()));
  int32_t size = 0;
  const status_t status = readInt32(&size);
  if (status != OK) return status;
  if (size < 0) return UNEXPECTED_NULL;
  if (size != static_cast<int32_t>(N)) return BAD_VALUE;
  if constexpr (internal::is_packed_v<T>) {
    const void* bytes = readInplace(N * sizeof(T));
    if (bytes == nullptr) return BAD_VALUE;
    memcpy(t->data(), bytes, N * sizeof(T));
    return OK;
  } else {
    return readElements(t, flags);
  }
}

template <typename T>
status_t Parcel::write(const Flattenable<T>& val) {
  const FlattenableHelper<T> helper(val);
  return write(static_cast<const FlattenableHelperInterface&>(helper));
}

template <typename T>
status_t Parcel::read(Flattenable<T>& val) const {
  FlattenableHelper<T> helper(val);
  return read(static_cast<FlattenableHelperInterface&>(helper));
}

template <typename T>
status_t Parcel::write(const LightFlattenable<T>& val) {
  const size_t size = val.getFlattenedSize();
  if (size > static_cast<size_t>(std::numeric_limits<int32_t>::max())) return BAD_VALUE;
  if (!val.isFixedSize()) {
    const status_t status = writeInt32(static_cast<int32_t>(size));
    if (status != OK) return status;
  }
  if (size == 0) return OK;
  void* buffer = writeInplace(size);
  return buffer == nullptr ? NO_MEMORY : val.flatten(buffer, size);
}

template <typename T>
status_t Parcel::read(LightFlattenable<T>& val) const {
  size_t size;
  if (val.isFixedSize()) {
    size = val.getFlattenedSize();
  } else {
    int32_t length = 0;
    const status_t status = readInt32(&length);
    if (status != OK) return status;
    if (length < 0) return BAD_VALUE;
    size = static_cast<size_t>(length);
  }
  if (size == 0) return OK;
  const void* buffer = readInplace(size);
  return buffer == nullptr ? NO_MEMORY : val.unflatten(buffer, size);
}

template <typename T>
status_t Parcel::writeVectorSize(const std::vector<T>& val) {
  if (val.size() > static_cast<size_t>(std::numeric_limits<int32_t>::max())) return BAD_VALUE;
  return writeInt32(static_cast<int32_t>(val.size()));
}
template <typename T>
status_t Parcel::writeVectorSize(const std::optional<std::vector<T>>& val) {
  return val ? writeVectorSize(*val) : writeInt32(kNullLength);
}
template <typename T>
status_t Parcel::writeVectorSize(const std::unique_ptr<std::vector<T>>& val) {
  return val ? writeVectorSize(*val) : writeInt32(kNullLength);
}

template <typename T>
status_t Parcel::resizeOutVector(std::vector<T>* val) const {
  int32_t size = 0;
  const status_t status = readOutVectorSizeWithCheck(sizeof(T), &size);
  if (status != OK) return status;
  if (size < 0) return UNEXPECTED_NULL;
  val->resize(static_cast<size_t>(size));
  return OK;
}
template <typename T>
status_t Parcel::resizeOutVector(std::optional<std::vector<T>>* val) const {
  int32_t size = 0;
  const status_t status = readOutVectorSizeWithCheck(sizeof(T), &size);
  if (status != OK) return status;
  val->reset();
  if (size >= 0) val->emplace(static_cast<size_t>(size));
  return OK;
}
template <typename T>
status_t Parcel::resizeOutVector(std::unique_ptr<std::vector<T>>* val) const {
  int32_t size = 0;
  const status_t status = readOutVectorSizeWithCheck(sizeof(T), &size);
  if (status != OK) return status;
  val->reset();
  if (size >= 0) val->reset(new std::vector<T>(static_cast<size_t>(size)));
  return OK;
}

template <typename T>
status_t Parcel::reserveOutVector(std::vector<T>* val, size_t* size) const {
  int32_t length = 0;
  const status_t status = readOutVectorSizeWithCheck(sizeof(T), &length);
  if (status != OK) return status;
  if (length < 0) return UNEXPECTED_NULL;
  *size = static_cast<size_t>(length);
  val->reserve(*size);
  return OK;
}
template <typename T>
status_t Parcel::reserveOutVector(std::optional<std::vector<T>>* val, size_t* size) const {
  int32_t length = 0;
  const status_t status = readOutVectorSizeWithCheck(sizeof(T), &length);
  if (status != OK) return status;
  val->reset();
  *size = length < 0 ? 0 : static_cast<size_t>(length);
  if (length >= 0) val->emplace().reserve(*size);
  return OK;
}
template <typename T>
status_t Parcel::reserveOutVector(std::unique_ptr<std::vector<T>>* val, size_t* size) const {
  int32_t length = 0;
  const status_t status = readOutVectorSizeWithCheck(sizeof(T), &length);
  if (status != OK) return status;
  val->reset();
  *size = length < 0 ? 0 : static_cast<size_t>(length);
  if (length >= 0) {
    val->reset(new std::vector<T>());
    (*val)->reserve(*size);
  }
  return OK;
}

TextOutput& operator<<(TextOutput& to, const Parcel& parcel);

}  // namespace android
