#define LOG_TAG "IMemory"
#include <binder/IMemory.h>
#include <binder/Parcel.h>
#include <log/log.h>

#include <atomic>
#include <cinttypes>
#include <cstring>
#include <mutex>

#include "memory/heap_mapping.h"

namespace android {

using internal::HeapCache;
using internal::HeapMapping;

namespace {

enum { HEAP_ID = IBinder::FIRST_CALL_TRANSACTION };     // of IMemoryHeap
enum { GET_MEMORY = IBinder::FIRST_CALL_TRANSACTION };  // of IMemory

}  // namespace

// --- heaps

class BpMemoryHeap final : public BpInterface<IMemoryHeap> {
 public:
  explicit BpMemoryHeap(const sp<IBinder>& impl) : BpInterface<IMemoryHeap>(impl) {}
  ~BpMemoryHeap() override {
    if (mapping_ != nullptr) HeapCache::self().release(remote(), std::move(mapping_));
  }

  int getHeapID() const override {
    const HeapMapping* const heap = mapping();
    return heap != nullptr ? heap->fd() : -1;
  }
  void* getBase() const override {
    const HeapMapping* const heap = mapping();
    return heap != nullptr ? heap->base() : MAP_FAILED;
  }
  size_t getSize() const override {
    const HeapMapping* const heap = mapping();
    return heap != nullptr ? heap->size() : 0;
  }
  uint32_t getFlags() const override {
    const HeapMapping* const heap = mapping();
    return heap != nullptr ? heap->flags() : 0;
  }
  off_t getOffset() const override {
    const HeapMapping* const heap = mapping();
    return heap != nullptr ? heap->offset() : 0;
  }

 private:
  // Valid as long as this proxy.
  const HeapMapping* mapping() const {
    if (const HeapMapping* const known = known_.load(std::memory_order_acquire); known != nullptr)
      return known;
    HeapCache& cache = HeapCache::self();
    std::shared_ptr<const HeapMapping> heap = cache.find(remote());
    if (heap == nullptr) {
      // Without a lock: the other side may call back. If two threads ask, one answer is dropped.
      heap = ask();
      if (heap == nullptr) return nullptr;
      heap = cache.add(remote(), std::move(heap));
    }
    const std::lock_guard lock(lock_);
    if (mapping_ == nullptr) {
      mapping_ = std::move(heap);
      known_.store(mapping_.get(), std::memory_order_release);
    }
    return mapping_.get();
  }

  std::shared_ptr<const HeapMapping> ask() const {
    Parcel data;
    Parcel reply;
    data.markForBinder(remoteStrong());
    data.writeInterfaceToken(IMemoryHeap::getInterfaceDescriptor());
    status_t status = remote()->transact(HEAP_ID, data, &reply);
    HeapMapping::Claim claim{-1, 0, 0, 0};
    if (status == OK) {
      claim.fd = reply.readFileDescriptor();
      if (claim.fd < 0) status = BAD_TYPE;
    }
    if (status == OK) status = reply.readUint64(&claim.size);
    if (status == OK) status = reply.readInt64(&claim.offset);
    if (status == OK) status = reply.readUint32(&claim.flags);
    if (status != OK) {
      ALOGE("a heap did not say what it is: %s (%d)", strerror(-status), status);
      return nullptr;
    }
    return HeapMapping::create(claim);
  }

  mutable std::mutex lock_;
  mutable std::shared_ptr<const HeapMapping> mapping_;      // guarded by lock_; set once
  mutable std::atomic<const HeapMapping*> known_{nullptr};  // the same, without the lock
};

IMPLEMENT_META_INTERFACE(MemoryHeap, "android.utils.IMemoryHeap")

BnMemoryHeap::BnMemoryHeap() = default;
BnMemoryHeap::~BnMemoryHeap() = default;

status_t BnMemoryHeap::onTransact(uint32_t code, const Parcel& data, Parcel* reply, uint32_t flags) {
  if (code != HEAP_ID) return BBinder::onTransact(code, data, reply, flags);
  CHECK_INTERFACE(IMemoryHeap, data, reply);
  if (reply == nullptr) return OK;
  status_t status = reply->writeFileDescriptor(getHeapID());
  if (status == OK) status = reply->writeUint64(getSize());
  if (status == OK) status = reply->writeInt64(getOffset());
  if (status == OK) status = reply->writeUint32(getFlags());
  return status;
}

// --- pieces of heaps

class BpMemory final : public BpInterface<IMemory> {
 public:
  explicit BpMemory(const sp<IBinder>& impl) : BpInterface<IMemory>(impl) {}

