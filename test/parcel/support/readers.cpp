#include "test/parcel/support/readers.h"

#include <binder/ParcelFileDescriptor.h>
#include <binder/ParcelableHolder.h>
#include <binder/PersistableBundle.h>
#include <binder/Status.h>
#include <unistd.h>
#include <utils/Flattenable.h>
#include <utils/String8.h>

#include <cstdlib>

#include "test/parcel/support/sample.h"

using namespace android;

namespace parcel_readers {

namespace {

// Looks at every byte that a reader gave, so that a tool notices one that is not there.
void look(const void* memory, size_t size) {
  for (size_t i = 0; i < size; ++i) (void)static_cast<const volatile uint8_t*>(memory)[i];
}

class FlatBytes : public Flattenable<FlatBytes> {
 public:
  size_t getFlattenedSize() const { return 0; }
  size_t getFdCount() const { return 0; }
  status_t flatten(void*&, size_t&, int*&, size_t&) const { return OK; }
  status_t unflatten(const void*& buffer, size_t& size, const int*& fds, size_t& count) {
    look(buffer, size);
    for (size_t i = 0; i < count; ++i) close(fds[i]);
    return OK;
  }
};

class LightBytes : public LightFlattenable<LightBytes> {
 public:
  bool isFixedSize() const { return false; }
  size_t getFlattenedSize() const { return 0; }
  status_t flatten(void*, size_t) const { return OK; }
  status_t unflatten(const void* buffer, size_t size) {
    look(buffer, size);
    return OK;
  }
};

template <typename T>
status_t readOne(const Parcel& parcel) {
  T value;
  return value.readFromParcel(&parcel);
}

status_t readHolder(const Parcel& parcel) {
  os::ParcelableHolder holder(Parcelable::Stability::STABILITY_LOCAL);
  const status_t status = holder.readFromParcel(&parcel);
  if (status != OK) return status;
  const os::ParcelableHolder copy = holder;
  std::shared_ptr<Sample> sample;
  return copy.getParcelable(&sample);
}

status_t readStatus(const Parcel& parcel) {
  binder::Status status;
  const status_t result = status.readFromParcel(parcel);
  status.toString8();
  return result;
}

status_t readBytes(const Parcel& parcel) {
  uint8_t bytes[7];
  const status_t status = parcel.read(bytes, sizeof(bytes));
  if (status == OK) look(bytes, sizeof(bytes));
  return status;
}

status_t readInplace(const Parcel& parcel) {
  const void* bytes = parcel.readInplace(9);
  if (bytes == nullptr) return NOT_ENOUGH_DATA;
  look(bytes, 9);
  return OK;
}

status_t readCString(const Parcel& parcel) {
  const char* text = parcel.readCString();
  if (text == nullptr) return NOT_ENOUGH_DATA;
  look(text, strlen(text) + 1);
  return OK;
}

status_t readString8Inplace(const Parcel& parcel) {
  size_t length = 0;
  const char* text = parcel.readString8Inplace(&length);
  if (text == nullptr) return UNEXPECTED_NULL;
  look(text, length + 1);
  return OK;
}

status_t readString16Inplace(const Parcel& parcel) {
  size_t length = 0;
  const char16_t* text = parcel.readString16Inplace(&length);
  if (text == nullptr) return UNEXPECTED_NULL;
  look(text, (length + 1) * sizeof(*text));
  return OK;
}

status_t readBlob(const Parcel& parcel) {
  Parcel::ReadableBlob blob;
  const status_t status = parcel.readBlob(30, &blob);
  if (status == OK) look(blob.data(), blob.size());
  return status;
}

status_t readNativeHandle(const Parcel& parcel) {
  native_handle_t* handle = parcel.readNativeHandle();
  if (handle == nullptr) return BAD_VALUE;
  for (int i = 0; i < handle->numFds; ++i) close(handle->data[i]);
  free(handle);
  return OK;
}

status_t readFlattenable(const Parcel& parcel) {
  FlatBytes value;
  return parcel.read(value);
}

status_t readLightFlattenable(const Parcel& parcel) {
  LightBytes value;
  return parcel.read(value);
}

status_t readToken(const Parcel& parcel) {
  return parcel.enforceInterface(String16("a.IFoo")) && parcel.dataAvail() > 0 ? OK : PERMISSION_DENIED;
}

status_t readFileDescriptor(const Parcel& parcel) {
  const int fd = parcel.readFileDescriptor();
  return fd < 0 ? BAD_TYPE : OK;
}

status_t appendAll(const Parcel& parcel) {
  Parcel copy;
  const status_t status = copy.appendFrom(&parcel, 0, parcel.dataSize());
  return status == OK && parcel.dataSize() == 0 ? NOT_ENOUGH_DATA : status;
}

}  // namespace

#define READER(TYPE, METHOD)                                \
  {                                                         \
#METHOD " " #TYPE, [](const Parcel& parcel) -> status_t { \
     using Type = PARCEL_READERS_UNWRAP TYPE;             \
     Type value{};                                        \
     return parcel.METHOD(&value);                        \
   } \
  }
#define PARCEL_READERS_UNWRAP(...) __VA_ARGS__

