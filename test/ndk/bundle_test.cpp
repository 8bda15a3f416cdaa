// APersistableBundle, by way of the C functions and of the class that generated code uses.
#include <android/binder_auto_utils.h>
#include <android/binder_libbinder.h>
#include <android/persistable_bundle_aidl.h>
#include <binder/PersistableBundle.h>

#include <cstdlib>
#include <random>

#include "test/support/catch.h"

using aidl::android::os::PersistableBundle;
using ndk::ScopedAParcel;

namespace {

PersistableBundle full_bundle() {
  PersistableBundle inner;
  inner.putString("deep", "wörd");
  PersistableBundle bundle;
  bundle.putBoolean("b", true);
  bundle.putInt("i", -5);
  bundle.putLong("l", int64_t{1} << 40);
  bundle.putDouble("d", 2.5);
  bundle.putString("s", "text €");
  bundle.putBooleanVector("bv", {true, false, true});
  bundle.putIntVector("iv", {1, -2, 3});
  bundle.putLongVector("lv", {});
  bundle.putDoubleVector("dv", {0.5});
  bundle.putStringVector("sv", {"", "x", "yz"});
  bundle.putPersistableBundle("p", inner);
  return bundle;
}

void check_full(const PersistableBundle& bundle) {
  bool b = false;
  int32_t i = 0;
  int64_t l = 0;
  double d = 0;
  std::string s;
  std::vector<bool> bv;
  std::vector<int32_t> iv;
  std::vector<int64_t> lv{7};
  std::vector<double> dv;
  std::vector<std::string> sv;
  PersistableBundle p;
  CHECK(bundle.size() == 11);
  CHECK((bundle.getBoolean("b", &b) && b));
  CHECK((bundle.getInt("i", &i) && i == -5));
  CHECK((bundle.getLong("l", &l) && l == int64_t{1} << 40));
  CHECK((bundle.getDouble("d", &d) && d == 2.5));
  CHECK((bundle.getString("s", &s) && s == "text €"));
  CHECK((bundle.getBooleanVector("bv", &bv) && bv == std::vector<bool>{true, false, true}));
  CHECK((bundle.getIntVector("iv", &iv) && iv == std::vector<int32_t>{1, -2, 3}));
  CHECK((bundle.getLongVector("lv", &lv) && lv.empty()));
  CHECK((bundle.getDoubleVector("dv", &dv) && dv == std::vector<double>{0.5}));
  CHECK((bundle.getStringVector("sv", &sv) && sv == std::vector<std::string>{"", "x", "yz"}));
  REQUIRE(bundle.getPersistableBundle("p", &p));
  CHECK((p.getString("deep", &s) && s == "wörd"));
}

char* no_room(int32_t, void* calls) {
  ++*static_cast<int*>(calls);
  return nullptr;
}

}  // namespace

TEST_CASE("a bundle keeps values of every type", "[bundle]") {
  const PersistableBundle bundle = full_bundle();
  check_full(bundle);
  using Keys = std::set<std::string>;
  CHECK(bundle.getBooleanKeys() == Keys{"b"});
  CHECK(bundle.getIntKeys() == Keys{"i"});
  CHECK(bundle.getLongKeys() == Keys{"l"});
  CHECK(bundle.getDoubleKeys() == Keys{"d"});
  CHECK(bundle.getStringKeys() == Keys{"s"});
  CHECK(bundle.getBooleanVectorKeys() == Keys{"bv"});
  CHECK(bundle.getIntVectorKeys() == Keys{"iv"});
  CHECK(bundle.getLongVectorKeys() == Keys{"lv"});
  CHECK(bundle.getDoubleVectorKeys() == Keys{"dv"});
  CHECK(bundle.getStringVectorKeys() == Keys{"sv"});
  CHECK(bundle.getPersistableBundleKeys() == Keys{"p"});
}

TEST_CASE("a key has one value", "[bundle]") {
  PersistableBundle bundle;
  bundle.putInt("k", 1);
  bundle.putString("k", "two");
  CHECK(bundle.size() == 1);
  int32_t number = 77;
  CHECK_FALSE(bundle.getInt("k", &number));
  CHECK(number == 77);
  CHECK(bundle.erase("k") == 1);
  CHECK(bundle.erase("k") == 0);
  CHECK(bundle.size() == 0);
}

TEST_CASE("copies of a bundle are deep", "[bundle]") {
  PersistableBundle bundle = full_bundle();
  PersistableBundle copy = bundle;
  CHECK(copy == bundle);
  copy.putInt("i", 6);
  CHECK(copy != bundle);
  check_full(bundle);
  copy = bundle;
  CHECK(copy == bundle);
  bundle.putPersistableBundle("self", bundle);
  CHECK(bundle.size() == 12);
  const PersistableBundle moved = std::move(copy);
  check_full(moved);
  APersistableBundle_delete(nullptr);
}

