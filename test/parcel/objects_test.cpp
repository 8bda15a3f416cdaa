// Binders in parcels: layout, references, the object table.
#include <binder/Binder.h>
#include <binder/Parcel.h>
#include <binder/Stability.h>
#include <linux/android/binder.h>
#include <sched.h>

#include "test/parcel/support/bytes.h"
#include "test/parcel/support/fds.h"
#include "test/parcel/support/parcel_access.h"
#include "test/parcel/support/sample.h"
#include "test/support/catch.h"

using namespace android;
using android::internal::ParcelAccess;

namespace {

constexpr int32_t kSystem = 0b001100;  // internal::Stability::SYSTEM

flat_binder_object objectAt(const Parcel& parcel, size_t offset) {
  flat_binder_object object;
  REQUIRE(parcel.dataSize() >= offset + sizeof(object));
  memcpy(&object, parcel.data() + offset, sizeof(object));
  return object;
}

}  // namespace

TEST_CASE("a local binder is an object and a stability level") {
  const sp<BBinder> binder = new BBinder();
  Parcel parcel;
  parcel.writeInt32(1);
  REQUIRE(parcel.writeStrongBinder(binder) == OK);
  CHECK(binder->wasParceled());
  const flat_binder_object object = objectAt(parcel, 4);
  CHECK(object.hdr.type == BINDER_TYPE_BINDER);
  CHECK(object.flags == (0x100u | 19u));  // descriptors may be sent to it; nice 19 is enough
  CHECK(object.binder == reinterpret_cast<uintptr_t>(binder->getWeakRefs()));
  CHECK(object.cookie == reinterpret_cast<uintptr_t>(binder.get()));
  CHECK(parcel.dataSize() == 4 + 24 + 4);
  CHECK(parcel.objectsCount() == 1);
  CHECK(ParcelAccess::objects(parcel)[0] == 4);
  parcel.setDataPosition(28);
  CHECK(parcel.readInt32() == kSystem);

  parcel.setDataPosition(4);
  sp<IBinder> got;
  REQUIRE(parcel.readStrongBinder(&got) == OK);
  CHECK(got == binder);
  CHECK(parcel.dataAvail() == 0);
}

TEST_CASE("what a binder asks for is in its flags") {
  const sp<BBinder> binder = new BBinder();
  binder->setRequestingSid(true);
  binder->setInheritRt(true);
  binder->setMinSchedulerPolicy(SCHED_FIFO, 7);
  Parcel parcel;
  REQUIRE(parcel.writeStrongBinder(binder) == OK);
  CHECK(objectAt(parcel, 0).flags == (0x1000u | 0x800u | 0x100u | SCHED_FIFO << 9 | 7u));
}

TEST_CASE("a null binder is an object that is not in the table") {
  Parcel parcel;
  REQUIRE(parcel.writeStrongBinder(sp<IBinder>()) == OK);
  CHECK(bytesOf(parcel) == Bytes().u32(BINDER_TYPE_BINDER).u32(19).i64(0).i64(0).i32(0).vector());
  CHECK(parcel.objectsCount() == 0);
  parcel.setDataPosition(0);
  sp<IBinder> got = new BBinder();
  CHECK(parcel.readStrongBinder(&got) == UNEXPECTED_NULL);
  parcel.setDataPosition(0);
  CHECK(parcel.readNullableStrongBinder(&got) == OK);
  CHECK(got == nullptr);
  parcel.setDataPosition(0);
  CHECK(parcel.readStrongBinder() == nullptr);
}

