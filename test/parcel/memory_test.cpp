// Memory of parcels: small ones use it again without the allocator, and what is secret does not remain in it.
#include <binder/Binder.h>
#include <binder/Parcel.h>
#include <binder/Status.h>
#include <utils/String16.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "libbinder/src/parcel/parcel_memory.h"
#include "test/support/catch.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define COUNTS_ALLOCATIONS 0  // the sanitizer's allocator is in place of this one
#else
#define COUNTS_ALLOCATIONS 1

namespace {
thread_local size_t t_allocations = 0;
}

extern "C" {
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);

// In place of the C library's, for all of the program; operator new calls malloc().
void* malloc(size_t size) {
  ++t_allocations;
  return __libc_malloc(size);
}
void* calloc(size_t count, size_t size) {
  ++t_allocations;
  return __libc_calloc(count, size);
}
void* realloc(void* block, size_t size) {
  ++t_allocations;
  return __libc_realloc(block, size);
}
}
#endif

using namespace android;
using internal::ParcelMemory;

namespace {

// Of this thread so far; always 0 where they cannot be counted.
size_t allocations() {
#if COUNTS_ALLOCATIONS
  return t_allocations;
#else
  return 0;
#endif
}

// What a client, a service and libbinder between them do for a small call; false if something went wrong.
bool call(const String16& interface, const String16& text, const sp<IBinder>& binder) {
  Parcel data;
  bool good = data.writeInterfaceToken(interface) == OK && data.writeInt32(42) == OK &&
              data.writeString16(text) == OK && data.writeStrongBinder(binder) == OK;
  data.setDataPosition(0);
  Parcel reply;
  size_t length = 0;
  good = good && data.enforceInterface(interface) && data.readInt32() == 42;
  good = good && data.readString16Inplace(&length) != nullptr && length == text.size();
  good = good && data.readStrongBinder() == binder;
  good = good && reply.writeNoException() == OK && reply.writeInt64(7) == OK;
  reply.setDataPosition(0);
  binder::Status status;
  return good && status.readFromParcel(reply) == OK && reply.readInt64() == 7;
}

}  // namespace

TEST_CASE("small calls do not use the allocator after the first one") {
  const String16 interface("com.example.IGreeter");
  const String16 text("a string of some length");
  const sp<IBinder> binder = new BBinder();
  REQUIRE(call(interface, text, binder));
  const size_t before = allocations();
  bool good = true;
  for (int i = 0; i < 1000; ++i) good = call(interface, text, binder) && good;
  const size_t after = allocations();
  CHECK(good);
  CHECK(after == before);
}

#if COUNTS_ALLOCATIONS
TEST_CASE("the counter counts") {
  const size_t before = t_allocations;
  Parcel large;
  REQUIRE(large.setDataCapacity(100000) == OK);
  CHECK(t_allocations > before);
}

TEST_CASE("a parcel that is used again does not either") {
  Parcel parcel;
  parcel.writeInt32(1);
  parcel.freeData();  // the first block that a thread keeps registers its end
  const size_t before = t_allocations;
  for (int i = 0; i < 100; ++i) {
    parcel.freeData();
    for (int32_t k = 0; k < 100; ++k) parcel.writeInt32(k);
    parcel.setDataSize(0);
    parcel.setDataPosition(0);
  }
  CHECK(t_allocations == before);
}
#endif

TEST_CASE("the process's memory of parcels is counted") {
  const size_t count = Parcel::getGlobalAllocCount();
  const size_t size = Parcel::getGlobalAllocSize();
  {
    Parcel parcel;
    CHECK(Parcel::getGlobalAllocCount() == count);
    parcel.writeInt32(1);
    CHECK(Parcel::getGlobalAllocCount() == count + 1);
    CHECK(Parcel::getGlobalAllocSize() == size + parcel.dataCapacity());
    REQUIRE(parcel.setDataCapacity(100000) == OK);
    CHECK(Parcel::getGlobalAllocCount() == count + 1);
    CHECK(Parcel::getGlobalAllocSize() == size + parcel.dataCapacity());
  }
  CHECK(Parcel::getGlobalAllocCount() == count);
  CHECK(Parcel::getGlobalAllocSize() == size);
}

TEST_CASE("what is sensitive is not left in memory") {
  const std::vector<uint8_t> secret(500, 0xaa);
  const bool sensitive = GENERATE(false, true);
  CAPTURE(sensitive);
  {
    Parcel parcel;
    if (sensitive) parcel.markSensitive();
    CHECK(parcel.isSensitive() == sensitive);
    REQUIRE(parcel.write(secret.data(), secret.size()) == OK);
  }
  // The same block comes again.
  Parcel next;
  REQUIRE(next.setDataSize(500) == OK);
  CHECK((std::count(next.data(), next.data() + 500, 0xaa) == 500) == !sensitive);
}

TEST_CASE("and not when it grows out of it") {
  Parcel parcel;
  parcel.markSensitive();
  const std::vector<uint8_t> secret(500, 0xaa);
  REQUIRE(parcel.write(secret.data(), secret.size()) == OK);
  REQUIRE(parcel.setDataCapacity(100000) == OK);
  Parcel next;
  REQUIRE(next.setDataSize(500) == OK);
  CHECK(std::count(next.data(), next.data() + 500, 0xaa) == 0);
  CHECK(std::count(parcel.data(), parcel.data() + 500, 0xaa) == 500);
}

TEST_CASE("blocks may be freed by other threads, and outlive their own") {
  std::vector<std::unique_ptr<Parcel>> parcels;
  for (int round = 0; round < 20; ++round) {
    std::thread([&parcels] {
      for (int i = 0; i < 30; ++i) {
        parcels.push_back(std::make_unique<Parcel>());
        parcels.back()->writeInt32(i);
        if (parcels.size() > 40) parcels.erase(parcels.begin(), parcels.begin() + 20);
      }
    }).join();
  }
  for (const auto& parcel : parcels) {
    parcel->setDataPosition(0);
    CHECK(parcel->readInt32() < 30);
  }
}

TEST_CASE("a parcel may go when its thread's other objects are gone already") {
  std::thread([] {
    struct Late {
      std::unique_ptr<Parcel> parcel;
      ~Late() {
        if (parcel != nullptr) {
          parcel = std::make_unique<Parcel>();
          parcel->writeInt32(1);
        }
      }
    };
    thread_local Late late;  // destroyed last: it is the thread's first
    late.parcel = std::make_unique<Parcel>();
    late.parcel->writeInt32(1);
    {
      Parcel kept;
      kept.writeInt32(1);
    }
  }).join();
}

TEST_CASE("a size is never less than what was asked for") {
  for (const size_t asked :
       {size_t{1}, ParcelMemory::kSmallBlock, ParcelMemory::kSmallBlock + 1, size_t{1} << 20}) {
    size_t size = asked;
    void* block = ParcelMemory::allocate(&size);
    REQUIRE(block != nullptr);
    CHECK(size >= asked);
    memset(block, 1, size);
    ParcelMemory::free(block, size);
  }
  ParcelMemory::free(nullptr, 0);
}