TEST_CASE("a bundle survives a parcel, and is that of the C++ API", "[bundle]") {
  const ScopedAParcel parcel(AParcel_create());
  REQUIRE(full_bundle().writeToParcel(parcel.get()) == STATUS_OK);
  REQUIRE(AParcel_writeInt32(parcel.get(), 4711) == STATUS_OK);
  AParcel_setDataPosition(parcel.get(), 0);
  PersistableBundle read;
  REQUIRE(read.readFromParcel(parcel.get()) == STATUS_OK);
  check_full(read);
  int32_t behind = 0;
  REQUIRE(AParcel_readInt32(parcel.get(), &behind) == STATUS_OK);
  CHECK(behind == 4711);

  AParcel_setDataPosition(parcel.get(), 0);
  android::os::PersistableBundle platform;
  REQUIRE(platform.readFromParcel(AParcel_viewPlatformParcel(parcel.get())) == android::OK);
  CHECK(platform.size() == 11);
}

TEST_CASE("buffers are filled as far as they go", "[bundle]") {
  APersistableBundle* bundle = APersistableBundle_new();
  const int32_t numbers[] = {1, 2, 3};
  APersistableBundle_putIntVector(bundle, "v", numbers, 3);
  CHECK(APersistableBundle_getIntVector(bundle, "none", nullptr, 0) == APERSISTABLEBUNDLE_KEY_NOT_FOUND);
  CHECK(APersistableBundle_getIntVector(bundle, "v", nullptr, 0) == 12);
  int32_t buffer[3] = {-1, -1, -1};
  CHECK(APersistableBundle_getIntVector(bundle, "v", buffer, 11) == 12);
  CHECK((buffer[0] == 1 && buffer[1] == 2 && buffer[2] == -1));
  CHECK(APersistableBundle_getIntVector(bundle, "v", buffer, -4) == 12);

  const char* texts[] = {"a", "b"};
  APersistableBundle_putStringVector(bundle, "t", texts, 2);
  int calls = 0;
  char* strings[2] = {};
  char* string = nullptr;
  APersistableBundle_putString(bundle, "s", "x");
  CHECK(APersistableBundle_getStringVector(bundle, "t", strings, 0, no_room, &calls) == 2 * sizeof(char*));
  CHECK(calls == 0);
  CHECK(APersistableBundle_getStringVector(bundle, "t", strings, sizeof(strings), no_room, &calls) ==
        APERSISTABLEBUNDLE_ALLOCATOR_FAILED);
  CHECK(APersistableBundle_getString(bundle, "s", &string, no_room, &calls) ==
        APERSISTABLEBUNDLE_ALLOCATOR_FAILED);
  CHECK(APersistableBundle_getString(bundle, "v", &string, no_room, &calls) ==
        APERSISTABLEBUNDLE_KEY_NOT_FOUND);
  CHECK(calls == 2);
  APersistableBundle_delete(bundle);
}

TEST_CASE("what is no bundle is not read", "[bundle][hostile]") {
  APersistableBundle* read = nullptr;
  CHECK(APersistableBundle_readFromParcel(nullptr, &read) == STATUS_BAD_VALUE);
  const ScopedAParcel written(AParcel_create());
  CHECK(APersistableBundle_writeToParcel(nullptr, written.get()) == STATUS_BAD_VALUE);
  REQUIRE(full_bundle().writeToParcel(written.get()) == STATUS_OK);
  std::vector<uint8_t> good(static_cast<size_t>(AParcel_getDataSize(written.get())));
  REQUIRE(AParcel_marshal(written.get(), good.data(), 0, good.size()) == STATUS_OK);
  // Cut off anywhere (parcels have whole words), and with one byte changed anywhere.
  std::mt19937 random(99);
  for (size_t i = 0; i < good.size(); ++i) {
    std::vector<uint8_t> bytes = good;
    const bool cut = i % 2 == 0;
    if (cut) {
      bytes.resize(i / 4 * 4);
    } else {
      bytes[i] = static_cast<uint8_t>(random());
    }
    const ScopedAParcel parcel(AParcel_create());
    REQUIRE(AParcel_unmarshal(parcel.get(), bytes.data(), bytes.size()) == STATUS_OK);
    AParcel_setDataPosition(parcel.get(), 0);
    PersistableBundle bundle;
    const binder_status_t status = bundle.readFromParcel(parcel.get());
    if (cut) CHECK(status != STATUS_OK);
  }
}
