// A heap of another process as it is mapped here.
//
// Everything that makes one comes from a peer that may lie.
#pragma once

#include <android-base/unique_fd.h>
#include <binder/IBinder.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace android::internal {

class HeapMapping {
 public:
  // What the peer says; `fd` is borrowed.
  struct Claim {
    int fd;
    uint64_t size;
    int64_t offset;
    uint32_t flags;
  };

  // Null, with a line in the log, if the claim is not true of the file or it cannot be mapped.
  static std::shared_ptr<const HeapMapping> create(const Claim& claim);
  ~HeapMapping();
  HeapMapping(const HeapMapping&) = delete;
  HeapMapping& operator=(const HeapMapping&) = delete;

  int fd() const { return fd_.get(); }
  void* base() const { return base_; }
  size_t size() const { return size_; }
  off_t offset() const { return offset_; }
  uint32_t flags() const { return flags_; }

 private:
  HeapMapping(base::unique_fd fd, void* base, size_t size, off_t offset, uint32_t flags);

  const base::unique_fd fd_;
  void* const base_;
  const size_t size_;
  const off_t offset_;
  const uint32_t flags_;
};

// One mapping for each heap, however many proxies it has: interface_cast() makes a new one every time.
//
// A mapping lives as long as a proxy that has used it, and each of these holds the binder: an address in the
// table is never another binder's. Thread-safe.
class HeapCache {
 public:
  static HeapCache& self();

  std::shared_ptr<const HeapMapping> find(const IBinder* binder);
  // The one to use: this, or another that came first.
  std::shared_ptr<const HeapMapping> add(const IBinder* binder, std::shared_ptr<const HeapMapping> mapping);
  // Gives up a proxy's share, and forgets the heap if that was the last one.
  void release(const IBinder* binder, std::shared_ptr<const HeapMapping> mapping);

 private:
  std::mutex lock_;
  std::unordered_map<const IBinder*, std::weak_ptr<const HeapMapping>> mappings_;  // guarded by lock_
};

}  // namespace android::internal
