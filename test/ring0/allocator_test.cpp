#include <algorithm>
#include <map>
#include <vector>

#include "cuse_binder/core/buffer_allocator.h"
#include "test/support/catch.h"

namespace cuse_binder::core {
namespace {

TEST_CASE("an area is handed out from its start and whole again when all is freed") {
  BufferAllocator allocator;
  allocator.init(4096);
  Chunk* a = allocator.allocate(100, false, 1).value().chunk;
  Chunk* b = allocator.allocate(1, false, 1).value().chunk;
  CHECK(a->offset == 0);
  CHECK(a->size == 104);
  CHECK(b->offset == 104);
  CHECK(b->size == 8);
  allocator.release(*a);
  allocator.release(*b);
  CHECK(allocator.allocate(4096, false, 1).ok());
  CHECK(allocator.consistent());
}

TEST_CASE("the smallest chunk that fits is used, at its lower end") {
  BufferAllocator allocator;
  allocator.init(1024);
  std::vector<Chunk*> chunks;
  for (const std::uint64_t size : {16u, 8u, 64u, 8u}) chunks.push_back(allocator.allocate(size, false, 1).value().chunk);
  allocator.release(*chunks[0]);
  allocator.release(*chunks[2]);
  CHECK(allocator.allocate(24, false, 1).value().chunk->offset == 24);
  CHECK(allocator.allocate(16, false, 1).value().chunk->offset == 0);
  CHECK(allocator.allocate(40, false, 1).value().chunk->offset == 48);
}

TEST_CASE("oneway buffers may take half of the area and are charged exactly") {
  BufferAllocator allocator;
  allocator.init(64 << 10);
  Chunk* half = allocator.allocate(32 << 10, true, 1).value().chunk;
  CHECK(allocator.allocate(8, true, 1).error() == ENOSPC);
  CHECK(allocator.allocate(8, false, 1).ok());
  allocator.release(*half);
  CHECK(allocator.free_oneway_space() == 32 << 10);
}

TEST_CASE("one suspect per phase of low oneway space") {
  BufferAllocator allocator;
  allocator.init(64 << 10);
  std::vector<Chunk*> held;
  const auto send = [&] {
    const auto allocation = allocator.allocate(1024, true, 7);
    held.push_back(allocation.value().chunk);
    return allocation.value().suspect;
  };
  for (int i = 1; i <= 25; ++i) CHECK_FALSE(send());
  CHECK(send());
  CHECK_FALSE(send());
  for (int i = 0; i < 3; ++i) {
    allocator.release(*held.back());
    held.pop_back();
  }
  CHECK_FALSE(send());  // space is not low any more
  CHECK(send());
}

// Every order of freeing five neighbours of every choice of three sizes: chunks always merge to one.
TEST_CASE("freed neighbours merge in whatever order they are freed") {
  for (int sizes = 0; sizes < 243; ++sizes) {
    std::vector<int> order = {0, 1, 2, 3, 4};
    do {
      BufferAllocator allocator;
      allocator.init(4096);
      std::vector<Chunk*> chunks;
      for (int i = 0, rest = sizes; i < 5; ++i, rest /= 3) {
        chunks.push_back(allocator.allocate(8u << (rest % 3), false, 1).value().chunk);
      }
      for (const int i : order) {
        allocator.release(*chunks[static_cast<std::size_t>(i)]);
        if (!allocator.consistent()) FAIL("inconsistent after freeing " << i << " with sizes " << sizes);
      }
      if (!allocator.allocate(4096, false, 1).ok()) FAIL("not whole with sizes " << sizes);
    } while (sizes % 27 == 0 && std::next_permutation(order.begin(), order.end()));
  }
}

TEST_CASE("random traffic keeps the area consistent") {
  BufferAllocator allocator;
  allocator.init(1 << 16);
  std::map<std::uint64_t, Chunk*> live;
  std::uint32_t random = 12345;
  const auto next = [&] { return random = random * 1664525u + 1013904223u; };
  for (int step = 0; step < 20000; ++step) {
    if (live.empty() || (next() >> 16) % 3 != 0) {
      const auto allocation = allocator.allocate((next() >> 16) % 2000, (next() >> 20) % 2 == 0, static_cast<pid_t>((next() >> 16) % 3));
      if (allocation.ok()) CHECK(live.emplace(allocation.value().chunk->offset, allocation.value().chunk).second);
    } else {
      auto victim = std::next(live.begin(), static_cast<long>((next() >> 16) % live.size()));
      allocator.release(*victim->second);
      live.erase(victim);
    }
    if (step % 100 == 0) REQUIRE(allocator.consistent());
  }
}

}  // namespace
}  // namespace cuse_binder::core
