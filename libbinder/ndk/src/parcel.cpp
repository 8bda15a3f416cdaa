// AParcel as a whole, and the single values in it.
#define LOG_TAG "libbinder_ndk"
#include "parcel.h"

#include <android-base/unique_fd.h>
#include <android/binder_libbinder.h>
#include <android/binder_parcel_platform.h>
#include <log/log.h>

#include <cstring>
#include <limits>

#include "object.h"
#include "status.h"

using android::IBinder;
using android::Parcel;
using android::sp;
using android::status_t;
using cuse_binder::ndk::find_or_make;
using cuse_binder::ndk::give;
using cuse_binder::ndk::prune_status;

void AParcel_delete(AParcel* parcel) {
  delete parcel;
}

AParcel* AParcel_create() {
  return new AParcel(nullptr);
}

binder_status_t AParcel_setDataPosition(const AParcel* parcel, int32_t position) {
  if (position < 0) return STATUS_BAD_VALUE;
  parcel->get()->setDataPosition(static_cast<size_t>(position));
  return STATUS_OK;
}

int32_t AParcel_getDataPosition(const AParcel* parcel) {
  return static_cast<int32_t>(parcel->get()->dataPosition());
}

int32_t AParcel_getDataSize(const AParcel* parcel) {
  return static_cast<int32_t>(parcel->get()->dataSize());
}

int32_t AParcel_getDataCapacity(const AParcel* parcel) {
  return static_cast<int32_t>(parcel->get()->dataCapacity());
}

binder_status_t AParcel_setDataCapacity(AParcel* parcel, int32_t capacity) {
  if (capacity < 0) return STATUS_BAD_VALUE;
  return prune_status(parcel->get()->setDataCapacity(static_cast<size_t>(capacity)));
}

binder_status_t AParcel_reset(AParcel* parcel) {
  parcel->get()->freeData();
  return STATUS_OK;
}

binder_status_t AParcel_appendFrom(const AParcel* from, AParcel* to, int32_t start, int32_t size) {
  if (start < 0 || size < 0) return STATUS_BAD_VALUE;
  return prune_status(
      to->get()->appendFrom(from->get(), static_cast<size_t>(start), static_cast<size_t>(size)));
}

binder_status_t AParcel_marshal(const AParcel* parcel, uint8_t* buffer, size_t start, size_t len) {
  const Parcel* raw = parcel->get();
  if (raw->objectsCount() > 0) return STATUS_INVALID_OPERATION;
  // dataSize() is the position if that was set behind the end; ipcDataSize() is not for us, so look from the
  // front.
  const size_t position = raw->dataPosition();
  raw->setDataPosition(0);
  const size_t size = raw->dataSize();
  raw->setDataPosition(position);
  if (len > size || start > size - len) return STATUS_BAD_VALUE;
  if (len == 0) return STATUS_OK;
  if (raw->data() == nullptr) return STATUS_UNEXPECTED_NULL;
  std::memcpy(buffer, raw->data() + start, len);
  return STATUS_OK;
}

binder_status_t AParcel_unmarshal(AParcel* parcel, const uint8_t* buffer, size_t len) {
  Parcel* raw = parcel->get();
  status_t status = raw->setDataSize(0);  // with all binders and descriptors
  if (status == android::OK) status = raw->setDataSize(len);
  if (status != android::OK) return prune_status(status);
  raw->setDataPosition(0);
  void* data = raw->writeInplace(len);
  if (data == nullptr) return STATUS_NO_MEMORY;
  if (len > 0) std::memcpy(data, buffer, len);
  return STATUS_OK;
}

bool AParcel_getAllowFds(const AParcel* parcel) {
  return parcel->get()->allowFds();
}

void AParcel_markSensitive(const AParcel* parcel) {
  parcel->get()->markSensitive();
}

Parcel* AParcel_viewPlatformParcel(AParcel* parcel) {
  return parcel->get();
}

const Parcel* AParcel_viewPlatformParcel(const AParcel* parcel) {
  return parcel->get();
}

binder_status_t AParcel_writeStrongBinder(AParcel* parcel, AIBinder* binder) {
  return prune_status(
      parcel->get()->writeStrongBinder(binder == nullptr ? sp<IBinder>() : binder->platform_binder()));
}

