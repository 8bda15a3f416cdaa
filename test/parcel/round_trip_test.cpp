// What is written is read again: every type, with random values, in a random order, in one parcel.
#include <binder/Parcel.h>
#include <binder/Status.h>
#include <utils/String8.h>

#include <functional>
#include <random>

#include "test/parcel/support/bytes.h"
#include "test/parcel/support/sample.h"
#include "test/support/catch.h"

using namespace android;

namespace {

class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}
  size_t below(size_t limit) { return std::uniform_int_distribution<size_t>(0, limit - 1)(engine_); }
  template <typename T>
  T number() {
    if constexpr (std::is_same_v<T, bool>) {
      return below(2) == 0;
    } else if constexpr (std::is_floating_point_v<T>) {
      return std::uniform_real_distribution<T>(-1e6, 1e6)(engine_);
    } else if constexpr (std::is_enum_v<T>) {
      return below(2) == 0 ? T::kFirst : T::kSecond;
    } else {
      return static_cast<T>(std::uniform_int_distribution<uint64_t>()(engine_));
    }
  }
  std::string utf8() {
    std::string text;
    for (size_t i = below(20); i > 0; --i) {
      static const char* const kPieces[] = {"a", "Z", " ", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
      text += kPieces[below(6)];
    }
    return text;
  }
  String16 utf16() { return String16(utf8().c_str()); }
  template <typename T>
  T any() {
    if constexpr (std::is_same_v<T, std::string>) {
      return utf8();
    } else if constexpr (std::is_same_v<T, String16>) {
      return utf16();
    } else if constexpr (std::is_same_v<T, Sample>) {
      Sample sample;
      sample.number = number<int32_t>();
      sample.text = utf8();
      sample.longs = vector<int64_t>();
      return sample;
    } else {
      return number<T>();
    }
  }
  template <typename T>
  std::vector<T> vector() {
    std::vector<T> result;
    for (size_t i = below(9); i > 0; --i) result.push_back(any<T>());
    return result;
  }
  template <typename T>
  std::optional<T> maybe(T value) {
    return below(3) == 0 ? std::nullopt : std::optional<T>(std::move(value));
  }
  template <typename T>
  std::vector<std::optional<T>> vectorOfMaybe() {
    std::vector<std::optional<T>> result;
    for (size_t i = below(9); i > 0; --i) result.push_back(maybe(any<T>()));
    return result;
  }

 private:
  std::mt19937 engine_;
};

using Check = std::function<void(const Parcel&)>;

// Writes `value`, and gives back what reads and compares it.
template <typename T, typename Write, typename Read>
Check step(Parcel* parcel, T value, Write write, Read read) {
  REQUIRE(write(parcel, value) == OK);
  return [value = std::move(value), read](const Parcel& p) {
    T got{};
    REQUIRE(read(p, &got) == OK);
    CHECK(got == value);
  };
}
#define STEP(VALUE, WRITE, READ)                                                     \
  [](Random& r, Parcel* parcel) {                                                    \
    return step(                                                                     \
        parcel, VALUE, [](Parcel* p, const auto& value) { return p->WRITE(value); }, \
        [](const Parcel& p, auto* value) { return p.READ(value); });                 \
  }

