// Parcel: file descriptors, and what is made of them: blobs, native handles, flattened objects.
#include <binder/Parcel.h>
#include <errno.h>
#include <fcntl.h>
#include <log/log.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <vector>

#include "parcel/parcel_object.h"

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010  // Linux 5.1
#endif

namespace android {

namespace {

// Larger blobs travel as shared memory.
constexpr size_t kBlobInplaceLimit = 16 * 1024;
enum BlobType : int32_t { kBlobInplace = 0, kBlobSharedImmutable = 1, kBlobSharedMutable = 2 };

// As many as an object of libutils may carry, and a native handle.
constexpr size_t kMaxFds = 1024;
constexpr int kMaxInts = 1024;

// Java's ParcelFileDescriptor may send a second descriptor, on which its owner is told what became of the
// first. 2: somebody took it over, do not wait. In network byte order.
constexpr uint8_t kDetached[4] = {0, 0, 0, 2};

}  // namespace

status_t Parcel::writeFileDescriptor(int fd, bool takeOwnership) {
  flat_binder_object object{};
  object.hdr.type = BINDER_TYPE_FD;
  object.handle = static_cast<uint32_t>(fd);
  object.cookie = takeOwnership ? 1 : 0;
  return writeObject(object, true);
}

status_t Parcel::writeDupFileDescriptor(int fd) {
  const int own = internal::duplicate(fd);
  if (own < 0) return -errno;
  const status_t status = writeFileDescriptor(own, true);
  if (status != OK) ::close(own);
  return status;
}

status_t Parcel::writeParcelFileDescriptor(int fd, bool takeOwnership) {
  const status_t status = writeInt32(0);  // no second descriptor
  return status == OK ? writeFileDescriptor(fd, takeOwnership) : status;
}

status_t Parcel::writeDupParcelFileDescriptor(int fd) {
  const status_t status = writeInt32(0);
  return status == OK ? writeDupFileDescriptor(fd) : status;
}

status_t Parcel::writeUniqueFileDescriptor(const base::unique_fd& fd) {
  return writeDupFileDescriptor(fd.get());
}

int Parcel::readFileDescriptor() const {
  const flat_binder_object* place = readObject(true);
  if (place == nullptr) return BAD_TYPE;
  flat_binder_object object;
  memcpy(&object, static_cast<const void*>(place), sizeof(object));
  return object.hdr.type == BINDER_TYPE_FD ? static_cast<int>(object.handle) : static_cast<int>(BAD_TYPE);
}

int Parcel::readParcelFileDescriptor() const {
  int32_t has_second = 0;
  if (readInt32(&has_second) != OK) return BAD_TYPE;
  const int fd = readFileDescriptor();
  if (has_second == 0 || fd < 0) return fd;
  const int second = readFileDescriptor();
  if (second < 0) return BAD_TYPE;
  if (TEMP_FAILURE_RETRY(::write(second, kDetached, sizeof(kDetached))) != sizeof(kDetached)) {
    ALOGW("Parcel: the owner of a ParcelFileDescriptor cannot be told that it was taken over: %s",
          strerror(errno));
    return BAD_TYPE;
  }
  return fd;
}

status_t Parcel::readUniqueFileDescriptor(base::unique_fd* val) const {
  const int fd = readFileDescriptor();
  if (fd == BAD_TYPE) return BAD_TYPE;
  val->reset(internal::duplicate(fd));
  return val->get() < 0 ? BAD_VALUE : OK;
}

status_t Parcel::readUniqueParcelFileDescriptor(base::unique_fd* val) const {
  const int fd = readParcelFileDescriptor();
  if (fd == BAD_TYPE) return BAD_TYPE;
  val->reset(internal::duplicate(fd));
  return val->get() < 0 ? BAD_VALUE : OK;
}

// ---- Blobs

status_t Parcel::writeBlob(size_t len, bool mutableCopy, WritableBlob* outBlob) {
  if (len > INT32_MAX - 3) return BAD_VALUE;
  outBlob->release();
  if (!allow_fds_ || len <= kBlobInplaceLimit) {
    const status_t status = writeInt32(kBlobInplace);
    if (status != OK) return status;
    void* place = writeInplace(len);
    if (place == nullptr) return NO_MEMORY;
    outBlob->init(-1, place, len, false);
    return OK;
  }

  base::unique_fd fd(memfd_create("Parcel Blob", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (fd.get() < 0 || ftruncate(fd.get(), static_cast<off_t>(len)) != 0) return NO_MEMORY;
  void* memory = ::mmap(nullptr, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (memory == MAP_FAILED) return NO_MEMORY;
  // The receiver must be able to rely on the size; and of an immutable one, this mapping is the last that can
  // write. (A kernel that does not know the seal leaves it writable.)
  int seals = F_SEAL_SHRINK | F_SEAL_GROW;
  if (fcntl(fd.get(), F_ADD_SEALS, seals) != 0) {
    const status_t status = -errno;
    ::munmap(memory, len);
    return status;
  }
  if (!mutableCopy) (void)fcntl(fd.get(), F_ADD_SEALS, F_SEAL_FUTURE_WRITE);

  status_t status = writeInt32(mutableCopy ? kBlobSharedMutable : kBlobSharedImmutable);
  if (status == OK) status = writeFileDescriptor(fd.get(), true);
  if (status != OK) {
    ::munmap(memory, len);
    return status;
  }
  outBlob->init(fd.release(), memory, len, mutableCopy);
  return OK;
}

status_t Parcel::writeDupImmutableBlobFileDescriptor(int fd) {
  if (!allow_fds_) return FDS_NOT_ALLOWED;
  const status_t status = writeInt32(kBlobSharedImmutable);
  return status == OK ? writeDupFileDescriptor(fd) : status;
}

status_t Parcel::readBlob(size_t len, ReadableBlob* outBlob) const {
  outBlob->release();
  int32_t type = 0;
  const status_t status = readInt32(&type);
  if (status != OK) return status;
  if (type == kBlobInplace) {
    const void* place = readInplace(len);
    if (place == nullptr) return BAD_VALUE;
    outBlob->init(-1, const_cast<void*>(place), len, false);
    return OK;
  }
  if (type != kBlobSharedImmutable && type != kBlobSharedMutable) return BAD_VALUE;
  const int fd = readFileDescriptor();
  if (fd < 0) return BAD_VALUE;
  // Without the seal its sender could take the memory away while it is read.
  const int seals = fcntl(fd, F_GET_SEALS);
  struct stat info;
  if (seals < 0 || (seals & F_SEAL_SHRINK) == 0 || fstat(fd, &info) != 0 || info.st_size < 0 ||
      static_cast<size_t>(info.st_size) < len) {
    ALOGE_IF(!service_fuzzing_, "Parcel: the descriptor of a blob is no sealed memory of %zu bytes", len);
    return BAD_VALUE;
  }
  const bool is_mutable = type == kBlobSharedMutable;
  void* memory = ::mmap(nullptr, len, is_mutable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) return NO_MEMORY;
  outBlob->init(fd, memory, len, is_mutable);
  return OK;
}

Parcel::Blob::Blob() : fd_(-1), data_(nullptr), size_(0), mutable_(false) {}

Parcel::Blob::~Blob() {
  release();
}

void Parcel::Blob::release() {
  if (fd_ >= 0 && data_ != nullptr) ::munmap(data_, size_);
  clear();
}

void Parcel::Blob::clear() {
  fd_ = -1;
  data_ = nullptr;
  size_ = 0;
  mutable_ = false;
}

void Parcel::Blob::init(int fd, void* data, size_t size, bool isMutable) {
  fd_ = fd;
  data_ = data;
  size_ = size;
  mutable_ = isMutable;
}

// ---- Native handles

status_t Parcel::writeNativeHandle(const native_handle* handle) {
  if (handle == nullptr || handle->version != static_cast<int>(sizeof(native_handle_t))) return BAD_TYPE;
  if (handle->numFds < 0 || handle->numInts < 0) return BAD_VALUE;
  status_t status = writeInt32(handle->numFds);
  if (status == OK) status = writeInt32(handle->numInts);
  for (int i = 0; status == OK && i < handle->numFds; ++i) status = writeDupFileDescriptor(handle->data[i]);
  if (status != OK) return status;
  return write(handle->data + handle->numFds, sizeof(int) * static_cast<size_t>(handle->numInts));
}

// Made by hand, so that libcutils is not needed: its documentation promises that native_handle_delete() is
// free().
native_handle* Parcel::readNativeHandle() const {
  int32_t fds = 0;
  int32_t ints = 0;
  if (readInt32(&fds) != OK || readInt32(&ints) != OK) return nullptr;
  if (fds < 0 || fds > static_cast<int>(kMaxFds) || ints < 0 || ints > kMaxInts) return nullptr;
  const auto count = static_cast<size_t>(fds) + static_cast<size_t>(ints);
  auto* handle = static_cast<native_handle_t*>(malloc(sizeof(native_handle_t) + sizeof(int) * count));
  if (handle == nullptr) return nullptr;
  handle->version = sizeof(native_handle_t);
  handle->numFds = 0;
  handle->numInts = ints;
  bool good = true;
  while (good && handle->numFds < fds) {
    const int fd = readFileDescriptor();
    const int own = fd < 0 ? -1 : internal::duplicate(fd);
    good = own >= 0;
    if (good) handle->data[handle->numFds++] = own;
  }
  if (good) good = read(handle->data + fds, sizeof(int) * static_cast<size_t>(ints)) == OK;
  if (good) return handle;
  for (int i = 0; i < handle->numFds; ++i) ::close(handle->data[i]);
  ::free(handle);
  return nullptr;
}

// ---- Flattenable

status_t Parcel::write(const FlattenableHelperInterface& val) {
  const size_t size = val.getFlattenedSize();
  const size_t count = val.getFdCount();
  if (size > INT32_MAX - 3 || count > kMaxFds) return BAD_VALUE;
  status_t status = writeInt32(static_cast<int32_t>(size));
  if (status == OK) status = writeInt32(static_cast<int32_t>(count));
  if (status != OK) return status;
  void* place = writeInplace(size);
  if (place == nullptr) return BAD_VALUE;
  std::vector<int> fds(count);
  status = val.flatten(place, size, fds.data(), count);
  for (size_t i = 0; status == OK && i < count; ++i) status = writeDupFileDescriptor(fds[i]);
  return status;
}

status_t Parcel::read(FlattenableHelperInterface& val) const {
  int32_t size = 0;
  int32_t count = 0;
  status_t status = readInt32(&size);
  if (status == OK) status = readInt32(&count);
  if (status != OK) return status;
  if (size < 0 || count < 0 || static_cast<size_t>(count) > kMaxFds) return BAD_VALUE;
  const void* place = readInplace(static_cast<size_t>(size));
  if (place == nullptr) return BAD_VALUE;
  std::vector<int> fds;
  fds.reserve(static_cast<size_t>(count));
  while (fds.size() < static_cast<size_t>(count)) {
    const int fd = readFileDescriptor();
    const int own = fd < 0 ? -1 : internal::duplicate(fd);
    if (own < 0) {
      for (const int earlier : fds) ::close(earlier);
      return BAD_VALUE;
    }
    fds.push_back(own);
  }
  // From here on they are the object's, whatever it returns.
  return val.unflatten(place, static_cast<size_t>(size), fds.data(), fds.size());
}

}  // namespace android
