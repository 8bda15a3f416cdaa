// MemoryBase: a stretch of a heap that this process gives to others.
#pragma once

#include <binder/IMemory.h>

#include <cstddef>

namespace android {

class MemoryBase : public BnMemory {
 public:
  // `offset` and `size` in bytes; they are not checked here: who receives them checks them against the heap.
  MemoryBase(const sp<IMemoryHeap>& heap, ssize_t offset, size_t size);
  virtual ~MemoryBase();

  sp<IMemoryHeap> getMemory(ssize_t* offset, size_t* size) const override;

 protected:
  size_t getSize() const { return size_; }
  ssize_t getOffset() const { return offset_; }
  const sp<IMemoryHeap>& getHeap() const { return heap_; }

 private:
  const size_t size_;
  const ssize_t offset_;
  const sp<IMemoryHeap> heap_;
};

}  // namespace android
