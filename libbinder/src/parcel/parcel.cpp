// Parcel: its memory. Who owns it, how it grows, and how the cursor moves.
//
// There are two states. A parcel that was written owns its memory (owner_ is null): data_ and objects_ come
// from ParcelMemory, and it holds a reference on each object of the table. A parcel that was received looks
// at memory of the driver, which holds the references; it only has to close the descriptors. The first write
// to a received parcel turns it into one of the first kind (takeOver()), because the driver's memory is
// read-only.
#include <binder/Parcel.h>
#include <log/log.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>

#include "parcel/parcel_memory.h"
#include "parcel/parcel_object.h"

namespace android {

using internal::kObjectSize;
using internal::ParcelMemory;

namespace {

// Sizes are kept in 31 bits everywhere on the wire.
constexpr size_t kMaxSize = INT32_MAX;
constexpr size_t kFirstCapacity = 128;
// A cursor may be moved behind the end and written at; but not where only a wrong number can have brought it
// (no transaction has room for more).
constexpr size_t kMaxGap = 1 << 20;

void zero(void* memory, size_t size) {
  if (size > 0) explicit_bzero(memory, size);
}

}  // namespace

Parcel::Parcel() {
  initState();
}

Parcel::~Parcel() {
  freeDataNoInit();
}

void Parcel::initState() {
  error_ = OK;
  data_ = nullptr;
  data_size_ = 0;
  data_capacity_ = 0;
  data_pos_ = 0;
  objects_ = nullptr;
  objects_size_ = 0;
  objects_capacity_ = 0;
  next_object_hint_ = 0;
  work_source_position_ = 0;
  request_header_present_ = false;
  objects_sorted_ = true;
  fds_known_ = true;
  has_fds_ = false;
  sensitive_ = false;
  allow_fds_ = true;
  enforce_no_data_avail_ = true;
  service_fuzzing_ = false;
  fds_closed_ = false;
  owner_ = nullptr;
}

size_t Parcel::getGlobalAllocSize() {
  return ParcelMemory::usedBytes();
}

size_t Parcel::getGlobalAllocCount() {
  return ParcelMemory::usedBlocks();
}

const uint8_t* Parcel::data() const {
  return data_;
}

size_t Parcel::dataSize() const {
  return data_size_;
}

size_t Parcel::dataAvail() const {
  return data_pos_ < data_size_ ? data_size_ - data_pos_ : 0;
}

size_t Parcel::dataPosition() const {
  return data_pos_;
}

size_t Parcel::dataCapacity() const {
  return data_capacity_;
}

status_t Parcel::setDataSize(size_t size) {
  if (size > kMaxSize) return BAD_VALUE;
  const status_t status = continueWrite(size);
  if (status != OK) return status;
  data_size_ = size;
  return OK;
}

void Parcel::setDataPosition(size_t pos) const {
  LOG_ALWAYS_FATAL_IF(pos > kMaxSize, "Parcel: position %zu is out of range", pos);
  data_pos_ = pos;
}

status_t Parcel::setDataCapacity(size_t size) {
  if (size > kMaxSize) return BAD_VALUE;
  return size > data_capacity_ ? continueWrite(size) : static_cast<status_t>(OK);
}

status_t Parcel::setData(const uint8_t* buffer, size_t len) {
  if (len > kMaxSize) return BAD_VALUE;
  const status_t status = restartWrite(len);
  if (status != OK) return status;
  if (len > 0) memcpy(data_, buffer, len);
  data_size_ = len;
  return OK;
}

status_t Parcel::errorCheck() const {
  return error_;
}

void Parcel::setError(status_t err) {
  error_ = err;
}

void Parcel::markSensitive() const {
  sensitive_ = true;
}

bool Parcel::isSensitive() const {
  return sensitive_;
}

void Parcel::markForBinder(const sp<IBinder>& /*binder*/) {}

void Parcel::markForRpc(const sp<RpcSession>& /*session*/) {}

bool Parcel::isForRpc() const {
  return false;
}

void Parcel::setServiceFuzzing() {
  service_fuzzing_ = true;
}

bool Parcel::isServiceFuzzing() const {
  return service_fuzzing_;
}

uintptr_t Parcel::ipcData() const {
  return reinterpret_cast<uintptr_t>(data_);
}

size_t Parcel::ipcDataSize() const {
  return data_size_;
}

uintptr_t Parcel::ipcObjects() const {
  return reinterpret_cast<uintptr_t>(objects_);
}

size_t Parcel::ipcObjectsCount() const {
  return objects_size_;
}

void Parcel::ipcSetDataReference(const uint8_t* data, size_t dataSize, const binder_size_t* objects,
                                 size_t objectsCount, release_func relFunc) {
  LOG_ALWAYS_FATAL_IF(relFunc == nullptr, "Parcel: received memory needs a release function");
  const bool fuzzing = service_fuzzing_;
  freeData();
  service_fuzzing_ = fuzzing;
  data_ = const_cast<uint8_t*>(data);
  data_size_ = data_capacity_ = dataSize;
  objects_ = const_cast<binder_size_t*>(objects);
  objects_size_ = objects_capacity_ = objectsCount;
  owner_ = relFunc;

  // The readers rely on it: ascending, without overlaps, within the data, of a type that we know.
  size_t end = 0;
  for (size_t i = 0; i < objectsCount; ++i) {
    const binder_size_t offset = objects[i];
    const bool inside = offset >= end && offset <= dataSize && dataSize - offset >= kObjectSize;
    const uint32_t type = inside ? internal::loadObject(data_, offset).hdr.type : 0;
    if (type != BINDER_TYPE_BINDER && type != BINDER_TYPE_HANDLE && type != BINDER_TYPE_FD) {
      ALOGE_IF(!fuzzing,
               "Parcel: received object %zu at %" PRIu64 " has type %#x or a bad place: objects dropped", i,
               static_cast<uint64_t>(offset), type);
      objects_size_ = 0;
      break;
    }
    if (type == BINDER_TYPE_FD) has_fds_ = true;
    end = offset + kObjectSize;
  }
  if (objects_size_ == 0) has_fds_ = false;
}

void Parcel::freeData() {
  freeDataNoInit();
  initState();
}

void Parcel::freeDataNoInit() {
  if (owner_ != nullptr) {
    closeFileDescriptors();
    owner_(data_, data_size_, objects_, objects_size_);
    return;
  }
  releaseObjects(0);
  freeOwnMemory();
}

void Parcel::freeOwnMemory() {
  if (sensitive_) zero(data_, data_capacity_);
  ParcelMemory::free(data_, data_capacity_);
  ParcelMemory::free(objects_, objects_capacity_ * sizeof(binder_size_t));
}

status_t Parcel::prepareWriteSlow(size_t len) {
  if (len > kMaxSize || data_pos_ > kMaxSize - len) return BAD_VALUE;
  if (data_pos_ > data_size_ && data_pos_ - data_size_ > kMaxGap) return BAD_VALUE;
  const size_t end = data_pos_ + len;
  if (owner_ != nullptr || end > data_capacity_) {
    const size_t needed = std::max(end, data_size_);
    const size_t desired = end > data_capacity_ ? std::max(needed + needed / 2, kFirstCapacity) : needed;
    const size_t position = data_pos_;
    const status_t status = continueWrite(std::min(desired, kMaxSize));
    if (status != OK) return status;
    data_pos_ = position;
  }
  if (data_pos_ > data_size_) {  // a gap that nobody wrote
    memset(data_ + data_size_, 0, data_pos_ - data_size_);
    data_size_ = data_pos_;
  } else if (data_pos_ < data_size_ && objects_size_ > 0) {
    dropObjectsIn(data_pos_, end);
  }
  return OK;
}

void Parcel::finishWrite(size_t len) {
  data_pos_ += len;
  if (data_pos_ > data_size_) data_size_ = data_pos_;
}

status_t Parcel::restartWrite(size_t desired) {
  const bool sensitive = sensitive_;
  const bool enforce = enforce_no_data_avail_;
  const bool fuzzing = service_fuzzing_;
  freeData();
  sensitive_ = sensitive;
  enforce_no_data_avail_ = enforce;
  service_fuzzing_ = fuzzing;
  return desired == 0 ? static_cast<status_t>(OK) : continueWrite(desired);
}

status_t Parcel::continueWrite(size_t desired) {
  if (desired > kMaxSize) return BAD_VALUE;
  size_t objects = objects_size_;
  if (desired < data_size_ && objects > 0) {
    sortObjects();
    while (objects > 0 && objects_[objects - 1] + kObjectSize > desired) --objects;
  }
  if (owner_ != nullptr) return takeOver(desired, objects);

  if (objects < objects_size_) releaseObjects(objects);
  data_size_ = std::min(data_size_, desired);
  if (desired <= data_capacity_) {
    data_pos_ = std::min(data_pos_, desired);
    return OK;
  }

  size_t capacity = desired;
  auto* data = static_cast<uint8_t*>(ParcelMemory::allocate(&capacity));
  if (data == nullptr) return error_ = NO_MEMORY;
  if (data_size_ > 0) memcpy(data, data_, data_size_);
  if (sensitive_) zero(data_, data_capacity_);
  ParcelMemory::free(data_, data_capacity_);
  data_ = data;
  data_capacity_ = capacity;
  return OK;
}

// From received memory to memory of one's own: the first `objectCount` objects and `desired` bytes remain.
status_t Parcel::takeOver(size_t desired, size_t objectCount) {
  size_t capacity = std::max<size_t>(desired, 1);
  auto* data = static_cast<uint8_t*>(ParcelMemory::allocate(&capacity));
  if (data == nullptr) return error_ = NO_MEMORY;
  size_t table_size = objectCount * sizeof(binder_size_t);
  binder_size_t* objects = nullptr;
  if (objectCount > 0) {
    objects = static_cast<binder_size_t*>(ParcelMemory::allocate(&table_size));
    if (objects == nullptr) {
      ParcelMemory::free(data, capacity);
      return error_ = NO_MEMORY;
    }
    memcpy(objects, objects_, objectCount * sizeof(binder_size_t));
  }
  const size_t size = std::min(data_size_, desired);
  if (size > 0) memcpy(data, data_, size);
  // The descriptors of the received memory simply become this parcel's; binders need a reference.
  for (size_t i = 0; i < objectCount; ++i) {
    flat_binder_object object = internal::loadObject(data, objects[i]);
    if (object.hdr.type == BINDER_TYPE_FD) {
      object.cookie = fds_closed_ ? 0 : 1;
      internal::storeObject(data, objects[i], object);
    } else {
      internal::acquireObject(object, this);
    }
  }
  for (size_t i = objectCount; i < objects_size_ && !fds_closed_; ++i) {
    const flat_binder_object object = internal::loadObject(data_, objects_[i]);
    if (object.hdr.type == BINDER_TYPE_FD) ::close(static_cast<int>(object.handle));
  }
  owner_(data_, data_size_, objects_, objects_size_);

  if (objectCount < objects_size_) fds_known_ = false;
  owner_ = nullptr;
  data_ = data;
  data_size_ = size;
  data_pos_ = std::min(data_pos_, desired);
  data_capacity_ = capacity;
  objects_ = objects;
  objects_size_ = objectCount;
  objects_capacity_ = table_size / sizeof(binder_size_t);
  return OK;
}

status_t Parcel::growObjects(size_t count) {
  if (objects_size_ + count <= objects_capacity_) return OK;
  size_t size = (objects_size_ + count) * 3 / 2 * sizeof(binder_size_t);
  auto* objects = static_cast<binder_size_t*>(ParcelMemory::allocate(&size));
  if (objects == nullptr) return error_ = NO_MEMORY;
  if (objects_size_ > 0) memcpy(objects, objects_, objects_size_ * sizeof(binder_size_t));
  ParcelMemory::free(objects_, objects_capacity_ * sizeof(binder_size_t));
  objects_ = objects;
  objects_capacity_ = size / sizeof(binder_size_t);
  return OK;
}

}  // namespace android