  sp<IMemoryHeap> getMemory(ssize_t* offset, size_t* size) const override {
    {
      const std::lock_guard lock(lock_);
      if (piece_.heap != nullptr) return piece_.tell(offset, size);
    }
    const Piece answer = ask();
    const std::lock_guard lock(lock_);
    if (piece_.heap == nullptr) piece_ = answer;
    return piece_.tell(offset, size);
  }

 private:
  struct Piece {
    sp<IMemoryHeap> heap;  // null: not known
    ssize_t offset = 0;
    size_t size = 0;

    sp<IMemoryHeap> tell(ssize_t* to_offset, size_t* to_size) const {
      if (to_offset != nullptr) *to_offset = offset;
      if (to_size != nullptr) *to_size = size;
      return size > 0 ? heap : nullptr;
    }
  };

  Piece ask() const {
    Parcel data;
    Parcel reply;
    data.markForBinder(remoteStrong());
    data.writeInterfaceToken(IMemory::getInterfaceDescriptor());
    sp<IBinder> binder;
    int64_t offset = 0;
    uint64_t size = 0;
    if (remote()->transact(GET_MEMORY, data, &reply) != OK || reply.readStrongBinder(&binder) != OK ||
        reply.readInt64(&offset) != OK || reply.readUint64(&size) != OK)
      return {};
    Piece piece;
    piece.heap = IMemoryHeap::asInterface(binder);
    if (piece.heap == nullptr) return {};
    const size_t available = piece.heap->getSize();
    // A heap that cannot be had now may be had later.
    if (available == 0) return {};
    if (offset < 0 || size > available || static_cast<uint64_t>(offset) > available - size) {
      ALOGE("%" PRIu64 " bytes at %" PRId64 " are outside of their heap of %zu", size, offset, available);
      return piece;
    }
    piece.offset = static_cast<ssize_t>(offset);
    piece.size = static_cast<size_t>(size);
    return piece;
  }

  mutable std::mutex lock_;
  mutable Piece piece_;  // guarded by lock_
};

IMPLEMENT_META_INTERFACE(Memory, "android.utils.IMemory")

BnMemory::BnMemory() = default;
BnMemory::~BnMemory() = default;

status_t BnMemory::onTransact(uint32_t code, const Parcel& data, Parcel* reply, uint32_t flags) {
  if (code != GET_MEMORY) return BBinder::onTransact(code, data, reply, flags);
  CHECK_INTERFACE(IMemory, data, reply);
  if (reply == nullptr) return OK;
  ssize_t offset = 0;
  size_t size = 0;
  const sp<IMemoryHeap> heap = getMemory(&offset, &size);
  status_t status = reply->writeStrongBinder(IInterface::asBinder(heap));
  if (status == OK) status = reply->writeInt64(offset);
  if (status == OK) status = reply->writeUint64(size);
  return status;
}

namespace {

void* at(const sp<IMemoryHeap>& heap, ssize_t offset) {
  void* const base = heap != nullptr ? heap->getBase() : MAP_FAILED;
  if (base == MAP_FAILED || base == nullptr) return nullptr;
  return static_cast<char*>(base) + offset;
}

}  // namespace

void* IMemory::unsecurePointer() const {
  ssize_t offset = 0;
  const sp<IMemoryHeap> heap = getMemory(&offset, nullptr);
  return at(heap, offset);
}

void* IMemory::pointer() const {
  return unsecurePointer();
}

void* IMemory::fastPointer(const sp<IBinder>& binder, ssize_t offset) const {
  const sp<IMemoryHeap> heap = IMemoryHeap::asInterface(binder);
  if (heap == nullptr || offset < 0 || static_cast<size_t>(offset) >= heap->getSize()) return nullptr;
  return at(heap, offset);
}

size_t IMemory::size() const {
  size_t size = 0;
  (void)getMemory(nullptr, &size);
  return size;
}

ssize_t IMemory::offset() const {
  ssize_t offset = 0;
  (void)getMemory(&offset, nullptr);
  return offset;
}

}  // namespace android
