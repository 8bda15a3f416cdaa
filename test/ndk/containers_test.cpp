// The C++ headers: containers, parcelables, holders, enums, text.
#include <android/binder_enums.h>
#include <android/binder_interface_utils.h>
#include <android/binder_parcel_utils.h>
#include <android/binder_parcelable_utils.h>
#include <android/binder_to_string.h>
#include <fcntl.h>

#include <array>
#include <random>

#include "test/support/catch.h"

using ndk::ScopedAParcel;
using ndk::ScopedFileDescriptor;
using ndk::SpAIBinder;

namespace {

enum class Byte : int8_t { A = -1, B = 5 };
enum class Long : int64_t { A = 1LL << 40, B = -3 };

// As the compilers write them: of Android 12 and later, 11 and 10.
struct Point {
  static constexpr ndk::parcelable_stability_t _aidl_stability = ndk::STABILITY_LOCAL;
  [[maybe_unused]] inline static const char* descriptor = "test.Point";
  int32_t x = 0;
  std::string name;

  binder_status_t writeToParcel(AParcel* parcel) const {
    const int32_t start = AParcel_getDataPosition(parcel);
    AParcel_writeInt32(parcel, 0);
    AParcel_writeInt32(parcel, x);
    ndk::AParcel_writeString(parcel, name);
    const int32_t end = AParcel_getDataPosition(parcel);
    AParcel_setDataPosition(parcel, start);
    AParcel_writeInt32(parcel, end - start);
    return AParcel_setDataPosition(parcel, end);
  }
  binder_status_t readFromParcel(const AParcel* parcel) {
    int32_t size = 0;
    binder_status_t status = AParcel_readInt32(parcel, &size);
    if (status != STATUS_OK) return status;
    if (size < 4) return STATUS_BAD_VALUE;
    status = AParcel_readInt32(parcel, &x);
    return status == STATUS_OK ? ndk::AParcel_readString(parcel, &name) : status;
  }
  bool operator==(const Point& other) const { return x == other.x && name == other.name; }
  std::string toString() const { return "Point{" + std::to_string(x) + "}"; }
};
struct Other : Point {
  [[maybe_unused]] inline static const char* descriptor = "test.Other";
};
struct StablePoint : Point {
  static constexpr ndk::parcelable_stability_t _aidl_stability = ndk::STABILITY_VINTF;
};
struct Point11 {
  [[maybe_unused]] inline static const char* descriptor = "test.Point";
  Point point;
  binder_status_t writeToParcel(AParcel* parcel) const { return point.writeToParcel(parcel); }
  binder_status_t readFromParcel(const AParcel* parcel) { return point.readFromParcel(parcel); }
};
struct Point10 {
  [[maybe_unused]] inline static const char* descriptor = "test.Point";
  Point point;
  binder_status_t writeToParcel(AParcel* parcel) const {
    AParcel_writeInt32(parcel, 1);
    return point.writeToParcel(parcel);
  }
  binder_status_t readFromParcel(const AParcel* parcel) {
    int32_t marker = 0;
    const binder_status_t status = AParcel_readInt32(parcel, &marker);
    if (status != STATUS_OK) return status;
    return marker == 0 ? STATUS_UNEXPECTED_NULL : point.readFromParcel(parcel);
  }
};

ScopedAParcel new_parcel() {
  return ScopedAParcel(AParcel_create());
}

// Written and read as a value, or as a nullable one; true if it is the same.
template <typename T>
bool survives(const T& value) {
  const ScopedAParcel parcel = new_parcel();
  REQUIRE(ndk::AParcel_writeData(parcel.get(), value) == STATUS_OK);
  AParcel_setDataPosition(parcel.get(), 0);
  T read{};
  REQUIRE(ndk::AParcel_readData(parcel.get(), &read) == STATUS_OK);
  CHECK(AParcel_getDataPosition(parcel.get()) == AParcel_getDataSize(parcel.get()));
  return read == value;
}
template <typename T>
bool survives_nullable(const T& value, T read = {}) {
  const ScopedAParcel parcel = new_parcel();
  REQUIRE(ndk::AParcel_writeNullableData(parcel.get(), value) == STATUS_OK);
  AParcel_setDataPosition(parcel.get(), 0);
  REQUIRE(ndk::AParcel_readNullableData(parcel.get(), &read) == STATUS_OK);
  CHECK(AParcel_getDataPosition(parcel.get()) == AParcel_getDataSize(parcel.get()));
  return read == value;
}

std::vector<uint8_t> bytes_of(const ScopedAParcel& parcel) {
  std::vector<uint8_t> bytes(static_cast<size_t>(AParcel_getDataSize(parcel.get())));
  REQUIRE(AParcel_marshal(parcel.get(), bytes.data(), 0, bytes.size()) == STATUS_OK);
  return bytes;
}

}  // namespace

