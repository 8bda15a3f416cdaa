// Which parts of a heap are free: arithmetic on offsets, the memory is never touched.
//
// Best fit, and of equals the one in front. Thread-safe.
#pragma once

#include <sys/types.h>
#include <utils/Errors.h>

#include <cstddef>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>

namespace android {

class SimpleBestFitAllocator {
 public:
  static constexpr size_t kAlignment = 32;  // a cache line on most machines AOSP was made for

  // Of so many bytes, rounded up to whole pages.
  explicit SimpleBestFitAllocator(size_t size);

  // The offset of so many bytes, or NO_MEMORY. Size 0 is at 0 and takes no place.
  ssize_t allocate(size_t size);
  // NAME_NOT_FOUND if nothing was allocated there.
  status_t deallocate(size_t offset);

  size_t size() const { return heap_size_; }
  // A heading, a line for each part (F: free, A: allocated), and how much is allocated.
  std::string dump(const char* what) const;

 private:
  struct Chunk {
    size_t size;
    bool free;
  };
  using Chunks = std::map<size_t, Chunk>;  // by offset, without gaps; never two free ones in a row

  void addFree(size_t offset, size_t size);
  Chunks::iterator absorb(Chunks::iterator chunk);

  const size_t heap_size_;
  mutable std::mutex lock_;  // guards what follows
  Chunks chunks_;
  std::set<std::pair<size_t, size_t>> free_;  // (size, offset)
};

}  // namespace android
