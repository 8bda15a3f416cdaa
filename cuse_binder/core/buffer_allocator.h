// The arithmetic of one receive area: best fit over offsets, with the asynchronous half and oneway-spam detection of
// drivers/android/binder_alloc.c. Hands out ranges and touches no memory; nothing of it lies where a client can see it.
#pragma once

#include <sys/types.h>

#include <boost/intrusive/set.hpp>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "cuse_binder/base/result.h"

namespace cuse_binder::core {

// A free or allocated range. Chunks tile the area without gaps.
struct Chunk {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  bool free = true;
  bool oneway = false;
  pid_t sender = 0;  // of the last allocation that began here

  boost::intrusive::set_member_hook<> by_offset;
  boost::intrusive::set_member_hook<> by_size;  // free chunks only
};

class BufferAllocator {
 public:
  BufferAllocator() = default;
  ~BufferAllocator();
  BufferAllocator(const BufferAllocator&) = delete;
  BufferAllocator& operator=(const BufferAllocator&) = delete;

  // Sets the size of the area, once.
  void init(std::uint64_t size);
  std::uint64_t size() const { return size_; }

  struct Allocation {
    Chunk* chunk;
    bool suspect;  // this oneway exceeds what its sender may hold when space is low
  };
  // Range for a buffer of `size` bytes (rounded up to 8, at least 8). ENOSPC. `sender` counts for spam detection.
  base::Result<Allocation> allocate(std::uint64_t size, bool oneway, pid_t sender);
  void release(Chunk& chunk);

  std::uint64_t free_oneway_space() const { return free_oneway_space_; }

  // Calls f(offset, size, free) for every chunk in ascending order.
  template <typename F>
  void for_each(F&& f) const {
    for (const Chunk& chunk : by_offset_) f(chunk.offset, chunk.size, chunk.free);
  }
  // Whether chunks tile the area, neighbours are merged and the asynchronous account is right (tests).
  bool consistent() const;

 private:
  struct OffsetLess {
    bool operator()(const Chunk& a, const Chunk& b) const { return a.offset < b.offset; }
  };
  struct SizeLess {
    bool operator()(const Chunk& a, const Chunk& b) const {
      return a.size != b.size ? a.size < b.size : a.offset < b.offset;
    }
    bool operator()(const Chunk& a, std::uint64_t size) const { return a.size < size; }
    bool operator()(std::uint64_t size, const Chunk& b) const { return size < b.size; }
  };
  using OffsetSet = boost::intrusive::set<
      Chunk, boost::intrusive::compare<OffsetLess>,
      boost::intrusive::member_hook<Chunk, boost::intrusive::set_member_hook<>, &Chunk::by_offset>>;
  using SizeSet = boost::intrusive::set<
      Chunk, boost::intrusive::compare<SizeLess>,
      boost::intrusive::member_hook<Chunk, boost::intrusive::set_member_hook<>, &Chunk::by_size>>;

  Chunk* new_chunk(std::uint64_t offset, std::uint64_t size);
  void delete_chunk(Chunk* chunk);
  struct Held {  // oneway buffers of one sender
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;
  };
  bool is_suspect(const Held& held);

  std::uint64_t size_ = 0;
  std::uint64_t free_oneway_space_ = 0;
  bool spam_detected_ = false;  // one suspect per phase of low space, whoever sent it
  std::unordered_map<pid_t, Held> held_by_sender_;  // so that detection does not walk the area
  OffsetSet by_offset_;
  SizeSet free_by_size_;
  std::vector<Chunk*> spare_;  // recycled, so that steady traffic allocates nothing
};

}  // namespace cuse_binder::core