TEST_CASE("values of every kind survive", "[containers]") {
  CHECK(survives(true));
  CHECK(survives(int8_t{-7}));
  CHECK(survives(uint8_t{200}));
  CHECK(survives(u'€'));
  CHECK(survives(int32_t{-1}));
  CHECK(survives(int64_t{1} << 60));
  CHECK(survives(1.5f));
  CHECK(survives(-2.25));
  CHECK(survives(std::string("wörd")));
  CHECK(survives(Byte::A));
  CHECK(survives(Long::A));
  CHECK(survives(Point{3, "p"}));
}

TEST_CASE("vectors of every kind survive", "[containers]") {
  CHECK(survives(std::vector<bool>{true, false, true}));
  CHECK(survives(std::vector<int8_t>{1, -1, 127}));
  CHECK(survives(std::vector<uint8_t>{1, 255}));
  CHECK(survives(std::vector<char16_t>{u'a', u'€'}));
  CHECK(survives(std::vector<int32_t>{}));
  CHECK(survives(std::vector<int32_t>{1, -2}));
  CHECK(survives(std::vector<uint32_t>{1, 0xffffffff}));
  CHECK(survives(std::vector<int64_t>{1, -2}));
  CHECK(survives(std::vector<uint64_t>{1, ~0ull}));
  CHECK(survives(std::vector<float>{1, -2}));
  CHECK(survives(std::vector<double>{1, -2}));
  CHECK(survives(std::vector<std::string>{"", "a", "bc"}));
  CHECK(survives(std::vector<Byte>{Byte::A, Byte::B}));
  CHECK(survives(std::vector<Long>{Long::A, Long::B}));
  CHECK(survives(std::vector<Point>{{1, "a"}, {2, ""}}));
}

TEST_CASE("nullable values survive, null or not", "[containers]") {
  CHECK(survives_nullable(std::optional<std::string>{}, std::optional<std::string>{"before"}));
  CHECK(survives_nullable(std::optional<std::string>{"x"}));
  CHECK(survives_nullable(std::optional<Point>{}, std::optional<Point>{Point{}}));
  CHECK(survives_nullable(std::optional<Point>{Point{3, "x"}}));
  CHECK(survives_nullable(std::optional<std::vector<int32_t>>{}, {{1, 2}}));
  CHECK(survives_nullable(std::optional<std::vector<int32_t>>{std::vector<int32_t>{}}));
  CHECK(survives_nullable(std::optional<std::vector<int32_t>>{{1, 2}}));
  CHECK(survives_nullable(std::optional<std::vector<bool>>{{true, false}}));
  CHECK(survives_nullable(std::optional<std::vector<uint8_t>>{{1, 2, 3}}));
  CHECK(survives_nullable(std::optional<std::vector<Byte>>{{Byte::B}}));
  using Strings = std::optional<std::vector<std::optional<std::string>>>;
  CHECK(survives_nullable(Strings{}, Strings{{"a"}}));
  CHECK(survives_nullable(Strings{{std::nullopt, "a", ""}}));
  using Points = std::optional<std::vector<std::optional<Point>>>;
  CHECK(survives_nullable(Points{}));
  CHECK(survives_nullable(Points{{std::nullopt, Point{1, "a"}}}));
}