using Step = Check (*)(Random&, Parcel*);
const Step kSteps[] = {
    STEP(r.number<int32_t>(), writeInt32, readInt32),
    STEP(r.number<uint32_t>(), writeUint32, readUint32),
    STEP(r.number<int64_t>(), writeInt64, readInt64),
    STEP(r.number<uint64_t>(), writeUint64, readUint64),
    STEP(r.number<float>(), writeFloat, readFloat),
    STEP(r.number<double>(), writeDouble, readDouble),
    STEP(r.number<bool>(), writeBool, readBool),
    STEP(static_cast<char16_t>(r.number<uint16_t>()), writeChar, readChar),
    STEP(r.number<int8_t>(), writeByte, readByte),
    STEP(r.utf16(), writeString16, readString16),
    STEP(r.maybe(r.utf16()), writeString16, readString16),
    STEP(String8(r.utf8().c_str()), writeString8, readString8),
    STEP(r.utf8(), writeUtf8AsUtf16, readUtf8FromUtf16),
    STEP(r.maybe(r.utf8()), writeUtf8AsUtf16, readUtf8FromUtf16),
    STEP(r.vector<int8_t>(), writeByteVector, readByteVector),
    STEP(r.vector<uint8_t>(), writeByteVector, readByteVector),
    STEP(r.maybe(r.vector<uint8_t>()), writeByteVector, readByteVector),
    STEP(r.vector<int32_t>(), writeInt32Vector, readInt32Vector),
    STEP(r.maybe(r.vector<int32_t>()), writeInt32Vector, readInt32Vector),
    STEP(r.vector<int64_t>(), writeInt64Vector, readInt64Vector),
    STEP(r.maybe(r.vector<int64_t>()), writeInt64Vector, readInt64Vector),
    STEP(r.vector<uint64_t>(), writeUint64Vector, readUint64Vector),
    STEP(r.vector<float>(), writeFloatVector, readFloatVector),
    STEP(r.maybe(r.vector<float>()), writeFloatVector, readFloatVector),
    STEP(r.vector<double>(), writeDoubleVector, readDoubleVector),
    STEP(r.maybe(r.vector<double>()), writeDoubleVector, readDoubleVector),
    STEP(r.vector<bool>(), writeBoolVector, readBoolVector),
    STEP(r.maybe(r.vector<bool>()), writeBoolVector, readBoolVector),
    STEP(r.vector<char16_t>(), writeCharVector, readCharVector),
    STEP(r.maybe(r.vector<char16_t>()), writeCharVector, readCharVector),
    STEP(r.vector<String16>(), writeString16Vector, readString16Vector),
    STEP(r.maybe(r.vectorOfMaybe<String16>()), writeString16Vector, readString16Vector),
    STEP(r.vector<std::string>(), writeUtf8VectorAsUtf16Vector, readUtf8VectorFromUtf16Vector),
    STEP(r.maybe(r.vectorOfMaybe<std::string>()), writeUtf8VectorAsUtf16Vector,
         readUtf8VectorFromUtf16Vector),
    STEP(r.vector<ByteEnum>(), writeEnumVector, readEnumVector),
    STEP(r.maybe(r.vector<IntEnum>()), writeEnumVector, readEnumVector),
    STEP(r.vector<LongEnum>(), writeEnumVector, readEnumVector),
    STEP(r.any<Sample>(), writeParcelable, readParcelable),
    STEP(r.maybe(r.any<Sample>()), writeNullableParcelable, readParcelable),
    STEP(r.vector<Sample>(), writeParcelableVector, readParcelableVector),
    STEP(r.maybe(r.vectorOfMaybe<Sample>()), writeParcelableVector, readParcelableVector),
    STEP((std::array<uint8_t, 5>{r.number<uint8_t>(), 1, 2, 3, r.number<uint8_t>()}), writeFixedArray,
         readFixedArray),
    STEP((std::array<bool, 2>{r.number<bool>(), r.number<bool>()}), writeFixedArray, readFixedArray),
    STEP((std::array<LongEnum, 2>{r.number<LongEnum>(), r.number<LongEnum>()}), writeFixedArray,
         readFixedArray),
    STEP(r.maybe(std::array<std::array<std::string, 2>, 2>{{{r.utf8(), r.utf8()}, {r.utf8(), r.utf8()}}}),
         writeFixedArray, readFixedArray),
    STEP((std::array<Sample, 2>{r.any<Sample>(), r.any<Sample>()}), writeFixedArray, readFixedArray),
};

}  // namespace

