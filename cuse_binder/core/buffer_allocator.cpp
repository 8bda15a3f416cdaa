#include "cuse_binder/core/buffer_allocator.h"

#include <cerrno>

namespace cuse_binder::core {
namespace {
constexpr std::size_t kMaxSpare = 16;
}

BufferAllocator::~BufferAllocator() {
  free_by_size_.clear();
  by_offset_.clear_and_dispose([](Chunk* chunk) { delete chunk; });
  for (Chunk* chunk : spare_) delete chunk;
}

void BufferAllocator::init(std::uint64_t size) {
  CB_CHECK(size_ == 0);
  size_ = size & ~std::uint64_t{7};
  free_oneway_space_ = size / 2;
  if (size_ == 0) return;
  Chunk* all = new_chunk(0, size_);
  by_offset_.insert(*all);
  free_by_size_.insert(*all);
}

Chunk* BufferAllocator::new_chunk(std::uint64_t offset, std::uint64_t size) {
  Chunk* chunk;
  if (spare_.empty()) {
    chunk = new Chunk;
  } else {
    chunk = spare_.back();
    spare_.pop_back();
  }
  chunk->offset = offset;
  chunk->size = size;
  chunk->free = true;
  chunk->oneway = false;
  chunk->sender = 0;
  return chunk;
}

void BufferAllocator::delete_chunk(Chunk* chunk) {
  if (spare_.size() < kMaxSpare) {
    spare_.push_back(chunk);
  } else {
    delete chunk;
  }
}

base::Result<BufferAllocator::Allocation> BufferAllocator::allocate(std::uint64_t size, bool oneway, pid_t sender) {
  if (size < 8) size = 8;
  size = (size + 7) & ~std::uint64_t{7};
  if (oneway && size > free_oneway_space_) return base::Errno{ENOSPC};
  const auto best = free_by_size_.lower_bound(size, SizeLess{});
  if (best == free_by_size_.end()) return base::Errno{ENOSPC};

  Chunk& chunk = *best;
  free_by_size_.erase(best);
  if (chunk.size > size) {
    Chunk* rest = new_chunk(chunk.offset + size, chunk.size - size);
    chunk.size = size;
    by_offset_.insert(*rest);
    free_by_size_.insert(*rest);
  }
  // The newest buffer counts only if the last user of this place was the same sender: the kernel's driver records the
  // sender after it has counted, and places keep what was recorded.
  const bool counts = chunk.sender == sender;
  chunk.free = false;
  chunk.oneway = oneway;
  chunk.sender = sender;
  bool suspect = false;
  if (oneway) {
    free_oneway_space_ -= size;
    Held& held = held_by_sender_[sender];
    suspect = is_suspect(counts ? Held{held.count + 1, held.bytes + size} : held);
    ++held.count;
    held.bytes += size;
  }
  return Allocation{&chunk, suspect};
}

// binder_alloc.c: debug_low_async_space_locked.
bool BufferAllocator::is_suspect(const Held& held) {
  if (free_oneway_space_ >= size_ / 10) {
    spam_detected_ = false;
    return false;
  }
  if (held.count <= 50 && held.bytes <= size_ / 4) return false;
  if (spam_detected_) return false;
  spam_detected_ = true;
  return true;
}

void BufferAllocator::release(Chunk& chunk) {
  CB_CHECK(!chunk.free);
  if (chunk.oneway) {
    free_oneway_space_ += chunk.size;
    const auto held = held_by_sender_.find(chunk.sender);
    held->second.bytes -= chunk.size;
    if (--held->second.count == 0) held_by_sender_.erase(held);
  }
  chunk.free = true;
  Chunk* merged = &chunk;
  auto here = by_offset_.iterator_to(chunk);
  if (here != by_offset_.begin()) {
    auto before = std::prev(here);
    if (before->free) {
      free_by_size_.erase(free_by_size_.iterator_to(*before));
      before->size += chunk.size;
      by_offset_.erase(here);
      merged = &*before;
      delete_chunk(&chunk);
    }
  }
  auto after = std::next(by_offset_.iterator_to(*merged));
  if (after != by_offset_.end() && after->free) {
    Chunk* next = &*after;
    free_by_size_.erase(free_by_size_.iterator_to(*next));
    merged->size += next->size;
    by_offset_.erase(after);
    delete_chunk(next);
  }
  free_by_size_.insert(*merged);
}

bool BufferAllocator::consistent() const {
  std::uint64_t position = 0;
  std::uint64_t oneway = 0;
  bool previous_free = false;
  for (const Chunk& chunk : by_offset_) {
    if (chunk.offset != position || chunk.size == 0 || (chunk.free && previous_free)) return false;
    if (chunk.free != chunk.by_size.is_linked()) return false;
    if (!chunk.free && chunk.oneway) oneway += chunk.size;
    previous_free = chunk.free;
    position += chunk.size;
  }
  return position == size_ && (size_ == 0 || free_oneway_space_ + oneway == size_ / 2);
}

}  // namespace cuse_binder::core