TEST_CASE("a parcelable on the heap may be null", "[containers]") {
  const ScopedAParcel parcel = new_parcel();
  std::optional<std::vector<std::unique_ptr<Point>>> points(std::in_place);
  points->push_back(nullptr);
  points->push_back(std::make_unique<Point>(Point{7, "x"}));
  REQUIRE(ndk::AParcel_writeNullableData(parcel.get(), points) == STATUS_OK);
  AParcel_setDataPosition(parcel.get(), 0);
  decltype(points) read;
  REQUIRE(ndk::AParcel_readNullableData(parcel.get(), &read) == STATUS_OK);
  REQUIRE(read->size() == 2);
  CHECK((*read)[0] == nullptr);
  CHECK(*(*read)[1] == Point{7, "x"});
}

TEST_CASE("arrays of a fixed size survive", "[containers][fixed]") {
  CHECK(survives(std::array<int32_t, 3>{1, 2, 3}));
  CHECK(survives(std::array<bool, 2>{true, false}));
  CHECK(survives(std::array<uint8_t, 5>{1, 2, 3, 4, 5}));
  CHECK(survives(std::array<Byte, 2>{Byte::A, Byte::B}));
  CHECK(survives(std::array<std::string, 2>{"a", ""}));
  CHECK(survives(std::array<Point, 2>{Point{1, "a"}, Point{2, "b"}}));
  CHECK(survives(std::array<std::array<int64_t, 2>, 3>{{{1, 2}, {3, 4}, {5, 6}}}));
  CHECK(survives_nullable(std::optional<std::array<double, 2>>{}, {{1., 2.}}));
  CHECK(survives_nullable(std::optional<std::array<double, 2>>{{1., 2.}}));
  CHECK(survives_nullable(std::optional<std::array<bool, 2>>{{true, true}}));
  CHECK(survives_nullable(std::optional<std::array<std::optional<std::string>, 2>>{{"a", std::nullopt}}));
  CHECK(survives_nullable(
      std::optional<std::array<std::array<std::optional<std::string>, 2>, 1>>{{{{std::nullopt, "b"}}}}));
  CHECK(survives_nullable(std::optional<std::array<std::optional<Point>, 2>>{{Point{1, "q"}, std::nullopt}}));
}

TEST_CASE("an array of another size is refused", "[containers][fixed][hostile]") {
  const ScopedAParcel parcel = new_parcel();
  REQUIRE(ndk::AParcel_writeVector(parcel.get(), std::vector<int32_t>{1, 2, 3, 4}) == STATUS_OK);
  std::array<int32_t, 3> three;
  std::optional<std::array<int32_t, 5>> five;
  AParcel_setDataPosition(parcel.get(), 0);
  CHECK(ndk::AParcel_readFixedArray(parcel.get(), &three) != STATUS_OK);
  AParcel_setDataPosition(parcel.get(), 0);
  CHECK(ndk::AParcel_readNullableFixedArrayWithNullableData(parcel.get(), &five) != STATUS_OK);
}

