// MemoryHeapBase: shared memory of this process.
//
// A new heap is a memfd. It is sealed against shrinking and growing, so that nobody who gets it can take the
// memory away from the others, and against further seals unless MEMFD_ALLOW_SEALING says otherwise. Facts:
// AOSP's binder/MemoryHeapBase.h; where it has ashmem, the size of a region is fixed, too.
#pragma once

#include <android-base/unique_fd.h>
#include <binder/IMemory.h>

#include <cstdint>
#include <string>

namespace android {

class MemoryHeapBase : public virtual BnMemoryHeap {
 public:
  static constexpr auto MEMFD_ALLOW_SEALING_FLAG = 0x00000800;
  enum {
    READ_ONLY = IMemoryHeap::READ_ONLY,
    // Only others map it; getBase() is null.
    DONT_MAP_LOCALLY = 0x00000100,
    // A device is opened with O_SYNC.
    NO_CACHING = 0x00000200,
    // Every new heap is a memfd here; AOSP has ashmem without this flag.
    FORCE_MEMFD = 0x00000400,
    // The heap begins without seals (but for that of READ_ONLY) and whoever has it may add some. Only for a
    // new one, as FORCE_MEMFD; the process aborts otherwise.
    MEMFD_ALLOW_SEALING = FORCE_MEMFD | MEMFD_ALLOW_SEALING_FLAG
  };

  // Sizes are in bytes and rounded up to whole pages. After a failure, which is logged, getHeapID() is -1.

  // A file that is there; it is duplicated. Size 0: as large as the file.
  MemoryHeapBase(int fd, size_t size, uint32_t flags = 0, off_t offset = 0);
  // A device or file by its path.
  explicit MemoryHeapBase(const char* device, size_t size = 0, uint32_t flags = 0);
  // New memory, zeroed. READ_ONLY: this process writes, others cannot. The name is for debugging
  // (/proc/PID/maps).
  explicit MemoryHeapBase(size_t size, uint32_t flags = 0, const char* name = nullptr);
  virtual ~MemoryHeapBase();

  int getHeapID() const override;
  void* getBase() const override;
  size_t getSize() const override;
  uint32_t getFlags() const override;
  off_t getOffset() const override;

  // The path that the heap was made from, or null.
  const char* getDevice() const;

  // Unmaps and closes. Whoever uses the memory in this process must have stopped. Not thread-safe.
  void dispose();

 protected:
  MemoryHeapBase();
  // For subclasses that get memory by themselves. Takes the file over; `base` stays the subclass's to unmap.
  // INVALID_OPERATION if there is memory already.
  status_t init(int fd, void* base, size_t size, int flags = 0, const char* device = nullptr);

 private:
  void mapFile(base::unique_fd fd, bool always_writable, size_t size, off_t offset);

  base::unique_fd fd_;
  size_t size_ = 0;
  void* base_ = MAP_FAILED;
  uint32_t flags_ = 0;
  off_t offset_ = 0;
  bool unmap_ = false;
  bool has_device_ = false;
  std::string device_;
};

}  // namespace android
