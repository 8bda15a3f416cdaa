// IMemoryHeap: a file of shared memory, of this process or of another one. IMemory: a stretch of a heap.
//
// Thread-safe, the memory itself excepted. Facts: AOSP's binder/IMemory.h and IMemory.cpp.
//
// What a heap of another process says of itself is checked before it is mapped: the file is as large as
// claimed, and if it can be sealed it is sealed against shrinking, because whoever shrinks a file kills those
// who read its mapping. A file that cannot be sealed (one of a file system, a device) remains its owner's to
// shrink.
#pragma once

#include <binder/Common.h>
#include <binder/IInterface.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <utils/Errors.h>
#include <utils/RefBase.h>

#include <cstddef>
#include <cstdint>

namespace android {

class IMemoryHeap : public IInterface {
 public:
  DECLARE_META_INTERFACE(MemoryHeap)

  enum {
    READ_ONLY = 0x00000001,  // nobody but the owner writes
  };

  // A remote heap is asked and mapped by the first of these calls, and mapped once for all proxies of it. As
  // long as that fails, they try again.

  // The file; the heap keeps it. -1 if there is none.
  virtual int getHeapID() const = 0;
  // Where it is mapped here. MAP_FAILED if it is not; null if it is not to be (DONT_MAP_LOCALLY).
  virtual void* getBase() const = 0;
  virtual size_t getSize() const = 0;  // bytes, 0 on failure
  virtual uint32_t getFlags() const = 0;
  virtual off_t getOffset() const = 0;  // in the file, of the first byte

  // Older names.
  int32_t heapID() const { return getHeapID(); }
  void* base() const { return getBase(); }
  size_t virtualSize() const { return getSize(); }
};

class BnMemoryHeap : public BnInterface<IMemoryHeap> {
 public:
  BnMemoryHeap();
  status_t onTransact(uint32_t code, const Parcel& data, Parcel* reply, uint32_t flags = 0) override;

 protected:
  virtual ~BnMemoryHeap();
};

class IMemory : public IInterface {
 public:
  DECLARE_META_INTERFACE(Memory)

  // The heap, and where in it this memory is, in bytes. A remote one is asked once; what lies outside of its
  // heap is no memory: null, 0 and 0.
  virtual sp<IMemoryHeap> getMemory(ssize_t* offset = nullptr, size_t* size = nullptr) const = 0;

  // The first byte; null if it is not mapped. Valid as long as this object. Others may write there at any
  // time: copy first, then check, then use. Never writable if the heap is READ_ONLY and not ours.
  void* unsecurePointer() const;
  // The same in a heap that one knows by its binder.
  void* fastPointer(const sp<IBinder>& heap, ssize_t offset) const;
  // The older name of unsecurePointer().
  void* pointer() const;

  size_t size() const;
  ssize_t offset() const;
};

class BnMemory : public BnInterface<IMemory> {
 public:
  BnMemory();
  status_t onTransact(uint32_t code, const Parcel& data, Parcel* reply, uint32_t flags = 0) override;

 protected:
  virtual ~BnMemory();
};

}  // namespace android