TEST_CASE("what must not be null is refused on both sides", "[containers]") {
  const ScopedAParcel parcel = new_parcel();
  CHECK(ndk::AParcel_writeRequiredStrongBinder(parcel.get(), nullptr) == STATUS_UNEXPECTED_NULL);
  CHECK(ndk::AParcel_writeRequiredParcelFileDescriptor(parcel.get(), ScopedFileDescriptor()) ==
        STATUS_UNEXPECTED_NULL);
  CHECK(AParcel_getDataSize(parcel.get()) == 0);
  const auto null_as = [](auto write, auto read) {
    const ScopedAParcel null = new_parcel();
    REQUIRE(write(null.get()) == STATUS_OK);
    AParcel_setDataPosition(null.get(), 0);
    return read(null.get());
  };
  const auto minus_one = [](AParcel* p) { return AParcel_writeInt32(p, -1); };
  const auto zero = [](AParcel* p) { return AParcel_writeInt32(p, 0); };
  std::string text;
  std::vector<int32_t> numbers;
  std::vector<std::string> texts;
  Point point;
  SpAIBinder binder;
  ScopedFileDescriptor fd;
  CHECK(null_as(minus_one, [&](AParcel* p) { return ndk::AParcel_readString(p, &text); }) ==
        STATUS_UNEXPECTED_NULL);
  CHECK(null_as(minus_one, [&](AParcel* p) { return ndk::AParcel_readVector(p, &numbers); }) ==
        STATUS_UNEXPECTED_NULL);
  CHECK(null_as(minus_one, [&](AParcel* p) { return ndk::AParcel_readVector(p, &texts); }) ==
        STATUS_UNEXPECTED_NULL);
  CHECK(null_as(zero, [&](AParcel* p) { return ndk::AParcel_readParcelable(p, &point); }) ==
        STATUS_UNEXPECTED_NULL);
  CHECK(null_as(zero, [&](AParcel* p) { return ndk::AParcel_readRequiredParcelFileDescriptor(p, &fd); }) ==
        STATUS_UNEXPECTED_NULL);
  CHECK(null_as([](AParcel* p) { return AParcel_writeStrongBinder(p, nullptr); },
                [&](AParcel* p) { return ndk::AParcel_readRequiredStrongBinder(p, &binder); }) ==
        STATUS_UNEXPECTED_NULL);
}

TEST_CASE("parcelables of old compilers have the wire of new ones", "[containers][aidl10]") {
  const auto written = [](const auto& value) {
    const ScopedAParcel parcel = new_parcel();
    REQUIRE(ndk::AParcel_writeData(parcel.get(), value) == STATUS_OK);
    return bytes_of(parcel);
  };
  const Point point{42, "answer"};
  CHECK(written(point) == written(Point11{point}));
  CHECK(written(point) == written(Point10{point}));
  CHECK(written(std::vector<Point>{point, point}) ==
        written(std::vector<Point10>{Point10{point}, Point10{point}}));

  const ScopedAParcel parcel = new_parcel();
  const std::optional<std::vector<std::optional<Point>>> written_points{{point, std::nullopt, point}};
  REQUIRE(ndk::AParcel_writeNullableData(parcel.get(), written_points) == STATUS_OK);
  AParcel_setDataPosition(parcel.get(), 0);
  std::optional<std::vector<std::optional<Point10>>> read;
  REQUIRE(ndk::AParcel_readNullableData(parcel.get(), &read) == STATUS_OK);
  REQUIRE(read->size() == 3);
  CHECK((*read)[0]->point == point);
  CHECK_FALSE((*read)[1].has_value());
  CHECK((*read)[2]->point == point);
}

TEST_CASE("an out array has the size that was asked for", "[containers]") {
  const ScopedAParcel parcel = new_parcel();
  REQUIRE(ndk::AParcel_writeVectorSize(parcel.get(), std::vector<int32_t>(7)) == STATUS_OK);
  REQUIRE(ndk::AParcel_writeVectorSize(parcel.get(), std::optional<std::vector<bool>>{}) == STATUS_OK);
  REQUIRE(ndk::AParcel_writeVectorSize(parcel.get(), std::optional<std::vector<bool>>{{true}}) == STATUS_OK);
  for (const int32_t bad : {-1, -2, 1'000'001, 0x7fffffff}) AParcel_writeInt32(parcel.get(), bad);
  AParcel_setDataPosition(parcel.get(), 0);
  std::vector<int32_t> vec;
  std::optional<std::vector<bool>> nullable{{true, true}};
  REQUIRE(ndk::AParcel_resizeVector(parcel.get(), &vec) == STATUS_OK);
  CHECK(vec.size() == 7);
  REQUIRE(ndk::AParcel_resizeVector(parcel.get(), &nullable) == STATUS_OK);
  CHECK_FALSE(nullable.has_value());
  REQUIRE(ndk::AParcel_resizeVector(parcel.get(), &nullable) == STATUS_OK);
  CHECK(nullable->size() == 1);
  CHECK(ndk::AParcel_resizeVector(parcel.get(), &vec) == STATUS_UNEXPECTED_NULL);
  CHECK(ndk::AParcel_resizeVector(parcel.get(), &nullable) == STATUS_UNEXPECTED_NULL);
  CHECK(ndk::AParcel_resizeVector(parcel.get(), &vec) == STATUS_NO_MEMORY);
  CHECK(ndk::AParcel_resizeVector(parcel.get(), &nullable) == STATUS_NO_MEMORY);
}