binder_status_t AParcel_readStrongBinder(const AParcel* parcel, AIBinder** binder) {
  sp<IBinder> read;
  const status_t status = parcel->get()->readNullableStrongBinder(&read);
  if (status != android::OK) return prune_status(status);
  *binder = give(find_or_make(read));
  return STATUS_OK;
}

// A ParcelFileDescriptor behind the word that makes a parcelable nullable.
binder_status_t AParcel_writeParcelFileDescriptor(AParcel* parcel, int fd) {
  if (fd < -1) return STATUS_UNKNOWN_ERROR;
  if (fd == -1) return prune_status(parcel->get()->writeInt32(0));
  const status_t status = parcel->get()->writeInt32(1);
  if (status != android::OK) return prune_status(status);
  return prune_status(parcel->get()->writeDupParcelFileDescriptor(fd));
}

binder_status_t AParcel_readParcelFileDescriptor(const AParcel* parcel, int* fd) {
  int32_t present = 0;
  status_t status = parcel->get()->readInt32(&present);
  if (status != android::OK) return prune_status(status);
  if (present == 0) {
    *fd = -1;
    return STATUS_OK;
  }
  android::base::unique_fd read;
  status = parcel->get()->readUniqueParcelFileDescriptor(&read);
  if (status != android::OK) return prune_status(status);
  *fd = read.release();
  return STATUS_OK;
}

binder_status_t AParcel_writeStatusHeader(AParcel* parcel, const AStatus* status) {
  return prune_status(status->status.writeToParcel(parcel->get()));
}

binder_status_t AParcel_readStatusHeader(const AParcel* parcel, AStatus** status) {
  android::binder::Status read;
  const status_t result = read.readFromParcel(*parcel->get());
  if (result == android::OK) *status = new AStatus(std::move(read));
  return prune_status(result);
}

binder_status_t AParcel_writeInt32(AParcel* parcel, int32_t value) {
  return prune_status(parcel->get()->writeInt32(value));
}

binder_status_t AParcel_writeUint32(AParcel* parcel, uint32_t value) {
  return prune_status(parcel->get()->writeUint32(value));
}

binder_status_t AParcel_writeInt64(AParcel* parcel, int64_t value) {
  return prune_status(parcel->get()->writeInt64(value));
}

binder_status_t AParcel_writeUint64(AParcel* parcel, uint64_t value) {
  return prune_status(parcel->get()->writeUint64(value));
}

binder_status_t AParcel_writeFloat(AParcel* parcel, float value) {
  return prune_status(parcel->get()->writeFloat(value));
}

binder_status_t AParcel_writeDouble(AParcel* parcel, double value) {
  return prune_status(parcel->get()->writeDouble(value));
}

binder_status_t AParcel_writeBool(AParcel* parcel, bool value) {
  return prune_status(parcel->get()->writeBool(value));
}

binder_status_t AParcel_writeChar(AParcel* parcel, char16_t value) {
  return prune_status(parcel->get()->writeChar(value));
}

binder_status_t AParcel_writeByte(AParcel* parcel, int8_t value) {
  return prune_status(parcel->get()->writeByte(value));
}

binder_status_t AParcel_readInt32(const AParcel* parcel, int32_t* value) {
  return prune_status(parcel->get()->readInt32(value));
}

binder_status_t AParcel_readUint32(const AParcel* parcel, uint32_t* value) {
  return prune_status(parcel->get()->readUint32(value));
}

binder_status_t AParcel_readInt64(const AParcel* parcel, int64_t* value) {
  return prune_status(parcel->get()->readInt64(value));
}

binder_status_t AParcel_readUint64(const AParcel* parcel, uint64_t* value) {
  return prune_status(parcel->get()->readUint64(value));
}

binder_status_t AParcel_readFloat(const AParcel* parcel, float* value) {
  return prune_status(parcel->get()->readFloat(value));
}

binder_status_t AParcel_readDouble(const AParcel* parcel, double* value) {
  return prune_status(parcel->get()->readDouble(value));
}

binder_status_t AParcel_readBool(const AParcel* parcel, bool* value) {
  return prune_status(parcel->get()->readBool(value));
}

binder_status_t AParcel_readChar(const AParcel* parcel, char16_t* value) {
  return prune_status(parcel->get()->readChar(value));
}

binder_status_t AParcel_readByte(const AParcel* parcel, int8_t* value) {
  return prune_status(parcel->get()->readByte(value));
}