TEST_CASE("a parcel holds a reference on its binders") {
  sp<BBinder> binder = new BBinder();
  const wp<BBinder> weak = binder;
  Parcel copy;
  {
    Parcel parcel;
    REQUIRE(parcel.writeStrongBinder(binder) == OK);
    binder = nullptr;
    REQUIRE(weak.promote() != nullptr);
    REQUIRE(copy.appendFrom(&parcel, 0, parcel.dataSize()) == OK);
  }
  REQUIRE(weak.promote() != nullptr);
  SECTION("freed") {
    copy.freeData();
  }
  SECTION("cut off") {
    REQUIRE(copy.setDataSize(20) == OK);
    CHECK(copy.objectsCount() == 0);
  }
  SECTION("replaced") {
    const uint8_t bytes[4] = {};
    REQUIRE(copy.setData(bytes, sizeof(bytes)) == OK);
  }
  SECTION("written over") {
    copy.setDataPosition(20);
    REQUIRE(copy.writeInt32(0) == OK);
    CHECK(copy.objectsCount() == 0);
    copy.setDataPosition(0);
    CHECK(copy.readStrongBinder() == nullptr);
  }
  CHECK(weak.promote() == nullptr);
}

TEST_CASE("typed binders") {
  const sp<IThing> thing = new BnThing();
  Parcel parcel;
  REQUIRE(parcel.writeStrongBinder(thing) == OK);
  REQUIRE(parcel.writeStrongBinderVector(std::vector<sp<IThing>>{thing}) == OK);
  REQUIRE(parcel.writeStrongBinderVector(std::make_optional(std::vector<sp<IThing>>{thing, nullptr})) == OK);
  REQUIRE(parcel.writeStrongBinderVector(std::vector<sp<IBinder>>{nullptr}) == OK);
  REQUIRE(parcel.writeFixedArray(std::make_optional(std::array<sp<IThing>, 2>{thing, nullptr})) == OK);
  parcel.setDataPosition(0);
  sp<IThing> one;
  REQUIRE(parcel.readStrongBinder(&one) == OK);
  CHECK(one == thing);
  std::vector<sp<IThing>> many;
  REQUIRE(parcel.readStrongBinderVector(&many) == OK);
  CHECK(many == std::vector<sp<IThing>>{thing});
  std::optional<std::vector<sp<IThing>>> nullable;
  REQUIRE(parcel.readStrongBinderVector(&nullable) == OK);
  CHECK(nullable == std::make_optional(std::vector<sp<IThing>>{thing, nullptr}));
  std::vector<sp<IBinder>> strict;
  CHECK(parcel.readStrongBinderVector(&strict) == UNEXPECTED_NULL);
  std::optional<std::array<sp<IThing>, 2>> fixed;
  REQUIRE(parcel.readFixedArray(&fixed) == OK);
  CHECK((*fixed)[0] == thing);
  CHECK((*fixed)[1] == nullptr);
}

TEST_CASE("an object cannot be read as data, nor data as an object") {
  const sp<BBinder> binder = new BBinder();
  Parcel parcel;
  parcel.writeInt32(1);
  parcel.writeStrongBinder(binder);
  parcel.writeInt32(2);

  // Everything that overlaps the object at [4, 28).
  for (size_t position = 0; position < 28; ++position) {
    INFO(position);
    parcel.setDataPosition(position);
    int64_t number = 0;
    CHECK(parcel.readInt64(&number) == (position + 8 > 4 ? PERMISSION_DENIED : OK));
    CHECK(parcel.dataPosition() == position + 8);
    parcel.setDataPosition(position);
    CHECK((parcel.readInplace(8) == nullptr) == (position + 8 > 4));
    parcel.setDataPosition(position);
    CHECK((parcel.readStrongBinder() == binder) == (position == 4));
  }
  parcel.setDataPosition(28);
  CHECK(parcel.readInt32() == kSystem);
  CHECK(parcel.readInt32() == 2);

  // The same bytes, but not in the table: an address that somebody made up.
  Parcel forged;
  REQUIRE(forged.setData(parcel.data(), parcel.dataSize()) == OK);
  forged.setDataPosition(4);
  sp<IBinder> got;
  CHECK(forged.readStrongBinder(&got) == BAD_TYPE);
  CHECK(got == nullptr);
}

