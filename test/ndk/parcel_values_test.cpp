// Single values, the parcel as a whole, and both at the end of the data.
#include <android/binder_auto_utils.h>
#include <android/binder_libbinder.h>
#include <android/binder_parcel.h>
#include <android/binder_parcel_platform.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "test/support/catch.h"

namespace {

using ndk::ScopedAParcel;
using ndk::ScopedFileDescriptor;

ScopedAParcel new_parcel() {
  return ScopedAParcel(AParcel_create());
}
void rewind(const ScopedAParcel& parcel) {
  REQUIRE(AParcel_setDataPosition(parcel.get(), 0) == STATUS_OK);
}

template <typename T>
struct Access {
  binder_status_t (*write)(AParcel*, T);
  binder_status_t (*read)(const AParcel*, T*);
};

template <typename T>
void round_trip(Access<T> access, std::initializer_list<T> values, size_t wire_size) {
  for (const T value : values) {
    const ScopedAParcel parcel = new_parcel();
    REQUIRE(access.write(parcel.get(), value) == STATUS_OK);
    CHECK(AParcel_getDataPosition(parcel.get()) == static_cast<int32_t>(wire_size));
    CHECK(AParcel_getDataSize(parcel.get()) == static_cast<int32_t>(wire_size));
    rewind(parcel);
    T read{};
    REQUIRE(access.read(parcel.get(), &read) == STATUS_OK);
    CHECK(std::memcmp(&read, &value, sizeof(T)) == 0);  // floats: NaN and -0.0 included
    CHECK(access.read(parcel.get(), &read) == STATUS_NOT_ENOUGH_DATA);
  }
}

template <typename T>
constexpr T kLeast = std::numeric_limits<T>::lowest();
template <typename T>
constexpr T kMost = std::numeric_limits<T>::max();

}  // namespace

TEST_CASE("numbers survive a parcel", "[parcel]") {
  round_trip<int32_t>({AParcel_writeInt32, AParcel_readInt32}, {0, 1, -1, kLeast<int32_t>, kMost<int32_t>},
                      4);
  round_trip<uint32_t>({AParcel_writeUint32, AParcel_readUint32}, {0, 1, kMost<uint32_t>}, 4);
  round_trip<int64_t>({AParcel_writeInt64, AParcel_readInt64}, {0, -1, kLeast<int64_t>, kMost<int64_t>}, 8);
  round_trip<uint64_t>({AParcel_writeUint64, AParcel_readUint64}, {0, 1, kMost<uint64_t>}, 8);
  round_trip<float>({AParcel_writeFloat, AParcel_readFloat},
                    {0.f, -0.f, 1.5f, kLeast<float>, std::nanf(""), INFINITY}, 4);
  round_trip<double>({AParcel_writeDouble, AParcel_readDouble},
                     {0., -0., 1e-300, kMost<double>, std::nan("")}, 8);
  round_trip<bool>({AParcel_writeBool, AParcel_readBool}, {false, true}, 4);
  round_trip<char16_t>({AParcel_writeChar, AParcel_readChar}, {u'\0', u'a', u'\xd800', u'\xffff'}, 4);
  round_trip<int8_t>({AParcel_writeByte, AParcel_readByte}, {0, -1, kLeast<int8_t>, kMost<int8_t>}, 4);
}

TEST_CASE("positions are checked and data can be forgotten", "[parcel]") {
  const ScopedAParcel parcel = new_parcel();
  CHECK(AParcel_getDataSize(parcel.get()) == 0);
  REQUIRE(AParcel_writeInt32(parcel.get(), 1) == STATUS_OK);
  REQUIRE(AParcel_writeInt32(parcel.get(), 2) == STATUS_OK);
  CHECK(AParcel_setDataPosition(parcel.get(), -1) == STATUS_BAD_VALUE);
  REQUIRE(AParcel_setDataPosition(parcel.get(), 4) == STATUS_OK);
  int32_t read = 0;
  REQUIRE(AParcel_readInt32(parcel.get(), &read) == STATUS_OK);
  CHECK(read == 2);
  REQUIRE(AParcel_reset(parcel.get()) == STATUS_OK);
  CHECK(AParcel_getDataSize(parcel.get()) == 0);
  CHECK(AParcel_readInt32(parcel.get(), &read) == STATUS_NOT_ENOUGH_DATA);

  CHECK(AParcel_setDataCapacity(parcel.get(), -1) == STATUS_BAD_VALUE);
  REQUIRE(AParcel_setDataCapacity(parcel.get(), 4096) == STATUS_OK);
  CHECK(AParcel_getDataCapacity(parcel.get()) >= 4096);
  CHECK(AParcel_getDataSize(parcel.get()) == 0);
}