TEST_CASE("values of all types in random order are read as they were written") {
  for (uint32_t seed = 1; seed <= 200; ++seed) {
    INFO("seed " << seed);
    Random random(seed);
    Parcel parcel;
    std::vector<Check> checks;
    for (size_t i = random.below(60); i > 0; --i) {
      checks.push_back(kSteps[random.below(std::size(kSteps))](random, &parcel));
      CHECK(parcel.dataSize() % 4 == 0);
    }
    for (int twice = 0; twice < 2; ++twice) {
      parcel.setDataPosition(0);
      for (const Check& check : checks) check(parcel);
      CHECK(parcel.dataAvail() == 0);
      CHECK(parcel.enforceNoDataAvail().isOk());
    }
    Parcel copy;
    REQUIRE(copy.appendFrom(&parcel, 0, parcel.dataSize()) == OK);
    CHECK(copy.compareData(parcel) == 0);
    copy.setDataPosition(0);
    for (const Check& check : checks) check(copy);
  }
}

TEST_CASE("unique_ptr is the same on the wire as optional") {
  Parcel parcel;
  auto text = std::make_unique<String16>("text");
  auto ints = std::make_unique<std::vector<int32_t>>(std::vector<int32_t>{1, 2});
  auto samples = std::make_unique<std::vector<std::unique_ptr<Sample>>>();
  samples->push_back(nullptr);
  samples->push_back(std::make_unique<Sample>());
  samples->back()->number = 9;
  REQUIRE(parcel.writeString16(text) == OK);
  REQUIRE(parcel.writeInt32Vector(ints) == OK);
  REQUIRE(parcel.writeParcelableVector(samples) == OK);
  REQUIRE(parcel.writeInt32Vector(std::unique_ptr<std::vector<int32_t>>()) == OK);

  parcel.setDataPosition(0);
  std::optional<String16> got_text;
  std::optional<std::vector<int32_t>> got_ints;
  std::optional<std::vector<std::optional<Sample>>> got_samples;
  REQUIRE(parcel.readString16(&got_text) == OK);
  REQUIRE(parcel.readInt32Vector(&got_ints) == OK);
  REQUIRE(parcel.readParcelableVector(&got_samples) == OK);
  CHECK(got_text == *text);
  CHECK(got_ints == *ints);
  REQUIRE(got_samples->size() == 2);
  CHECK(!(*got_samples)[0]);
  CHECK((*got_samples)[1]->number == 9);

  parcel.setDataPosition(0);
  std::unique_ptr<String16> text2;
  std::unique_ptr<std::vector<int32_t>> ints2;
  std::unique_ptr<std::vector<std::unique_ptr<Sample>>> samples2;
  REQUIRE(parcel.readString16(&text2) == OK);
  REQUIRE(parcel.readInt32Vector(&ints2) == OK);
  REQUIRE(parcel.readParcelableVector(&samples2) == OK);
  CHECK(*text2 == *text);
  CHECK(*ints2 == *ints);
  CHECK((*samples2)[0] == nullptr);
  CHECK((*samples2)[1]->number == 9);
  REQUIRE(parcel.readInt32Vector(&ints2) == OK);
  CHECK(ints2 == nullptr);
}

TEST_CASE("what must not be null is not read from null") {
  Parcel parcel;
  Bytes().i32(-1).fill(&parcel);
  const auto again = [&parcel]() -> const Parcel& {
    parcel.setDataPosition(0);
    return parcel;
  };
  String16 s16;
  String8 s8;
  std::string utf8;
  std::vector<int32_t> ints;
  std::vector<String16> strings;
  std::array<int32_t, 1> fixed;
  CHECK(again().readString16(&s16) == UNEXPECTED_NULL);
  CHECK(again().readString8(&s8) == UNEXPECTED_NULL);
  CHECK(again().readUtf8FromUtf16(&utf8) == UNEXPECTED_NULL);
  CHECK(again().readInt32Vector(&ints) == UNEXPECTED_NULL);
  CHECK(again().readString16Vector(&strings) == UNEXPECTED_NULL);
  CHECK(again().readFixedArray(&fixed) == UNEXPECTED_NULL);
  CHECK(again().resizeOutVector(&ints) == UNEXPECTED_NULL);
  std::optional<std::vector<int32_t>> out(std::vector<int32_t>(3));
  CHECK(again().resizeOutVector(&out) == OK);
  CHECK(!out);
  Bytes().i32(0).fill(&parcel);
  Sample sample;
  CHECK(again().readParcelable(&sample) == UNEXPECTED_NULL);
}