TEST_CASE("any bytes can be read as anything", "[containers][hostile]") {
  std::mt19937 random(20240229);
  for (int round = 0; round < 3000; ++round) {
    // Small numbers and -1 are what gets far.
    std::vector<uint8_t> bytes(random() % 200);
    for (uint8_t& byte : bytes) byte = random() % 3 == 0 ? static_cast<uint8_t>(random()) : 0;
    const ScopedAParcel parcel = new_parcel();
    REQUIRE(AParcel_unmarshal(parcel.get(), bytes.data(), bytes.size()) == STATUS_OK);
    const auto read = [&](auto value) {
      for (int32_t position = 0; position < 24; position += 4) {
        AParcel_setDataPosition(parcel.get(), position);
        (void)ndk::AParcel_readData(parcel.get(), &value);
        AParcel_setDataPosition(parcel.get(), position);
        (void)ndk::AParcel_readNullableData(parcel.get(), &value);
      }
    };
    read(std::string());
    read(std::vector<std::string>());
    read(std::vector<bool>());
    read(std::vector<int64_t>());
    read(std::vector<char16_t>());
    read(std::vector<Point>());
    read(std::vector<Point10>());
    read(std::vector<SpAIBinder>());
    read(std::vector<ScopedFileDescriptor>());
    read(std::array<std::array<std::string, 2>, 2>());
    read(std::array<Byte, 4>());
    read(ndk::AParcelableHolder(ndk::STABILITY_LOCAL));
  }
  SUCCEED("nothing was read that is not there");
}

TEST_CASE("a holder keeps one parcelable of any type", "[holder]") {
  ndk::AParcelableHolder holder(ndk::STABILITY_LOCAL);
  std::optional<Point> point{Point{1, "before"}};
  REQUIRE(holder.getParcelable(&point) == STATUS_OK);
  CHECK_FALSE(point.has_value());
  REQUIRE(holder.setParcelable(Point{9, "nine"}) == STATUS_OK);
  REQUIRE(holder.getParcelable(&point) == STATUS_OK);
  CHECK(point == Point{9, "nine"});
  std::optional<Other> other;
  CHECK(holder.getParcelable(&other) == STATUS_OK);
  CHECK_FALSE(other.has_value());

  const ScopedAParcel parcel = new_parcel();
  REQUIRE(holder.writeToParcel(parcel.get()) == STATUS_OK);
  REQUIRE(AParcel_writeInt32(parcel.get(), 4711) == STATUS_OK);
  AParcel_setDataPosition(parcel.get(), 0);
  ndk::AParcelableHolder read(ndk::STABILITY_LOCAL);
  REQUIRE(read.readFromParcel(parcel.get()) == STATUS_OK);
  int32_t behind = 0;
  REQUIRE(AParcel_readInt32(parcel.get(), &behind) == STATUS_OK);
  CHECK(behind == 4711);
  REQUIRE(read.getParcelable(&point) == STATUS_OK);
  CHECK(point == Point{9, "nine"});

  ndk::AParcelableHolder copy(read);
  read.reset();
  REQUIRE(copy.getParcelable(&point) == STATUS_OK);
  CHECK(point == Point{9, "nine"});
  read = copy;
  const ndk::AParcelableHolder moved(std::move(copy));
  REQUIRE(moved.getParcelable(&point) == STATUS_OK);
  CHECK(point == Point{9, "nine"});
  REQUIRE(copy.getParcelable(&point) == STATUS_OK);  // NOLINT(bugprone-use-after-move): empty, but usable
  CHECK_FALSE(point.has_value());
}

