#include "memory/simple_best_fit_allocator.h"

#include <cstdio>
#include <iterator>

#include "memory/page.h"

namespace android {

SimpleBestFitAllocator::SimpleBestFitAllocator(size_t size) : heap_size_(internal::pageCeil(size)) {
  if (heap_size_ > 0) addFree(0, heap_size_);
}

void SimpleBestFitAllocator::addFree(size_t offset, size_t size) {
  chunks_[offset] = {size, true};
  free_.emplace(size, offset);
}

ssize_t SimpleBestFitAllocator::allocate(size_t size) {
  if (size == 0) return 0;
  const std::lock_guard lock(lock_);
  if (size > heap_size_) return NO_MEMORY;
  size = (size + kAlignment - 1) / kAlignment * kAlignment;
  const auto best = free_.lower_bound({size, 0});
  if (best == free_.end()) return NO_MEMORY;
  const auto [available, offset] = *best;
  free_.erase(best);
  chunks_[offset] = {size, false};
  if (available > size) addFree(offset + size, available - size);
  return static_cast<ssize_t>(offset);
}

// Takes a free chunk out, to be merged with its neighbour; the one behind it.
SimpleBestFitAllocator::Chunks::iterator SimpleBestFitAllocator::absorb(Chunks::iterator chunk) {
  free_.erase({chunk->second.size, chunk->first});
  return chunks_.erase(chunk);
}

status_t SimpleBestFitAllocator::deallocate(size_t offset) {
  const std::lock_guard lock(lock_);
  const auto chunk = chunks_.find(offset);
  if (chunk == chunks_.end() || chunk->second.free) return NAME_NOT_FOUND;
  size_t size = chunk->second.size;
  auto next = chunks_.erase(chunk);
  if (next != chunks_.end() && next->second.free) {
    size += next->second.size;
    next = absorb(next);
  }
  if (next != chunks_.begin() && std::prev(next)->second.free) {
    const auto previous = std::prev(next);
    offset = previous->first;
    size += previous->second.size;
    absorb(previous);
  }
  addFree(offset, size);
  return OK;
}

std::string SimpleBestFitAllocator::dump(const char* what) const {
  const std::lock_guard lock(lock_);
  char line[128];
  std::string text = "  " + std::string(what);
  snprintf(line, sizeof(line), " (%p, size=%zu)\n", static_cast<const void*>(this), heap_size_);
  text += line;
  size_t allocated = 0;
  unsigned number = 0;
  for (const auto& [offset, chunk] : chunks_) {
    snprintf(line, sizeof(line), "  %3u: %p | 0x%08zX | 0x%08zX | %s \n", number++,
             static_cast<const void*>(&chunk), offset, chunk.size, chunk.free ? "F" : "A");
    text += line;
    if (!chunk.free) allocated += chunk.size;
  }
  snprintf(line, sizeof(line), "  size allocated: %zu (%zu KB)\n", allocated, allocated / 1024);
  return text + line;
}

}  // namespace android