TEST_CASE("bytes of a parcel can be kept and put back", "[parcel]") {
  const ScopedAParcel parcel = new_parcel();
  for (int32_t i = 0; i < 100; ++i) REQUIRE(AParcel_writeInt32(parcel.get(), i * i) == STATUS_OK);
  std::vector<uint8_t> bytes(400);
  CHECK(AParcel_marshal(parcel.get(), bytes.data(), 0, 401) == STATUS_BAD_VALUE);
  CHECK(AParcel_marshal(parcel.get(), bytes.data(), 397, 4) == STATUS_BAD_VALUE);
  CHECK(AParcel_marshal(parcel.get(), bytes.data(), kMost<size_t>, 2) == STATUS_BAD_VALUE);
  // A position behind the end does not make the parcel longer.
  REQUIRE(AParcel_setDataPosition(parcel.get(), 4000) == STATUS_OK);
  CHECK(AParcel_marshal(parcel.get(), bytes.data(), 0, 401) == STATUS_BAD_VALUE);
  CHECK(AParcel_getDataPosition(parcel.get()) == 4000);
  REQUIRE(AParcel_marshal(parcel.get(), bytes.data(), 0, 400) == STATUS_OK);

  const ScopedAParcel copy = new_parcel();
  REQUIRE(AParcel_writeInt64(copy.get(), -1) == STATUS_OK);  // replaced
  REQUIRE(AParcel_unmarshal(copy.get(), bytes.data(), bytes.size()) == STATUS_OK);
  CHECK(AParcel_getDataSize(copy.get()) == 400);
  rewind(copy);
  for (int32_t i = 0; i < 100; ++i) {
    int32_t read = -1;
    REQUIRE(AParcel_readInt32(copy.get(), &read) == STATUS_OK);
    CHECK(read == i * i);
  }
  uint8_t middle[4] = {};
  REQUIRE(AParcel_marshal(copy.get(), middle, 9 * 4, 4) == STATUS_OK);
  CHECK(middle[0] == 81);
}

TEST_CASE("a parcel with objects has no bytes of its own", "[parcel]") {
  const ScopedAParcel parcel = new_parcel();
  const ScopedFileDescriptor null(open("/dev/null", O_RDONLY | O_CLOEXEC));
  REQUIRE(AParcel_writeParcelFileDescriptor(parcel.get(), null.get()) == STATUS_OK);
  uint8_t byte = 0;
  CHECK(AParcel_marshal(parcel.get(), &byte, 0, 1) == STATUS_INVALID_OPERATION);
}

TEST_CASE("a part of a parcel can be appended to another", "[parcel]") {
  const ScopedAParcel from = new_parcel();
  const ScopedAParcel to = new_parcel();
  for (int32_t i = 0; i < 10; ++i) REQUIRE(AParcel_writeInt32(from.get(), i) == STATUS_OK);
  CHECK(AParcel_appendFrom(from.get(), to.get(), -4, 4) == STATUS_BAD_VALUE);
  CHECK(AParcel_appendFrom(from.get(), to.get(), 0, -4) == STATUS_BAD_VALUE);
  CHECK(AParcel_appendFrom(from.get(), to.get(), 38, 4) == STATUS_BAD_VALUE);
  CHECK(AParcel_appendFrom(from.get(), to.get(), 0, kMost<int32_t>) == STATUS_BAD_VALUE);
  REQUIRE(AParcel_writeInt32(to.get(), 77) == STATUS_OK);
  REQUIRE(AParcel_appendFrom(from.get(), to.get(), 8, 8) == STATUS_OK);
  rewind(to);
  for (const int32_t expected : {77, 2, 3}) {
    int32_t read = -1;
    REQUIRE(AParcel_readInt32(to.get(), &read) == STATUS_OK);
    CHECK(read == expected);
  }
  int32_t read = -1;
  CHECK(AParcel_readInt32(to.get(), &read) == STATUS_NOT_ENOUGH_DATA);
}

TEST_CASE("descriptors are duplicated on both sides", "[parcel]") {
  const auto identity = [](int fd) {
    struct stat status {};
    REQUIRE(fstat(fd, &status) == 0);
    return std::make_pair(status.st_dev, status.st_ino);
  };
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  ScopedFileDescriptor reader(ends[0]);
  ScopedFileDescriptor writer(ends[1]);
  const ScopedAParcel parcel = new_parcel();
  CHECK(AParcel_getAllowFds(parcel.get()));
  REQUIRE(AParcel_writeParcelFileDescriptor(parcel.get(), reader.get()) == STATUS_OK);
  REQUIRE(AParcel_writeParcelFileDescriptor(parcel.get(), -1) == STATUS_OK);
  CHECK(AParcel_writeParcelFileDescriptor(parcel.get(), -2) == STATUS_UNKNOWN_ERROR);
  CHECK(AParcel_writeParcelFileDescriptor(parcel.get(), 1'000'000) != STATUS_OK);  // not open
  rewind(parcel);
  ScopedFileDescriptor read;
  REQUIRE(AParcel_readParcelFileDescriptor(parcel.get(), read.getR()) == STATUS_OK);
  CHECK(read.get() != reader.get());
  CHECK(identity(read.get()) == identity(reader.get()));
  int none = 0;
  REQUIRE(AParcel_readParcelFileDescriptor(parcel.get(), &none) == STATUS_OK);
  CHECK(none == -1);
}

TEST_CASE("forbidden descriptors are refused", "[parcel]") {
  const ScopedAParcel parcel = new_parcel();
  AParcel_viewPlatformParcel(parcel.get())->pushAllowFds(false);
  CHECK_FALSE(AParcel_getAllowFds(parcel.get()));
  const ScopedFileDescriptor null(open("/dev/null", O_RDONLY | O_CLOEXEC));
  CHECK(AParcel_writeParcelFileDescriptor(parcel.get(), null.get()) == STATUS_FDS_NOT_ALLOWED);
}

TEST_CASE("both APIs see the same parcel", "[parcel]") {
  const ScopedAParcel parcel = new_parcel();
  AParcel_markSensitive(parcel.get());
  CHECK(AParcel_viewPlatformParcel(parcel.get())->isSensitive());
  REQUIRE(AParcel_viewPlatformParcel(parcel.get())->writeInt32(42) == android::OK);
  rewind(parcel);
  int32_t read = 0;
  REQUIRE(AParcel_readInt32(parcel.get(), &read) == STATUS_OK);
  CHECK(read == 42);
  CHECK(AParcel_viewPlatformParcel(const_cast<const AParcel*>(parcel.get()))->dataPosition() == 4);
}
