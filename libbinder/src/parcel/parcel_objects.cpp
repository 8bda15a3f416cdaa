// Parcel: the objects. Which bytes are binders and descriptors, and the references on them.
//
// objects_ has their offsets. It is the only truth about what is an object: bytes that merely look like one
// are never taken for one, and bytes of an object cannot be read as anything else (they contain addresses of
// this process). Received tables are ascending; written ones nearly always are, and are sorted when a reader
// needs it. Objects never overlap: bytes written over one remove it.
#include <binder/Binder.h>
#include <binder/Parcel.h>
#include <binder/ProcessState.h>
#include <fcntl.h>
#include <log/log.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "parcel/parcel_object.h"

namespace android {

using internal::kObjectSize;
using internal::loadObject;

namespace internal {

void acquireObject(const flat_binder_object& object, const void* who) {
  switch (object.hdr.type) {
    case BINDER_TYPE_BINDER:
      if (object.binder != 0) reinterpret_cast<BBinder*>(object.cookie)->incStrong(who);
      return;
    case BINDER_TYPE_HANDLE: {
      const sp<IBinder> proxy =
          ProcessState::self()->getStrongProxyForHandle(static_cast<int32_t>(object.handle));
      if (proxy != nullptr) proxy->incStrong(who);
      return;
    }
    default:
      return;
  }
}

void releaseObject(const flat_binder_object& object, const void* who) {
  switch (object.hdr.type) {
    case BINDER_TYPE_BINDER:
      if (object.binder != 0) reinterpret_cast<BBinder*>(object.cookie)->decStrong(who);
      return;
    case BINDER_TYPE_HANDLE: {
      const sp<IBinder> proxy =
          ProcessState::self()->getStrongProxyForHandle(static_cast<int32_t>(object.handle));
      if (proxy != nullptr) proxy->decStrong(who);
      return;
    }
    case BINDER_TYPE_FD:
      if (object.cookie != 0) ::close(static_cast<int>(object.handle));
      return;
    default:
      return;
  }
}

int duplicate(int fd) {
  return fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

}  // namespace internal

size_t Parcel::objectsCount() const {
  return objects_size_;
}

void Parcel::sortObjects() const {
  if (objects_sorted_) return;
  std::sort(objects_, objects_ + objects_size_);
  next_object_hint_ = 0;
  objects_sorted_ = true;
}

// The index of the first object that ends behind `position`. Readers go from front to back: the answer is
// mostly the last one or the one after it.
size_t Parcel::objectAtOrAfter(size_t position) const {
  sortObjects();
  const auto ends_before = [position](binder_size_t offset) { return offset + kObjectSize <= position; };
  size_t hint = next_object_hint_;
  const bool usable = hint <= objects_size_ && (hint == 0 || ends_before(objects_[hint - 1]));
  if (!usable) hint = 0;
  if (hint < objects_size_ && ends_before(objects_[hint])) {
    ++hint;
    if (hint < objects_size_ && ends_before(objects_[hint])) {
      hint = static_cast<size_t>(
          std::partition_point(objects_ + hint, objects_ + objects_size_, ends_before) - objects_);
    }
  }
  next_object_hint_ = hint;
  return hint;
}

bool Parcel::overlapsObject(size_t begin, size_t end) const {
  const size_t index = objectAtOrAfter(begin);
  return index < objects_size_ && objects_[index] < end;
}

status_t Parcel::validateReadData(size_t end) const {
  if (!overlapsObject(data_pos_, end)) return OK;
  if (!service_fuzzing_) ALOGE("Parcel: a binder or descriptor at %zu was to be read as data", data_pos_);
  return PERMISSION_DENIED;
}

void Parcel::releaseObjects(size_t first) {
  for (size_t i = objects_size_; i > first; --i) {
    const flat_binder_object object = loadObject(data_, objects_[i - 1]);
    if (object.hdr.type == BINDER_TYPE_FD) fds_known_ = false;
    internal::releaseObject(object, this);
  }
  objects_size_ = first;
}

void Parcel::dropObjectsIn(size_t begin, size_t end) {
  if (!overlapsObject(begin, end)) return;
  const size_t first = objectAtOrAfter(begin);
  size_t last = first;
  for (; last < objects_size_ && objects_[last] < end; ++last) {
    const flat_binder_object object = loadObject(data_, objects_[last]);
    if (object.hdr.type == BINDER_TYPE_FD) fds_known_ = false;
    internal::releaseObject(object, this);
  }
  std::copy(objects_ + last, objects_ + objects_size_, objects_ + first);
  objects_size_ -= last - first;
}

status_t Parcel::writeObject(const flat_binder_object& val, bool nullMetaData) {
  const bool is_fd = val.hdr.type == BINDER_TYPE_FD;
  if (is_fd && !allow_fds_) return FDS_NOT_ALLOWED;
  // Null binders and the context manager's proxy (handle 0) are no objects: they mean the same everywhere.
  const bool listed = nullMetaData || val.binder != 0;
  status_t status = prepareWrite(kObjectSize);
  // Only now the table is surely the parcel's own.
  if (status == OK && listed) status = growObjects(1);
  if (status != OK) return status;
  internal::storeObject(data_, data_pos_, val);
  if (listed) {
    internal::acquireObject(val, this);
    if (objects_size_ > 0 && objects_[objects_size_ - 1] > data_pos_) objects_sorted_ = false;
    objects_[objects_size_++] = data_pos_;
    if (is_fd) has_fds_ = fds_known_ = true;
  }
  finishWrite(kObjectSize);
  return OK;
}

const flat_binder_object* Parcel::readObject(bool nullMetaData) const {
  if (dataAvail() < kObjectSize) return nullptr;
  const size_t offset = data_pos_;
  const void* place = data_ + offset;
  const flat_binder_object object = loadObject(data_, offset);
  const size_t index = objectAtOrAfter(offset);
  const bool listed = index < objects_size_ && objects_[index] == offset;
  data_pos_ += kObjectSize;
  if (listed) {
    next_object_hint_ = index + 1;
    return static_cast<const flat_binder_object*>(place);
  }
  const bool overlaps = index < objects_size_ && objects_[index] < offset + kObjectSize;
  if (!nullMetaData && object.binder == 0 && object.cookie == 0 && !overlaps) {
    return static_cast<const flat_binder_object*>(place);
  }
  if (!service_fuzzing_) ALOGW("Parcel: no object at %zu according to the object table", offset);
  return nullptr;
}

void Parcel::closeFileDescriptors() {
  const bool received = owner_ != nullptr;
  if (received && fds_closed_) return;
  for (size_t i = objects_size_; i > 0; --i) {
    flat_binder_object object = loadObject(data_, objects_[i - 1]);
    if (object.hdr.type != BINDER_TYPE_FD || (!received && object.cookie == 0)) continue;
    ::close(static_cast<int>(object.handle));
    if (received) continue;
    object.cookie = 0;  // not again at the end
    internal::storeObject(data_, objects_[i - 1], object);
  }
  fds_closed_ = received;
}

status_t Parcel::appendFrom(const Parcel* parcel, size_t start, size_t len) {
  if (len == 0) return OK;
  if (start > parcel->data_size_ || len > parcel->data_size_ - start) return BAD_VALUE;
  if (parcel == this && data_pos_ < data_size_) return INVALID_OPERATION;  // over itself
  parcel->sortObjects();
  const binder_size_t* const table = parcel->objects_;
  const binder_size_t* const table_end = table + parcel->objects_size_;
  const auto* first = std::lower_bound(table, table_end, start);
  const auto* last = first;
  bool fds = false;
  while (last != table_end && *last + kObjectSize <= start + len) {
    fds = fds || loadObject(parcel->data_, *last).hdr.type == BINDER_TYPE_FD;
    ++last;
  }
  if (fds && !allow_fds_) return FDS_NOT_ALLOWED;
  const auto count = static_cast<size_t>(last - first);
  const size_t first_index = static_cast<size_t>(first - table);

  // Both may be the same parcel: growing moves its memory, so that the pointers end here.
  status_t status = prepareWrite(len);
  if (status != OK) return status;
  if (count > 0) {
    status = growObjects(count);
    if (status != OK) return status;
  }
  const size_t target = data_pos_;
  memmove(data_ + target, parcel->data_ + start, len);
  for (size_t i = 0; i < count; ++i) {
    const size_t offset = parcel->objects_[first_index + i] - start + target;
    flat_binder_object object = loadObject(data_, offset);
    if (object.hdr.type == BINDER_TYPE_FD) {
      const int fd = internal::duplicate(static_cast<int>(object.handle));
      if (fd < 0) status = -errno;
      object.handle = static_cast<uint32_t>(fd);
      object.cookie = 1;
      if (fd < 0) {  // the bytes remain, but they are no descriptor
        object.cookie = 0;
        internal::storeObject(data_, offset, object);
        break;
      }
      internal::storeObject(data_, offset, object);
      has_fds_ = fds_known_ = true;
    } else {
      internal::acquireObject(object, this);
    }
    if (objects_size_ > 0 && objects_[objects_size_ - 1] > offset) objects_sorted_ = false;
    objects_[objects_size_++] = offset;
  }
  finishWrite(len);
  return status;
}

bool Parcel::hasObjectsInRange(size_t offset, size_t limit, bool wantBinders) const {
  sortObjects();
  const auto* end = objects_ + objects_size_;
  for (const auto* it = std::lower_bound(objects_, objects_ + objects_size_, offset);
       it != end && *it + kObjectSize <= limit; ++it) {
    if ((loadObject(data_, *it).hdr.type == BINDER_TYPE_FD) != wantBinders) return true;
  }
  return false;
}

bool Parcel::hasFileDescriptors() const {
  if (!fds_known_) {
    has_fds_ = hasObjectsInRange(0, data_size_, false);
    fds_known_ = true;
  }
  return has_fds_;
}

status_t Parcel::hasFileDescriptorsInRange(size_t offset, size_t length, bool* result) const {
  if (offset > data_size_ || length > data_size_ - offset) return BAD_VALUE;
  *result = hasObjectsInRange(offset, offset + length, false);
  return OK;
}

status_t Parcel::hasBinders(bool* result) const {
  return hasBindersInRange(0, data_size_, result);
}

status_t Parcel::hasBindersInRange(size_t offset, size_t length, bool* result) const {
  if (offset > data_size_ || length > data_size_ - offset) return BAD_VALUE;
  *result = hasObjectsInRange(offset, offset + length, true);
  return OK;
}

std::vector<sp<IBinder>> Parcel::debugReadAllStrongBinders() const {
  std::vector<sp<IBinder>> binders;
  const size_t position = data_pos_;
  for (size_t i = 0; i < objects_size_; ++i) {
    if (loadObject(data_, objects_[i]).hdr.type == BINDER_TYPE_FD) continue;
    setDataPosition(objects_[i]);
    sp<IBinder> binder = readStrongBinder();
    if (binder != nullptr) binders.push_back(std::move(binder));
  }
  setDataPosition(position);
  return binders;
}

std::vector<int> Parcel::debugReadAllFileDescriptors() const {
  std::vector<int> fds;
  for (size_t i = 0; i < objects_size_; ++i) {
    const flat_binder_object object = loadObject(data_, objects_[i]);
    if (object.hdr.type == BINDER_TYPE_FD) fds.push_back(static_cast<int>(object.handle));
  }
  return fds;
}

size_t Parcel::getOpenAshmemSize() const {
  size_t sum = 0;
  for (size_t i = 0; i < objects_size_; ++i) {
    const flat_binder_object object = loadObject(data_, objects_[i]);
    if (object.hdr.type != BINDER_TYPE_FD || object.cookie == 0) continue;
    const int fd = static_cast<int>(object.handle);
    struct stat info;
    // Only a memfd answers this.
    if (fcntl(fd, F_GET_SEALS) < 0 || fstat(fd, &info) != 0 || info.st_size < 0) continue;
    if (__builtin_add_overflow(sum, static_cast<size_t>(info.st_size), &sum)) return SIZE_MAX;
  }
  return sum;
}

int Parcel::compareData(const Parcel& other) const {
  if (data_size_ != other.data_size_) return data_size_ < other.data_size_ ? -1 : 1;
  return data_size_ == 0 ? 0 : memcmp(data_, other.data_, data_size_);
}

status_t Parcel::compareDataInRange(size_t thisOffset, const Parcel& other, size_t otherOffset, size_t length,
                                    int* result) const {
  if (thisOffset > data_size_ || length > data_size_ - thisOffset) return BAD_VALUE;
  if (otherOffset > other.data_size_ || length > other.data_size_ - otherOffset) return BAD_VALUE;
  *result = length == 0 ? 0 : memcmp(data_ + thisOffset, other.data_ + otherOffset, length);
  return OK;
}

bool Parcel::allowFds() const {
  return allow_fds_;
}

bool Parcel::pushAllowFds(bool allowFds) {
  const bool last = allow_fds_;
  if (!allowFds) allow_fds_ = false;
  return last;
}

void Parcel::restoreAllowFds(bool lastValue) {
  allow_fds_ = lastValue;
}

}  // namespace android
