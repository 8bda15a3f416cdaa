// Bytes from somebody who means harm: every reader returns an error, or values, and never reads outside,
// allocates what the bytes cannot fill, or leaves anything behind.
#include <binder/Parcel.h>
#include <binder/ParcelFileDescriptor.h>
#include <binder/ParcelableHolder.h>
#include <binder/PersistableBundle.h>
#include <binder/Status.h>
#include <utils/String8.h>

#include <functional>
#include <random>

#include "test/parcel/support/bytes.h"
#include "test/parcel/support/parcel_access.h"
#include "test/parcel/support/readers.h"
#include "test/parcel/support/sample.h"
#include "test/support/catch.h"

using namespace android;

TEST_CASE("every reader of an empty parcel says that there is nothing") {
  for (const parcel_readers::Reader& reader : parcel_readers::kAll) {
    INFO(reader.name);
    Parcel parcel;
    CHECK(reader.read(parcel) != OK);
    parcel.setDataPosition(100);  // behind the end
    CHECK(reader.read(parcel) != OK);
  }
}

TEST_CASE("every reader of lengths that the bytes cannot fulfil") {
  for (const int32_t length :
       {1,          2,          3,          4,          5,          1000,       0x10000000,
        0x20000000, 0x3fffffff, 0x40000000, 0x40000001, 0x55555555, 0x7ffffffc, 0x7ffffffd,
        0x7ffffffe, INT32_MAX,  -1,         -2,         -4,         INT32_MIN,  INT32_MIN + 1}) {
    for (const parcel_readers::Reader& reader : parcel_readers::kAll) {
      INFO(reader.name << " of length " << length);
      for (int first = 0; first < 2; ++first) {
        Parcel parcel;
        Bytes bytes;
        if (first == 1) bytes.i32(1);  // for those that read whether something is there
        bytes.i32(length).fill(&parcel);
        reader.read(parcel);
        CHECK(parcel.dataPosition() <= static_cast<size_t>(INT32_MAX));
      }
    }
  }
}

TEST_CASE("vectors do not allocate for what is not there") {
  // 0x20000000 elements of 8 bytes would be 4 GiB: the limit is what is there, in all forms.
  Parcel parcel;
  Bytes().i32(0x20000000).i64(0).i64(0).fill(&parcel);
  const auto again = [&parcel]() -> const Parcel& {
    parcel.setDataPosition(0);
    return parcel;
  };
  std::vector<uint8_t> bytes;
  std::vector<int64_t> longs;
  std::vector<bool> bools;
  std::vector<String16> strings;
  std::vector<Sample> samples;
  std::vector<sp<IBinder>> binders;
  std::vector<base::unique_fd> fds;
  std::optional<std::vector<std::optional<String16>>> nullable;
  CHECK(again().readByteVector(&bytes) == BAD_VALUE);
  CHECK(again().readInt64Vector(&longs) == BAD_VALUE);
  CHECK(again().readBoolVector(&bools) == BAD_VALUE);
  CHECK(again().readString16Vector(&strings) == BAD_VALUE);
  CHECK(again().readParcelableVector(&samples) == BAD_VALUE);
  CHECK(again().readStrongBinderVector(&binders) == BAD_VALUE);
  CHECK(again().readUniqueFileDescriptorVector(&fds) == BAD_VALUE);
  CHECK(again().readString16Vector(&nullable) == BAD_VALUE);
  CHECK(again().resizeOutVector(&longs) == NO_MEMORY);
  CHECK(again().resizeOutVector(&bytes) == NO_MEMORY);
  size_t size = 0;
  CHECK(again().reserveOutVector(&longs, &size) == NO_MEMORY);
  CHECK(bytes.capacity() + longs.capacity() + strings.capacity() + samples.capacity() == 0);
}

TEST_CASE("strings that lie about their end") {
  Parcel parcel;
  size_t length = 1;
  Bytes().i32(2).raw({'a', 0, 'b', 0, 'c', 0, 0, 0}).fill(&parcel);  // no zero where it must be
  CHECK(parcel.readString16Inplace(&length) == nullptr);
  CHECK(length == 0);
  Bytes().i32(2).raw({'a', 'b', 'c', 0}).fill(&parcel);
  CHECK(parcel.readString8Inplace(&length) == nullptr);
  CHECK(length == 0);
  Bytes().raw({'a', 'b', 'c', 'd'}).fill(&parcel);
  CHECK(parcel.readCString() == nullptr);
  Bytes().raw({'a', 'b', 'c', 0, 'd', 0}).fill(&parcel);
  CHECK(std::string(parcel.readCString()) == "abc");
  CHECK(std::string(parcel.readCString()) == "d");
  CHECK(parcel.dataAvail() == 0);
  CHECK(parcel.readCString() == nullptr);
  // Halves of surrogate pairs have no meaning, but a length in UTF-8.
  Bytes().i32(3).raw({0x00, 0xd8, 0x00, 0xd8, 0x00, 0xdc, 0, 0}).fill(&parcel);
  std::string utf8;
  CHECK(parcel.readUtf8FromUtf16(&utf8) == OK);
}

