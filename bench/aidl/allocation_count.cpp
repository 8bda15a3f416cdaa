#include "bench/aidl/allocation_count.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstddef>
#include <new>

#include "bench/support/error.h"

namespace {

std::atomic<std::uint64_t>* g_number = nullptr;

void count() {
  if (g_number != nullptr) g_number->fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

// The C library's own names of what is replaced here (glibc manual, "Replacing malloc"). free() stays.
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* block, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);

void* malloc(std::size_t size) {
  count();
  return __libc_malloc(size);
}

void* calloc(std::size_t elements, std::size_t size) {
  count();
  return __libc_calloc(elements, size);
}

void* realloc(void* block, std::size_t size) {
  count();
  return __libc_realloc(block, size);
}

void* memalign(std::size_t alignment, std::size_t size) {
  count();
  return __libc_memalign(alignment, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) {
  return memalign(alignment, size);
}

int posix_memalign(void** block, std::size_t alignment, std::size_t size) {
  *block = memalign(alignment, size);
  return *block == nullptr ? ENOMEM : 0;
}
}

namespace cuse_binder::bench {

AllocationCount::AllocationCount() {
  void* memory = mmap(nullptr, sizeof *number_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw_errno("mmap");
  number_ = new (memory) std::atomic<std::uint64_t>(0);
}

AllocationCount::~AllocationCount() {
  munmap(number_, sizeof *number_);
}

void AllocationCount::count_this_process() {
  g_number = number_;
}

}  // namespace cuse_binder::bench
