#include "parcel/parcel_memory.h"

#include <atomic>
#include <cstdlib>

namespace android {
namespace internal {

namespace {

std::atomic<size_t> g_used_bytes{0};
std::atomic<size_t> g_used_blocks{0};

// Trivially destructible, so that it can be looked at at any time of the thread's life.
struct KeptBlocks {
  void* blocks[ParcelMemory::kKeptBlocks];
  size_t count;
  bool ended;
};
thread_local KeptBlocks t_kept;

struct AtThreadEnd {
  ~AtThreadEnd() {
    t_kept.ended = true;
    while (t_kept.count > 0) ::free(t_kept.blocks[--t_kept.count]);
  }
};

bool keep(void* block) {
  if (t_kept.ended || t_kept.count == ParcelMemory::kKeptBlocks) return false;
  thread_local AtThreadEnd at_end;  // registered when the thread keeps something for the first time
  (void)at_end;
  t_kept.blocks[t_kept.count++] = block;
  return true;
}

}  // namespace

void* ParcelMemory::allocate(size_t* size) {
  void* block = nullptr;
  if (*size <= kSmallBlock) {
    *size = kSmallBlock;
    if (t_kept.count > 0) block = t_kept.blocks[--t_kept.count];
  }
  if (block == nullptr) block = ::malloc(*size);
  if (block == nullptr) return nullptr;
  g_used_bytes.fetch_add(*size, std::memory_order_relaxed);
  g_used_blocks.fetch_add(1, std::memory_order_relaxed);
  return block;
}

void ParcelMemory::free(void* block, size_t size) {
  if (block == nullptr) return;
  g_used_bytes.fetch_sub(size, std::memory_order_relaxed);
  g_used_blocks.fetch_sub(1, std::memory_order_relaxed);
  if (size == kSmallBlock && keep(block)) return;
  ::free(block);
}

size_t ParcelMemory::usedBytes() {
  return g_used_bytes.load(std::memory_order_relaxed);
}

size_t ParcelMemory::usedBlocks() {
  return g_used_blocks.load(std::memory_order_relaxed);
}

}  // namespace internal
}  // namespace android