TEST_CASE("many objects, written in any order, are all found") {
  Parcel parcel;
  std::vector<sp<BBinder>> binders;
  constexpr size_t kCount = 300;
  REQUIRE(parcel.setDataSize(kCount * 28) == OK);
  for (size_t i = 0; i < kCount; ++i) binders.push_back(new BBinder());
  for (size_t i = 0; i < kCount; ++i) {
    const size_t at = i * 7 % kCount;
    parcel.setDataPosition(at * 28);
    REQUIRE(parcel.writeStrongBinder(binders[at]) == OK);
  }
  CHECK(parcel.objectsCount() == kCount);
  for (const size_t step : {1u, 11u, 299u}) {  // forwards, in jumps, backwards
    for (size_t i = 0; i < kCount; ++i) {
      const size_t at = i * step % kCount;
      parcel.setDataPosition(at * 28);
      REQUIRE(parcel.readStrongBinder() == binders[at]);
    }
  }
  std::vector<sp<IBinder>> all = parcel.debugReadAllStrongBinders();
  CHECK(all.size() == kCount);
}

TEST_CASE("a part of a parcel is appended with the objects that are in it as a whole") {
  const sp<BBinder> binder = new BBinder();
  Parcel source;
  source.writeInt32(1);
  source.writeStrongBinder(binder);
  Parcel target;
  target.writeInt32(9);
  REQUIRE(target.appendFrom(&source, 0, 27) == OK);
  CHECK(target.objectsCount() == 0);
  REQUIRE(target.appendFrom(&source, 4, 28) == OK);
  CHECK(target.objectsCount() == 1);
  CHECK(ParcelAccess::objects(target)[0] == 4 + 27);
  target.setDataPosition(4 + 27);
  CHECK(target.readStrongBinder() == binder);
  CHECK(target.appendFrom(&source, 20, 28) == BAD_VALUE);
  CHECK(target.appendFrom(&source, 33, 1) == BAD_VALUE);
  CHECK(target.appendFrom(&source, 4, SIZE_MAX) == BAD_VALUE);
  CHECK(source.appendFrom(&source, 0, source.dataSize()) == OK);
  CHECK(source.objectsCount() == 2);
  bool has = false;
  REQUIRE(source.hasBinders(&has) == OK);
  CHECK(has);
  REQUIRE(source.hasBindersInRange(28, 4, &has) == OK);
  CHECK(!has);
  CHECK(source.hasBindersInRange(60, 5, &has) == BAD_VALUE);
  CHECK(!source.hasFileDescriptors());
}

namespace {

struct Released {
  int count = 0;
  size_t size = 0;
} g_released;
void release(const uint8_t*, size_t size, const binder_size_t*, size_t) {
  ++g_released.count;
  g_released.size = size;
}

// Memory as the driver gives it.
struct Received {
  std::vector<uint8_t> data;
  std::vector<binder_size_t> objects;

  void add(uint32_t type, uint64_t binder, uint64_t cookie) {
    flat_binder_object object{};
    object.hdr.type = type;
    object.binder = binder;
    object.cookie = cookie;
    objects.push_back(data.size());
    const auto* bytes = reinterpret_cast<const uint8_t*>(&object);
    data.insert(data.end(), bytes, bytes + sizeof(object));
  }
  void addInt(int32_t value) {
    const auto* bytes = reinterpret_cast<const uint8_t*>(&value);
    data.insert(data.end(), bytes, bytes + sizeof(value));
  }
  void give(Parcel* parcel) const {
    g_released = {};
    ParcelAccess::receive(parcel, data.data(), data.size(), objects.data(), objects.size(), release);
  }
};

}  // namespace

TEST_CASE("received memory is given back once, and its descriptors are closed") {
  Pipe pipe;
  const int fd = pipe.release();
  Received received;
  received.add(BINDER_TYPE_FD, static_cast<uint64_t>(fd), 0);
  received.addInt(5);
  {
    Parcel parcel;
    received.give(&parcel);
    CHECK(parcel.hasFileDescriptors());
    CHECK(parcel.readFileDescriptor() == fd);
    CHECK(parcel.readInt32() == 5);
    CHECK(parcel.debugReadAllFileDescriptors() == std::vector<int>{fd});
    CHECK(g_released.count == 0);
  }
  CHECK(g_released.count == 1);
  CHECK(g_released.size == received.data.size());
  CHECK(pipe.closedEverywhere());
}

