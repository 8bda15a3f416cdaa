#define LOG_TAG "IMemory"
#include "memory/heap_mapping.h"

#include <binder/IMemory.h>
#include <fcntl.h>
#include <log/log.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cinttypes>
#include <cstring>
#include <limits>

#include "memory/page.h"

namespace android::internal {
namespace {

// After this, the file stays at least as large as it is, unless it is of a kind that cannot be sealed.
void sealSize(int fd) {
  const int seals = fcntl(fd, F_GET_SEALS);
  if (seals < 0 || (seals & (F_SEAL_SHRINK | F_SEAL_SEAL)) != 0) return;
  (void)fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK);  // fails if we may only read it
}

// Whether bytes offset to offset + size of the file are there.
bool covers(int fd, uint64_t offset, uint64_t size) {
  struct stat file;
  if (fstat(fd, &file) != 0) return false;
  // What is not a file has no size; mmap() knows better.
  if (!S_ISREG(file.st_mode)) return true;
  // The last page is there as a whole.
  const uint64_t available = pageCeil(static_cast<size_t>(file.st_size));
  return file.st_size > 0 && offset <= available && size <= available - offset;
}

}  // namespace

std::shared_ptr<const HeapMapping> HeapMapping::create(const Claim& claim) {
  const auto refuse = [&](const char* why) {
    ALOGE("heap of %" PRIu64 " bytes at %" PRId64 " is not mapped: %s", claim.size, claim.offset, why);
    return nullptr;
  };
  constexpr auto kLimit = static_cast<uint64_t>(std::numeric_limits<ssize_t>::max());
  if (claim.size == 0 || claim.size > kLimit || claim.offset < 0 ||
      static_cast<uint64_t>(claim.offset) > kLimit - claim.size)
    return refuse("there are no such numbers");
  base::unique_fd fd(fcntl(claim.fd, F_DUPFD_CLOEXEC, 0));
  if (fd.get() < 0) return refuse(strerror(errno));
  // In this order: what has been measured must not shrink any more.
  sealSize(fd.get());
  if (!covers(fd.get(), static_cast<uint64_t>(claim.offset), claim.size))
    return refuse("the file is smaller");

  const auto size = static_cast<size_t>(claim.size);
  const auto offset = static_cast<off_t>(claim.offset);
  const int access = (claim.flags & IMemoryHeap::READ_ONLY) != 0 ? PROT_READ : PROT_READ | PROT_WRITE;
  void* const base = mmap(nullptr, size, access, MAP_SHARED, fd.get(), offset);
  if (base == MAP_FAILED) return refuse(strerror(errno));
  return std::shared_ptr<const HeapMapping>(new HeapMapping(std::move(fd), base, size, offset, claim.flags));
}

HeapMapping::HeapMapping(base::unique_fd fd, void* base, size_t size, off_t offset, uint32_t flags)
    : fd_(std::move(fd)), base_(base), size_(size), offset_(offset), flags_(flags) {}

HeapMapping::~HeapMapping() {
  munmap(base_, size_);
}

HeapCache& HeapCache::self() {
  static HeapCache* const cache = new HeapCache;  // proxies may outlive main()
  return *cache;
}

std::shared_ptr<const HeapMapping> HeapCache::find(const IBinder* binder) {
  const std::lock_guard lock(lock_);
  const auto it = mappings_.find(binder);
  return it == mappings_.end() ? nullptr : it->second.lock();
}

std::shared_ptr<const HeapMapping> HeapCache::add(const IBinder* binder,
                                                  std::shared_ptr<const HeapMapping> mapping) {
  const std::lock_guard lock(lock_);
  std::weak_ptr<const HeapMapping>& known = mappings_[binder];
  if (std::shared_ptr<const HeapMapping> first = known.lock(); first != nullptr) return first;
  known = mapping;
  return mapping;
}

void HeapCache::release(const IBinder* binder, std::shared_ptr<const HeapMapping> mapping) {
  const std::lock_guard lock(lock_);
  mapping.reset();
  const auto it = mappings_.find(binder);
  if (it != mappings_.end() && it->second.expired()) mappings_.erase(it);
}

}  // namespace android::internal