const Reader kAll[] = {
    READER((int32_t), readInt32),
    READER((uint32_t), readUint32),
    READER((int64_t), readInt64),
    READER((uint64_t), readUint64),
    READER((float), readFloat),
    READER((double), readDouble),
    READER((bool), readBool),
    READER((char16_t), readChar),
    READER((int8_t), readByte),
    READER((std::vector<int8_t>), readByteVector),
    READER((std::optional<std::vector<int8_t>>), readByteVector),
    READER((std::unique_ptr<std::vector<int8_t>>), readByteVector),
    READER((std::vector<uint8_t>), readByteVector),
    READER((std::optional<std::vector<uint8_t>>), readByteVector),
    READER((std::unique_ptr<std::vector<uint8_t>>), readByteVector),
    READER((std::vector<int32_t>), readInt32Vector),
    READER((std::optional<std::vector<int32_t>>), readInt32Vector),
    READER((std::unique_ptr<std::vector<int32_t>>), readInt32Vector),
    READER((std::vector<int64_t>), readInt64Vector),
    READER((std::optional<std::vector<int64_t>>), readInt64Vector),
    READER((std::unique_ptr<std::vector<int64_t>>), readInt64Vector),
    READER((std::vector<uint64_t>), readUint64Vector),
    READER((std::optional<std::vector<uint64_t>>), readUint64Vector),
    READER((std::unique_ptr<std::vector<uint64_t>>), readUint64Vector),
    READER((std::vector<float>), readFloatVector),
    READER((std::optional<std::vector<float>>), readFloatVector),
    READER((std::unique_ptr<std::vector<float>>), readFloatVector),
    READER((std::vector<double>), readDoubleVector),
    READER((std::optional<std::vector<double>>), readDoubleVector),
    READER((std::unique_ptr<std::vector<double>>), readDoubleVector),
    READER((std::vector<bool>), readBoolVector),
    READER((std::optional<std::vector<bool>>), readBoolVector),
    READER((std::unique_ptr<std::vector<bool>>), readBoolVector),
    READER((std::vector<char16_t>), readCharVector),
    READER((std::optional<std::vector<char16_t>>), readCharVector),
    READER((std::unique_ptr<std::vector<char16_t>>), readCharVector),
    READER((String16), readString16),
    READER((std::optional<String16>), readString16),
    READER((std::unique_ptr<String16>), readString16),
    READER((std::string), readUtf8FromUtf16),
    READER((std::optional<std::string>), readUtf8FromUtf16),
    READER((std::unique_ptr<std::string>), readUtf8FromUtf16),
    READER((std::vector<String16>), readString16Vector),
    READER((std::optional<std::vector<std::optional<String16>>>), readString16Vector),
    READER((std::unique_ptr<std::vector<std::unique_ptr<String16>>>), readString16Vector),
    READER((std::vector<std::string>), readUtf8VectorFromUtf16Vector),
    READER((std::optional<std::vector<std::optional<std::string>>>), readUtf8VectorFromUtf16Vector),
    READER((std::unique_ptr<std::vector<std::unique_ptr<std::string>>>), readUtf8VectorFromUtf16Vector),
    READER((String8), readString8),
    READER((sp<IBinder>), readStrongBinder),
    READER((sp<IBinder>), readNullableStrongBinder),
    READER((sp<IThing>), readStrongBinder),
    READER((std::vector<sp<IBinder>>), readStrongBinderVector),
    READER((std::vector<sp<IThing>>), readStrongBinderVector),
    READER((std::vector<base::unique_fd>), readUniqueFileDescriptorVector),
    READER((std::vector<ByteEnum>), readEnumVector),
    READER((std::vector<IntEnum>), readEnumVector),
    READER((std::vector<LongEnum>), readEnumVector),
    READER((std::optional<std::vector<sp<IBinder>>>), readStrongBinderVector),
    READER((std::optional<std::vector<sp<IThing>>>), readStrongBinderVector),
    READER((std::optional<std::vector<base::unique_fd>>), readUniqueFileDescriptorVector),
    READER((std::optional<std::vector<ByteEnum>>), readEnumVector),
    READER((std::optional<std::vector<IntEnum>>), readEnumVector),
    READER((std::optional<std::vector<LongEnum>>), readEnumVector),
    READER((base::unique_fd), readUniqueFileDescriptor),
    READER((base::unique_fd), readUniqueParcelFileDescriptor),
    READER((std::optional<Sample>), readParcelable),
    READER((std::unique_ptr<Sample>), readParcelable),
    READER((std::vector<Sample>), readParcelableVector),
    READER((std::vector<os::ParcelFileDescriptor>), readParcelableVector),
    READER((std::optional<std::vector<std::optional<os::PersistableBundle>>>), readParcelableVector),
    READER((std::unique_ptr<std::vector<std::unique_ptr<Sample>>>), readParcelableVector),
    READER((std::array<uint8_t, 3>), readFixedArray),
    READER((std::array<std::array<int64_t, 2>, 2>), readFixedArray),
    READER((std::optional<std::array<std::string, 2>>), readFixedArray),
    READER((std::optional<std::array<sp<IThing>, 2>>), readFixedArray),
    READER((std::vector<int64_t>), resizeOutVector),
    READER((std::optional<std::vector<String16>>), resizeOutVector),
    READER((std::unique_ptr<std::vector<uint8_t>>), resizeOutVector),
    {"readHolder", readHolder},
    {"readStatus", readStatus},
    {"readBytes", readBytes},
    {"readInplace", readInplace},
    {"readCString", readCString},
    {"readString8Inplace", readString8Inplace},
    {"readString16Inplace", readString16Inplace},
    {"readBlob", readBlob},
    {"readNativeHandle", readNativeHandle},
    {"readFlattenable", readFlattenable},
    {"readLightFlattenable", readLightFlattenable},
    {"readToken", readToken},
    {"readFileDescriptor", readFileDescriptor},
    {"appendAll", appendAll},
    {"readOne Sample", readOne<Sample>},
    {"readOne os::PersistableBundle", readOne<os::PersistableBundle>},
    {"readOne os::ParcelFileDescriptor", readOne<os::ParcelFileDescriptor>},
};
static_assert(std::size(kAll) == kCount);

}  // namespace parcel_readers