TEST_CASE("a stable holder takes stable parcelables only", "[holder]") {
  ndk::AParcelableHolder holder(ndk::STABILITY_VINTF);
  CHECK(holder.setParcelable(Point{}) == STATUS_BAD_VALUE);
  CHECK(holder.setParcelable(StablePoint{}) == STATUS_OK);
  const ScopedAParcel parcel = new_parcel();
  REQUIRE(holder.writeToParcel(parcel.get()) == STATUS_OK);
  AParcel_setDataPosition(parcel.get(), 0);
  ndk::AParcelableHolder other(ndk::STABILITY_LOCAL);
  CHECK(other.readFromParcel(parcel.get()) == STATUS_BAD_VALUE);
}

TEST_CASE("a holder reads no more than there is", "[holder][hostile]") {
  const int32_t size = GENERATE(-1, 5, 9, 0x7fffffff);
  const ScopedAParcel parcel = new_parcel();
  AParcel_writeInt32(parcel.get(), ndk::STABILITY_LOCAL);
  AParcel_writeInt32(parcel.get(), size);
  AParcel_writeInt32(parcel.get(), 0);
  AParcel_setDataPosition(parcel.get(), 0);
  ndk::AParcelableHolder holder(ndk::STABILITY_LOCAL);
  CHECK(holder.readFromParcel(parcel.get()) == STATUS_BAD_VALUE);
}

namespace ndk::internal {
template <>
constexpr inline std::array<Byte, 2> enum_values<Byte> = {Byte::A, Byte::B};
}  // namespace ndk::internal

TEST_CASE("an enum's values can be walked through", "[enum]") {
  std::vector<Byte> values;
  for (const Byte value : ndk::enum_range<Byte>()) values.push_back(value);
  CHECK(values == std::vector<Byte>{Byte::A, Byte::B});
}

TEST_CASE("things as text", "[text]") {
  using android::internal::ToString;
  CHECK(ToString(std::optional<std::vector<Point>>{{{1, ""}, {2, ""}}}) == "[Point{1}, Point{2}]");
  CHECK(ToString(std::optional<Point>()) == "(null)");
  CHECK(ToString(std::vector<bool>{true, false}) == "[true, false]");
  CHECK(ToString(int8_t{-3}) == "-3");
  CHECK(ToString(u'€') == "€");
  CHECK(ToString(std::string("x")) == "x");
  CHECK(ToString(SpAIBinder()) == "(null)");
  CHECK(ToString(ScopedFileDescriptor()) == "(null)");
  CHECK(ToString(ndk::AParcelableHolder(ndk::STABILITY_LOCAL)) == "<unimplemented>");
  CHECK(ToString(std::array<std::unique_ptr<Point>, 1>()) == "[(null)]");
}

TEST_CASE("an object knows its owner", "[shared]") {
  struct Thing : ndk::SharedRefBase {
    explicit Thing(bool* gone_flag) : gone(gone_flag) {}
    ~Thing() override { *gone = true; }
    bool* gone;
  };
  bool gone = false;
  std::shared_ptr<Thing> thing = ndk::SharedRefBase::make<Thing>(&gone);
  std::shared_ptr<Thing> again = thing->ref<Thing>();
  CHECK(thing.use_count() == 2);
  thing.reset();
  CHECK_FALSE(gone);
  again.reset();
  CHECK(gone);
}
