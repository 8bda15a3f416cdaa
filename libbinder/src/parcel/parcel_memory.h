// Memory of parcels: small blocks are kept by the thread that freed them and used again.
//
// A call makes a parcel for the request and one for the reply, and a service one for its reply; nearly all
// are small and live as long as the call. Every request of up to kSmallBlock bytes therefore gets a block of
// just this size, and a freed block goes to a list of its thread, up to kKeptBlocks: after the first call,
// calls with small parcels do not use the allocator. Larger blocks are malloc()'s. Tables of objects come
// from here as well.
//
// Blocks may be freed by another thread than the one that allocated them. At the end of a thread its list is
// freed; parcels that live longer (in destructors of other thread-local objects) use malloc() directly.
#pragma once

#include <cstddef>

namespace android {
namespace internal {

class ParcelMemory {
 public:
  static constexpr size_t kSmallBlock = 1024;
  static constexpr size_t kKeptBlocks = 8;

  // At least *size bytes, 8 byte aligned, contents undefined; *size becomes what there is. Null if there is
  // no memory.
  static void* allocate(size_t* size);
  // `size` is what allocate() said; null is allowed.
  static void free(void* block, size_t size);

  // All blocks that are in use, for Parcel::getGlobalAllocSize() and ...Count().
  static size_t usedBytes();
  static size_t usedBlocks();
};

}  // namespace internal
}  // namespace android