TEST_CASE("a bundle that is no bundle") {
  constexpr int32_t kMagic = 0x4c444e42;
  const Bytes bad[] = {
      Bytes().i32(8),
      Bytes().i32(-1).i32(kMagic),
      Bytes().i32(8).i32(kMagic + 1).i64(0),
      Bytes().i32(INT32_MAX).i32(kMagic).i64(0),
      Bytes().i32(8).i32(kMagic).i64(0),                                // no key
      Bytes().i32(12).i32(kMagic).string16(u"k").i32(77),               // no such type
      Bytes().i32(12).i32(kMagic).string16(u"k").i32(1),                // no value
      Bytes().i32(12).i32(kMagic).string16(u"k").i32(1).i32(5),         // longer than it says
      Bytes().i32(20).i32(kMagic).string16(u"k").i32(1).i32(5).i32(0),  // and shorter
      Bytes().i32(16).i32(kMagic).string16(u"k").i32(25).i32(0),        // a null bundle
      Bytes().i32(16).i32(kMagic).string16(u"k").i32(18).i32(0x10000000),
  };
  for (const Bytes& bytes : bad) {
    Parcel parcel;
    bytes.fill(&parcel);
    os::PersistableBundle bundle;
    CHECK(bundle.readFromParcel(&parcel) != OK);
  }
}

TEST_CASE("bundles in bundles in bundles do not use up the stack") {
  const auto nested = [](size_t depth) {
    // From the inside: each level is one key of the level around it.
    constexpr size_t kLevel = 8 + 4 + 4 + 4 + 4;  // key "", type, there, length, magic
    Bytes bytes;
    bytes.i32(static_cast<int32_t>((depth - 1) * kLevel)).i32(0x4c444e42);
    for (size_t level = depth - 1; level > 0; --level) {
      bytes.string16(u"").i32(25).i32(1);
      if (level == 1) {
        bytes.i32(0).i32(0);  // empty; and one word too many, so that every level has the same size
      } else {
        bytes.i32(static_cast<int32_t>((level - 1) * kLevel)).i32(0x4c444e42);
      }
    }
    return bytes;
  };
  Parcel parcel;
  os::PersistableBundle bundle;
  nested(100000).fill(&parcel);
  CHECK(bundle.readFromParcel(&parcel) == BAD_VALUE);

  os::PersistableBundle deep;
  for (int i = 0; i < 60; ++i) {
    os::PersistableBundle outer;
    outer.putInt(String16("depth"), i);
    outer.putPersistableBundle(String16("inner"), deep);
    deep = outer;
  }
  parcel.freeData();
  REQUIRE(deep.writeToParcel(&parcel) == OK);
  parcel.setDataPosition(0);
  REQUIRE(bundle.readFromParcel(&parcel) == OK);
  CHECK(bundle == deep);
}

TEST_CASE("a key that comes twice has its last value") {
  Parcel parcel;
  Bytes body;
  body.string16(u"k").i32(1).i32(5).string16(u"k").i32(9).i32(1);
  Bytes().i32(static_cast<int32_t>(body.size())).i32(0x4c444e42).append(body).fill(&parcel);
  os::PersistableBundle bundle;
  REQUIRE(bundle.readFromParcel(&parcel) == OK);
  CHECK(bundle.size() == 1);
  bool value = false;
  CHECK(bundle.getBoolean(String16("k"), &value));
  CHECK(value);
}

TEST_CASE("a holder that is no holder") {
  const Bytes bad[] = {
      Bytes(),
      Bytes().i32(0),
      Bytes().i32(1).i32(0),  // another stability
      Bytes().i32(0).i32(-1),
      Bytes().i32(0).i32(4),
      Bytes().i32(0).i32(INT32_MAX).i64(0),
  };
  for (const Bytes& bytes : bad) {
    Parcel parcel;
    bytes.fill(&parcel);
    os::ParcelableHolder holder(Parcelable::Stability::STABILITY_LOCAL);
    CHECK(holder.readFromParcel(&parcel) != OK);
  }
  // Its bytes are only looked at when somebody asks.
  Parcel parcel;
  Bytes().i32(0).i32(12).i32(77).i64(0).fill(&parcel);
  os::ParcelableHolder holder(Parcelable::Stability::STABILITY_LOCAL);
  REQUIRE(holder.readFromParcel(&parcel) == OK);
  CHECK(parcel.dataAvail() == 0);
  std::shared_ptr<Sample> sample;
  CHECK(holder.getParcelable(&sample) != OK);
  CHECK(sample == nullptr);
}

TEST_CASE("random bytes, read by random readers") {
  std::mt19937 random(7);
  const auto below = [&random](size_t limit) { return random() % limit; };
  constexpr size_t kReaders = std::size(parcel_readers::kAll);
  for (int round = 0; round < 3000; ++round) {
    Bytes bytes;
    for (size_t i = below(60); i > 0; --i) {
      // Small numbers are good lengths.
      bytes.u32(below(3) == 0 ? static_cast<uint32_t>(random()) : static_cast<uint32_t>(below(12)) - 1);
    }
    Parcel parcel;
    bytes.fill(&parcel);
    parcel.setServiceFuzzing();
    for (size_t i = 0; i < 20; ++i) {
      const parcel_readers::Reader& reader = parcel_readers::kAll[below(kReaders)];
      INFO("round " << round << " " << reader.name);
      if (below(8) == 0) parcel.setDataPosition(below(bytes.size() + 8));
      reader.read(parcel);
    }
    CHECK(bytesOf(parcel) == bytes.vector());
  }
}