TEST_CASE("out arrays get the length that was asked for") {
  Parcel parcel;
  Bytes().i32(3).i32(2).i32(4).fill(&parcel);
  std::vector<double> doubles;
  REQUIRE(parcel.resizeOutVector(&doubles) == OK);
  CHECK(doubles.size() == 3);
  std::unique_ptr<std::vector<String16>> strings;
  REQUIRE(parcel.resizeOutVector(&strings) == OK);
  CHECK(strings->size() == 2);
  size_t size = 0;
  std::optional<std::vector<int32_t>> reserved;
  REQUIRE(parcel.reserveOutVector(&reserved, &size) == OK);
  CHECK(size == 4);
  CHECK(reserved->capacity() >= 4);
}

TEST_CASE("the cursor can go back, and what is written there replaces what was") {
  Parcel parcel;
  parcel.writeInt32(1);
  parcel.writeInt32(2);
  parcel.writeInt32(3);
  parcel.setDataPosition(4);
  parcel.writeInt32(-2);
  CHECK(bytesOf(parcel) == Bytes().i32(1).i32(-2).i32(3).vector());
  CHECK(parcel.dataAvail() == 4);
  CHECK(parcel.enforceNoDataAvail().exceptionCode() == binder::Status::EX_BAD_PARCELABLE);
  parcel.setEnforceNoDataAvail(false);
  CHECK(parcel.enforceNoDataAvail().isOk());
}

TEST_CASE("a gap that nobody wrote is zero") {
  Parcel parcel;
  {
    Parcel dirty;  // its memory may be used again
    const std::vector<uint8_t> junk(600, 0xaa);
    dirty.write(junk.data(), junk.size());
  }
  parcel.setDataPosition(8);
  parcel.writeInt32(5);
  CHECK(bytesOf(parcel) == Bytes().i64(0).i32(5).vector());
  parcel.setDataPosition(0x7ffffff0);  // nobody means that
  CHECK(parcel.writeInt32(5) == BAD_VALUE);
  CHECK(parcel.dataSize() == 12);
}

TEST_CASE("a parcel can be cut and grown") {
  Parcel parcel;
  for (int32_t i = 0; i < 1000; ++i) REQUIRE(parcel.writeInt32(i) == OK);
  CHECK(parcel.dataCapacity() >= 4000);
  REQUIRE(parcel.setDataSize(8) == OK);
  CHECK(bytesOf(parcel) == Bytes().i32(0).i32(1).vector());
  CHECK(parcel.dataPosition() == 8);
  REQUIRE(parcel.setDataCapacity(100000) == OK);
  CHECK(parcel.dataCapacity() >= 100000);
  CHECK(parcel.dataSize() == 8);
  parcel.freeData();
  CHECK(parcel.dataSize() == 0);
  CHECK(parcel.dataCapacity() == 0);
}

TEST_CASE("comparing") {
  Parcel a;
  Parcel b;
  CHECK(a.compareData(b) == 0);
  a.writeInt32(1);
  CHECK(a.compareData(b) > 0);
  b.writeInt32(2);
  CHECK(a.compareData(b) < 0);
  b.setDataPosition(0);
  b.writeInt32(1);
  b.writeInt32(9);
  CHECK(a.compareData(b) < 0);
  int result = 1;
  REQUIRE(a.compareDataInRange(0, b, 0, 4, &result) == OK);
  CHECK(result == 0);
  CHECK(a.compareDataInRange(0, b, 0, 8, &result) == BAD_VALUE);
  CHECK(a.compareDataInRange(4, b, 0, SIZE_MAX, &result) == BAD_VALUE);
  REQUIRE(b.compareDataInRange(4, b, 0, 4, &result) == OK);
  CHECK(result > 0);
}
