// ParcelableHolder and PersistableBundle as values.
#include <binder/ParcelableHolder.h>
#include <binder/PersistableBundle.h>

#include "test/parcel/support/bytes.h"
#include "test/parcel/support/sample.h"
#include "test/support/catch.h"

using namespace android;
using os::ParcelableHolder;
using os::PersistableBundle;
using Stability = Parcelable::Stability;

namespace {

class Other : public Sample {
 public:
  static const String16& getParcelableDescriptor() {
    static const String16 name(u"test.Other");
    return name;
  }
};

class Stable : public Sample {
 public:
  Stability getStability() const override { return Stability::STABILITY_VINTF; }
};

ParcelableHolder received(const ParcelableHolder& sent) {
  Parcel parcel;
  REQUIRE(parcel.writeParcelable(sent) == OK);
  parcel.writeInt32(99);
  parcel.setDataPosition(0);
  ParcelableHolder got(sent.getStability());
  REQUIRE(parcel.readParcelable(&got) == OK);
  CHECK(parcel.readInt32() == 99);
  return got;
}

}  // namespace

TEST_CASE("a holder gives what was put in, by its type") {
  ParcelableHolder holder(Stability::STABILITY_LOCAL);
  std::shared_ptr<Sample> got = std::make_shared<Sample>();
  CHECK(holder.getParcelable(&got) == OK);
  CHECK(got == nullptr);
  Sample sample;
  sample.number = 5;
  sample.text = "five";
  REQUIRE(holder.setParcelable(sample) == OK);
  REQUIRE(holder.getParcelable(&got) == OK);
  CHECK(*got == sample);
  std::shared_ptr<Other> other;
  CHECK(holder.getParcelable(&other) == BAD_VALUE);
  CHECK(other == nullptr);

  const ParcelableHolder sent = received(holder);
  CHECK(sent.getParcelable(&other) == BAD_VALUE);
  REQUIRE(sent.getParcelable(&got) == OK);
  CHECK(*got == sample);
  std::shared_ptr<Sample> again;
  REQUIRE(sent.getParcelable(&again) == OK);
  CHECK(again == got);

  // Forwarded without anybody having looked.
  const ParcelableHolder twice = received(received(holder));
  REQUIRE(twice.getParcelable(&got) == OK);
  CHECK(*got == sample);
  holder.reset();
  REQUIRE(received(holder).getParcelable(&got) == OK);
  CHECK(got == nullptr);
}

TEST_CASE("a holder takes nothing that promises less than itself") {
  ParcelableHolder holder(Stability::STABILITY_VINTF);
  CHECK(holder.setParcelable(Sample()) == BAD_VALUE);
  CHECK(holder.setParcelable(Stable()) == OK);
  CHECK(ParcelableHolder(Stability::STABILITY_LOCAL).setParcelable(std::make_shared<Stable>()) == OK);
}

TEST_CASE("copies and moves of a holder") {
  ParcelableHolder holder(Stability::STABILITY_LOCAL);
  REQUIRE(holder.setParcelable(std::make_shared<Sample>()) == OK);
  ParcelableHolder copy = holder;
  CHECK(copy == holder);
  CHECK(!(copy < holder));
  ParcelableHolder bytes = received(holder);
  copy = bytes;
  CHECK(copy != bytes);  // each has its own
  std::shared_ptr<Sample> got;
  REQUIRE(copy.getParcelable(&got) == OK);
  CHECK(got != nullptr);
  const ParcelableHolder moved = std::move(bytes);
  REQUIRE(moved.getParcelable(&got) == OK);
  CHECK(got != nullptr);
  CHECK(bytes == ParcelableHolder(Stability::STABILITY_LOCAL));
}

TEST_CASE("a bundle has values of all types") {
  PersistableBundle inner;
  inner.putString(String16("deep"), String16("water"));
  PersistableBundle bundle;
  bundle.putBoolean(String16("boolean"), true);
  bundle.putInt(String16("int"), -7);
  bundle.putLong(String16("long"), 1LL << 50);
  bundle.putDouble(String16("double"), 0.5);
  bundle.putString(String16("string"), String16("text"));
  bundle.putBooleanVector(String16("booleans"), {true, false});
  bundle.putIntVector(String16("ints"), {1, 2});
  bundle.putLongVector(String16("longs"), {3});
  bundle.putDoubleVector(String16("doubles"), {});
  bundle.putStringVector(String16("strings"), {String16("a"), String16()});
  bundle.putPersistableBundle(String16("bundle"), inner);
  CHECK(bundle.size() == 11);

  Parcel parcel;
  REQUIRE(bundle.writeToParcel(&parcel) == OK);
  parcel.setDataPosition(0);
  PersistableBundle got;
  got.putInt(String16("old"), 1);
  REQUIRE(got.readFromParcel(&parcel) == OK);
  CHECK(got == bundle);
  CHECK(parcel.dataAvail() == 0);
  int64_t number = 0;
  CHECK(got.getLong(String16("long"), &number));
  CHECK(number == 1LL << 50);
  CHECK(!got.getLong(String16("int"), &number));
  CHECK(!got.getLong(String16("old"), &number));
  std::vector<String16> strings;
  CHECK(got.getStringVector(String16("strings"), &strings));
  CHECK(strings == std::vector<String16>{String16("a"), String16()});
  PersistableBundle got_inner;
  CHECK(got.getPersistableBundle(String16("bundle"), &got_inner));
  CHECK(got_inner == inner);
  CHECK(got.getIntVectorKeys() == std::set<String16>{String16("ints")});
  CHECK(got.getPersistableBundleKeys() == std::set<String16>{String16("bundle")});

  got.putInt(String16("long"), 4);  // the name has another type now
  CHECK(got.size() == 11);
  CHECK(got.getLongKeys().empty());
  CHECK(got != bundle);
  CHECK(got.erase(String16("long")) == 1);
  CHECK(got.erase(String16("long")) == 0);
  CHECK(got.size() == 10);
}
