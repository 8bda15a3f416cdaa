#define LOG_TAG "MemoryHeapBase"
#include <binder/MemoryHeapBase.h>
#include <fcntl.h>
#include <log/log.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "memory/page.h"

namespace android {
namespace {

// A file of so many bytes that can be sealed.
base::unique_fd makeMemory(const char* name, size_t size) {
  base::unique_fd fd(memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (fd.get() < 0 || ftruncate(fd.get(), static_cast<off_t>(size)) != 0) {
    ALOGE("no memory of %zu bytes for %s: %s", size, name, strerror(errno));
    return {};
  }
  return fd;
}

}  // namespace

MemoryHeapBase::MemoryHeapBase() = default;

MemoryHeapBase::MemoryHeapBase(size_t size, uint32_t flags, const char* name) : flags_(flags) {
  LOG_ALWAYS_FATAL_IF((flags & MEMFD_ALLOW_SEALING_FLAG) != 0 && (flags & FORCE_MEMFD) == 0,
                      "MEMFD_ALLOW_SEALING_FLAG needs FORCE_MEMFD");
  const size_t pages = internal::pageCeil(size);
  if (pages == 0) {
    ALOGE("there is no heap of %zu bytes", size);
    return;
  }
  if (name == nullptr) name = "MemoryHeapBase";
  mapFile(makeMemory(name, pages), true, pages, 0);
  if (fd_.get() < 0) return;
  int seals = (flags & READ_ONLY) != 0 ? F_SEAL_FUTURE_WRITE : 0;  // our mapping is there already
  if ((flags & MEMFD_ALLOW_SEALING_FLAG) == 0) seals |= F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
  if (seals != 0 && fcntl(fd_.get(), F_ADD_SEALS, seals) != 0) {
    // Better none than one that others can write after all.
    ALOGE("the memory of %s cannot be sealed: %s", name, strerror(errno));
    dispose();
  }
}

MemoryHeapBase::MemoryHeapBase(const char* device, size_t size, uint32_t flags) : flags_(flags) {
  LOG_ALWAYS_FATAL_IF((flags & MEMFD_ALLOW_SEALING) != 0, "FORCE_MEMFD is for new memory only");
  const int mode = O_RDWR | O_CLOEXEC | ((flags & NO_CACHING) != 0 ? O_SYNC : 0);
  base::unique_fd fd(open(device, mode));
  if (fd.get() < 0) {
    ALOGE("cannot open %s: %s", device, strerror(errno));
    return;
  }
  mapFile(std::move(fd), false, internal::pageCeil(size), 0);
  if (fd_.get() < 0) return;
  device_ = device;
  has_device_ = true;
}

MemoryHeapBase::MemoryHeapBase(int fd, size_t size, uint32_t flags, off_t offset) : flags_(flags) {
  LOG_ALWAYS_FATAL_IF((flags & MEMFD_ALLOW_SEALING) != 0, "FORCE_MEMFD is for new memory only");
  mapFile(base::unique_fd(fcntl(fd, F_DUPFD_CLOEXEC, 0)), false, internal::pageCeil(size), offset);
}

MemoryHeapBase::~MemoryHeapBase() {
  dispose();
}

status_t MemoryHeapBase::init(int fd, void* base, size_t size, int flags, const char* device) {
  if (fd_.get() >= 0) return INVALID_OPERATION;
  fd_.reset(fd);
  base_ = base;
  size_ = size;
  flags_ = static_cast<uint32_t>(flags);
  has_device_ = device != nullptr;
  device_ = has_device_ ? device : "";
  return OK;
}

void MemoryHeapBase::mapFile(base::unique_fd fd, bool always_writable, size_t size, off_t offset) {
  if (fd.get() < 0) return;
  if (size == 0) {
    struct stat file;
    if (fstat(fd.get(), &file) == 0 && file.st_size > offset)
      size = static_cast<size_t>(file.st_size - offset);
  }
  void* base = nullptr;
  const bool map = (flags_ & DONT_MAP_LOCALLY) == 0;
  if (map) {
    const bool writable = always_writable || (flags_ & READ_ONLY) == 0;
    base = mmap(nullptr, size, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd.get(), offset);
    if (base == MAP_FAILED) {
      ALOGE("cannot map %zu bytes of a file: %s", size, strerror(errno));
      return;
    }
  }
  fd_ = std::move(fd);
  base_ = base;
  unmap_ = map;
  size_ = size;
  offset_ = offset;
}

void MemoryHeapBase::dispose() {
  if (fd_.get() < 0) return;
  if (unmap_) munmap(base_, size_);
  unmap_ = false;
  base_ = nullptr;
  size_ = 0;
  fd_.reset();
}

int MemoryHeapBase::getHeapID() const {
  return fd_.get();
}
void* MemoryHeapBase::getBase() const {
  return base_;
}
size_t MemoryHeapBase::getSize() const {
  return size_;
}
uint32_t MemoryHeapBase::getFlags() const {
  return flags_;
}
off_t MemoryHeapBase::getOffset() const {
  return offset_;
}
const char* MemoryHeapBase::getDevice() const {
  return has_device_ ? device_.c_str() : nullptr;
}

}  // namespace android
