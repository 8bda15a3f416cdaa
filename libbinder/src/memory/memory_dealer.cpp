#define LOG_TAG "MemoryDealer"
#include <binder/MemoryBase.h>
#include <binder/MemoryDealer.h>
#include <log/log.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstring>

#include "memory/page.h"
#include "memory/simple_best_fit_allocator.h"

namespace android {

// A piece of a dealer's heap; keeps the dealer.
class Allocation final : public MemoryBase {
 public:
  Allocation(const sp<MemoryDealer>& dealer, const sp<IMemoryHeap>& heap, ssize_t offset, size_t size)
      : MemoryBase(heap, offset, size), dealer_(dealer) {}

  ~Allocation() override {
    // A piece of nothing has no place; its offset may be another's.
    if (getSize() == 0) return;
    const auto offset = static_cast<size_t>(getOffset());
    // First: as soon as the place is free, somebody may have written there.
    giveBackPages(offset, getSize());
    dealer_->deallocate(offset);
  }

 private:
  // To the kernel, those that are in this piece as a whole.
  void giveBackPages(size_t offset, size_t size) const {
    void* const base = getHeap()->getBase();
    if (base == MAP_FAILED || base == nullptr) return;
    const size_t begin = internal::pageCeil(offset);
    const size_t end = internal::pageFloor(offset + size);
    if (begin >= end) return;
    // A heap that nobody else may write keeps its pages: the seal forbids holes (EPERM).
    if (madvise(static_cast<char*>(base) + begin, end - begin, MADV_REMOVE) != 0 && errno != EPERM)
      ALOGW("cannot give %zu bytes back: %s", end - begin, strerror(errno));
  }

  const sp<MemoryDealer> dealer_;
};

MemoryDealer::MemoryDealer(size_t size, const char* name, uint32_t flags)
    : heap_(new MemoryHeapBase(size, flags, name)),
      // Nothing can be had of a heap that could not be made.
      allocator_(new SimpleBestFitAllocator(heap_->getSize())) {}

MemoryDealer::~MemoryDealer() = default;

sp<IMemory> MemoryDealer::allocate(size_t size) {
  const ssize_t offset = allocator()->allocate(size);
  if (offset < 0) return nullptr;
  return sp<IMemory>(new Allocation(sp<MemoryDealer>(this), heap(), offset, size));
}

void MemoryDealer::deallocate(size_t offset) {
  allocator()->deallocate(offset);
}

void MemoryDealer::dump(const char* what) const {
  ALOGD("%s", allocator()->dump(what).c_str());
}

size_t MemoryDealer::getAllocationAlignment() {
  return SimpleBestFitAllocator::kAlignment;
}

const sp<IMemoryHeap>& MemoryDealer::heap() const {
  return heap_;
}

SimpleBestFitAllocator* MemoryDealer::allocator() const {
  return allocator_.get();
}

}  // namespace android
