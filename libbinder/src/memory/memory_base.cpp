#include <binder/MemoryBase.h>

namespace android {

MemoryBase::MemoryBase(const sp<IMemoryHeap>& heap, ssize_t offset, size_t size)
    : size_(size), offset_(offset), heap_(heap) {}

MemoryBase::~MemoryBase() = default;

sp<IMemoryHeap> MemoryBase::getMemory(ssize_t* offset, size_t* size) const {
  if (offset != nullptr) *offset = offset_;
  if (size != nullptr) *size = size_;
  return heap_;
}

}  // namespace android
