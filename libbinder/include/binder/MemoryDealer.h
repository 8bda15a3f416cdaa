// MemoryDealer: a heap of this process that is given out in pieces.
//
// A piece returns to the dealer when its last reference goes, those of other processes included. Thread-safe.
// What is free is known here and not in the shared memory, where others could write it. Facts: AOSP's
// binder/MemoryDealer.h.
#pragma once

#include <binder/Common.h>
#include <binder/IMemory.h>
#include <binder/MemoryHeapBase.h>

#include <memory>

namespace android {

class SimpleBestFitAllocator;

class MemoryDealer : public RefBase {
 public:
  // `size` in bytes, rounded up to whole pages. `flags` are those of MemoryHeapBase.
  explicit MemoryDealer(size_t size, const char* name = nullptr, uint32_t flags = 0);

  // The smallest free place that is large enough; null if there is none. Size 0 is a piece of nothing.
  virtual sp<IMemory> allocate(size_t size);
  // Writes what is free and what is not to the log, under this heading.
  virtual void dump(const char* what) const;

  // Pieces begin at, and take up, multiples of so many bytes.
  static size_t getAllocationAlignment();

  sp<IMemoryHeap> getMemoryHeap() const { return heap(); }

 protected:
  virtual ~MemoryDealer();

 private:
  friend class Allocation;
  virtual void deallocate(size_t offset);
  const sp<IMemoryHeap>& heap() const;
  SimpleBestFitAllocator* allocator() const;

  const sp<IMemoryHeap> heap_;
  const std::unique_ptr<SimpleBestFitAllocator> allocator_;
};

}  // namespace android
