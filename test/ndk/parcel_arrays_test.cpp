// Arrays through the C API: lengths, null, room, and numbers that cannot be true.
#include <android/binder_auto_utils.h>
#include <android/binder_parcel.h>

#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "rooms.h"
#include "test/support/catch.h"

using cuse_binder::test::Room;
using ndk::ScopedAParcel;

namespace {

ScopedAParcel new_parcel() {
  return ScopedAParcel(AParcel_create());
}
void rewind(const ScopedAParcel& parcel) {
  REQUIRE(AParcel_setDataPosition(parcel.get(), 0) == STATUS_OK);
}

// The functions of one element type, and its size in a parcel.
template <typename T>
struct Access;
#define ACCESS(type, name, size)                                            \
  template <>                                                               \
  struct Access<type> {                                                     \
    static constexpr size_t kSize = size;                                   \
    static constexpr auto write = AParcel_write##name##Array;               \
    static binder_status_t read(const AParcel* parcel, Room<type>* room) {  \
      return AParcel_read##name##Array(parcel, room, Room<type>::allocate); \
    }                                                                       \
  }
ACCESS(int32_t, Int32, 4);
ACCESS(uint32_t, Uint32, 4);
ACCESS(int64_t, Int64, 8);
ACCESS(uint64_t, Uint64, 8);
ACCESS(float, Float, 4);
ACCESS(double, Double, 8);
ACCESS(char16_t, Char, 4);
ACCESS(int8_t, Byte, 1);
#undef ACCESS

template <typename T>
std::vector<T> random_values(size_t count, std::mt19937& random) {
  std::vector<T> values(count);
  for (T& value : values) {
    uint64_t bits = (uint64_t{random()} << 32) | random();
    std::memcpy(&value, &bits, sizeof(T));
  }
  return values;
}

template <typename T>
bool same_bytes(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

}  // namespace

TEMPLATE_TEST_CASE("arrays survive a parcel", "[parcel][array]", int32_t, uint32_t, int64_t, uint64_t, float,
                   double, char16_t, int8_t) {
  std::mt19937 random(4711);
  for (const size_t count : {0, 1, 2, 3, 4, 5, 1000}) {
    const std::vector<TestType> values = random_values<TestType>(count, random);
    const ScopedAParcel parcel = new_parcel();
    // An empty vector's data() may be null: that is an empty array as well.
    REQUIRE(Access<TestType>::write(parcel.get(), values.data(), static_cast<int32_t>(count)) == STATUS_OK);
    const size_t packed = count * Access<TestType>::kSize;
    CHECK(AParcel_getDataSize(parcel.get()) == static_cast<int32_t>(4 + (packed + 3) / 4 * 4));
    rewind(parcel);
    Room<TestType> room;
    REQUIRE(Access<TestType>::read(parcel.get(), &room) == STATUS_OK);
    CHECK(same_bytes(room.values, values));
    CHECK_FALSE(room.is_null);
    CHECK(room.asked == std::vector<int32_t>{static_cast<int32_t>(count)});
  }
}

TEMPLATE_TEST_CASE("a null array has no length", "[parcel][array]", int32_t, uint32_t, int64_t, uint64_t,
                   float, double, char16_t, int8_t) {
  const TestType element{};
  const ScopedAParcel parcel = new_parcel();
  REQUIRE(Access<TestType>::write(parcel.get(), nullptr, -1) == STATUS_OK);
  CHECK(Access<TestType>::write(parcel.get(), nullptr, 1) == STATUS_BAD_VALUE);
  CHECK(Access<TestType>::write(parcel.get(), nullptr, -2) == STATUS_BAD_VALUE);
  CHECK(Access<TestType>::write(parcel.get(), &element, -1) == STATUS_BAD_VALUE);
  CHECK(AParcel_getDataSize(parcel.get()) == 4);  // nothing of those
  rewind(parcel);
  Room<TestType> room;
  REQUIRE(Access<TestType>::read(parcel.get(), &room) == STATUS_OK);
  CHECK(room.is_null);
  rewind(parcel);
  room.refuses = true;
  CHECK(Access<TestType>::read(parcel.get(), &room) == STATUS_UNEXPECTED_NULL);
}

TEMPLATE_TEST_CASE("a reader without room gets no array", "[parcel][array]", int32_t, int64_t, char16_t,
                   int8_t) {
  const TestType element{};
  const ScopedAParcel parcel = new_parcel();
  REQUIRE(Access<TestType>::write(parcel.get(), &element, 1) == STATUS_OK);
  rewind(parcel);
  Room<TestType> room;
  room.refuses = true;
  CHECK(Access<TestType>::read(parcel.get(), &room) == STATUS_NO_MEMORY);
}

TEMPLATE_TEST_CASE("nobody makes room for more elements than there can be", "[parcel][array][hostile]",
                   int32_t, uint32_t, int64_t, uint64_t, float, double, char16_t, int8_t) {
  const int32_t length = GENERATE(9, 17, 0x10000, 0x40000001, 0x7fffffff);
  const ScopedAParcel parcel = new_parcel();
  REQUIRE(AParcel_writeInt32(parcel.get(), length) == STATUS_OK);
  REQUIRE(AParcel_writeInt64(parcel.get(), 0) == STATUS_OK);  // eight bytes: eight elements at most
  rewind(parcel);
  Room<TestType> room;
  CHECK(Access<TestType>::read(parcel.get(), &room) == STATUS_NO_MEMORY);
  CHECK(room.asked.empty());
}

TEMPLATE_TEST_CASE("other negative lengths are nonsense", "[parcel][array][hostile]", int32_t, int64_t,
                   char16_t, int8_t) {
  const int32_t length = GENERATE(-2, -1000, std::numeric_limits<int32_t>::min());
  const ScopedAParcel parcel = new_parcel();
  REQUIRE(AParcel_writeInt32(parcel.get(), length) == STATUS_OK);
  rewind(parcel);
  Room<TestType> room;
  CHECK(Access<TestType>::read(parcel.get(), &room) == STATUS_BAD_VALUE);
  CHECK(room.asked.empty());
}

TEMPLATE_TEST_CASE("an array at the end of the data", "[parcel][array][hostile]", int32_t, int64_t, char16_t,
                   int8_t) {
  const ScopedAParcel parcel = new_parcel();
  Room<TestType> room;
  CHECK(Access<TestType>::read(parcel.get(), &room) == STATUS_NOT_ENOUGH_DATA);
}

TEST_CASE("arrays of bools survive a parcel", "[parcel][array]") {
  const auto get = [](const void* data, size_t index) -> bool {
    return (*static_cast<const std::vector<bool>*>(data))[index];
  };
  const auto set = [](void* data, size_t index, bool value) {
    static_cast<Room<uint8_t>*>(data)->values[index] = value;
  };
  const std::vector<bool> values = {true, false, false, true, true};
  const ScopedAParcel parcel = new_parcel();
  REQUIRE(AParcel_writeBoolArray(parcel.get(), &values, 5, get) == STATUS_OK);
  REQUIRE(AParcel_writeBoolArray(parcel.get(), nullptr, -1, get) == STATUS_OK);
  REQUIRE(AParcel_writeBoolArray(parcel.get(), nullptr, 0, get) == STATUS_OK);
  CHECK(AParcel_writeBoolArray(parcel.get(), nullptr, -2, get) == STATUS_BAD_VALUE);
  REQUIRE(AParcel_writeInt32(parcel.get(), 1000) == STATUS_OK);
  rewind(parcel);
  Room<uint8_t> room;
  REQUIRE(AParcel_readBoolArray(parcel.get(), &room, Room<uint8_t>::allocate_only, set) == STATUS_OK);
  CHECK(room.values == std::vector<uint8_t>{1, 0, 0, 1, 1});
  REQUIRE(AParcel_readBoolArray(parcel.get(), &room, Room<uint8_t>::allocate_only, set) == STATUS_OK);
  CHECK(room.is_null);
  REQUIRE(AParcel_readBoolArray(parcel.get(), &room, Room<uint8_t>::allocate_only, set) == STATUS_OK);
  CHECK_FALSE(room.is_null);
  CHECK(AParcel_readBoolArray(parcel.get(), &room, Room<uint8_t>::allocate_only, set) == STATUS_NO_MEMORY);
}

TEST_CASE("arrays of anything call back for each element", "[parcel][array]") {
  const auto write = [](AParcel* parcel, const void* data, size_t index) {
    return AParcel_writeInt32(parcel, static_cast<const int32_t*>(data)[index]);
  };
  const auto read = [](const AParcel* parcel, void* data, size_t index) {
    return AParcel_readInt32(parcel, &static_cast<Room<int32_t>*>(data)->values[index]);
  };
  const auto fail = [](AParcel*, const void*, size_t index) -> binder_status_t {
    return index == 1 ? 42 : STATUS_OK;
  };
  const int32_t values[] = {5, 6, 7};
  const ScopedAParcel parcel = new_parcel();
  REQUIRE(AParcel_writeParcelableArray(parcel.get(), values, 3, write) == STATUS_OK);
  REQUIRE(AParcel_writeParcelableArray(parcel.get(), nullptr, -1, write) == STATUS_OK);
  CHECK(AParcel_writeParcelableArray(parcel.get(), nullptr, -2, write) == STATUS_BAD_VALUE);
  rewind(parcel);
  Room<int32_t> room;
  REQUIRE(AParcel_readParcelableArray(parcel.get(), &room, Room<int32_t>::allocate_only, read) == STATUS_OK);
  CHECK(room.values == std::vector<int32_t>{5, 6, 7});
  REQUIRE(AParcel_readParcelableArray(parcel.get(), &room, Room<int32_t>::allocate_only, read) == STATUS_OK);
  CHECK(room.is_null);

  // An element's failure is the array's.
  const ScopedAParcel other = new_parcel();
  CHECK(AParcel_writeParcelableArray(other.get(), values, 3, fail) == 42);
  rewind(other);
  CHECK(AParcel_readParcelableArray(other.get(), &room, Room<int32_t>::allocate_only, read) != STATUS_OK);
}