TEST_CASE("the descriptors of a received parcel are closed once") {
  Pipe pipe;
  const int fd = pipe.release();
  Received received;
  received.add(BINDER_TYPE_FD, static_cast<uint64_t>(fd), 0);
  Parcel parcel;
  received.give(&parcel);
  parcel.closeFileDescriptors();
  CHECK(pipe.closedEverywhere());
  const base::unique_fd same_number(fcntl(0, F_DUPFD_CLOEXEC, fd));
  REQUIRE(same_number.get() == fd);
  SECTION("closed again") {
    parcel.closeFileDescriptors();
  }
  SECTION("written to") {
    REQUIRE(parcel.setDataCapacity(1000) == OK);
  }
  SECTION("cut") {
    REQUIRE(parcel.setDataSize(0) == OK);
  }
  parcel.freeData();
  CHECK(isOpen(fd));
}

TEST_CASE("a received parcel that is written to becomes one's own") {
  Pipe pipe;
  sp<BBinder> binder = new BBinder();
  binder->incStrong(nullptr);  // the driver's reference
  Received received;
  received.add(BINDER_TYPE_BINDER, reinterpret_cast<uintptr_t>(binder->getWeakRefs()),
               reinterpret_cast<uintptr_t>(binder.get()));
  received.addInt(kSystem);
  received.add(BINDER_TYPE_FD, static_cast<uint64_t>(pipe.release()), 0);
  {
    Parcel parcel;
    received.give(&parcel);
    SECTION("written to") {
      parcel.setDataPosition(parcel.dataSize());
      REQUIRE(parcel.writeInt32(77) == OK);
      CHECK(g_released.count == 1);
      CHECK(received.data.size() + 4 == parcel.dataSize());
      CHECK(parcel.objectsCount() == 2);
    }
    SECTION("a binder is written to it") {
      const sp<BBinder> another = new BBinder();
      parcel.setDataPosition(parcel.dataSize());
      REQUIRE(parcel.writeStrongBinder(another) == OK);
      CHECK(g_released.count == 1);
      CHECK(parcel.objectsCount() == 3);
      parcel.setDataPosition(28 + 24);
      CHECK(parcel.readStrongBinder() == another);
    }
    SECTION("cut") {
      REQUIRE(parcel.setDataSize(28) == OK);
      CHECK(g_released.count == 1);
      CHECK(parcel.objectsCount() == 1);
      CHECK(!parcel.hasFileDescriptors());
      CHECK(pipe.closedEverywhere());
    }
    binder->decStrong(nullptr);
    CHECK(binder->getStrongCount() == 2);  // ours and the parcel's
    parcel.setDataPosition(0);
    CHECK(parcel.readStrongBinder() == binder);
  }
  CHECK(binder->getStrongCount() == 1);
  CHECK(pipe.closedEverywhere());
  CHECK(g_released.count == 1);
}

TEST_CASE("a received object table that is wrong is not used") {
  Received received;
  for (int i = 0; i < 3; ++i) received.add(BINDER_TYPE_BINDER, 0, 0);
  SECTION("outside") {
    received.objects[2] = received.data.size() - 23;
  }
  SECTION("far outside") {
    received.objects[2] = ~0ull - 3;
  }
  SECTION("overlapping") {
    received.objects[1] = 20;
  }
  SECTION("descending") {
    std::swap(received.objects[0], received.objects[1]);
  }
  SECTION("unknown type") {
    received.data[24] = 0x7f;
  }
  SECTION("weak") {
    const uint32_t type = BINDER_TYPE_WEAK_BINDER;
    memcpy(&received.data[24], &type, sizeof(type));
  }
  Parcel parcel;
  received.give(&parcel);
  CHECK(parcel.objectsCount() == 0);
  CHECK(parcel.dataSize() == received.data.size());
}
