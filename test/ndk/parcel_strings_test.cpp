// Strings and arrays of strings through the C API.
#include <android/binder_auto_utils.h>
#include <android/binder_libbinder.h>
#include <android/binder_parcel.h>
#include <utils/String16.h>

#include <optional>
#include <string>
#include <vector>

#include "rooms.h"
#include "test/support/catch.h"

using cuse_binder::test::StringRoom;
using ndk::ScopedAParcel;

namespace {

using Strings = std::vector<std::optional<std::string>>;

ScopedAParcel new_parcel() {
  return ScopedAParcel(AParcel_create());
}
void rewind(const ScopedAParcel& parcel) {
  REQUIRE(AParcel_setDataPosition(parcel.get(), 0) == STATUS_OK);
}

const char* get_string(const void* data, size_t index, int32_t* length) {
  const auto& element = (*static_cast<const Strings*>(data))[index];
  *length = element ? static_cast<int32_t>(element->size()) : -1;
  return element ? element->data() : nullptr;
}
bool make_strings(void* data, int32_t length) {
  auto* strings = static_cast<std::optional<Strings>*>(data);
  strings->reset();
  if (length >= 0) strings->emplace(static_cast<size_t>(length));
  return true;
}
bool make_string(void* data, size_t index, int32_t length, char** buffer) {
  auto& element = (**static_cast<std::optional<Strings>*>(data))[index];
  element.reset();
  if (length < 0) return true;
  *buffer = element.emplace(static_cast<size_t>(length) - 1, '?').data();
  return true;
}

}  // namespace

TEST_CASE("strings survive a parcel and are UTF-16 in it", "[parcel][string]") {
  const std::string texts[] = {"",
                               "a",
                               "ab",
                               "abc",
                               "héllo wörld",
                               "日本語",
                               "smile 😀!",
                               std::string("nul\0inside", 10),
                               std::string(100'000, 'x')};
  for (const std::string& text : texts) {
    const ScopedAParcel parcel = new_parcel();
    REQUIRE(AParcel_writeString(parcel.get(), text.data(), static_cast<int32_t>(text.size())) == STATUS_OK);
    rewind(parcel);
    StringRoom room;
    REQUIRE(AParcel_readString(parcel.get(), &room, StringRoom::allocate) == STATUS_OK);
    CHECK(room.value == text);
    CHECK(room.asked == std::vector<int32_t>{static_cast<int32_t>(text.size()) + 1});
    rewind(parcel);
    if (text.find('\0') == std::string::npos) {
      CHECK(AParcel_viewPlatformParcel(parcel.get())->readString16() == android::String16(text.c_str()));
    }
  }
}

TEST_CASE("only as many bytes of a string are written as were named", "[parcel][string]") {
  const ScopedAParcel parcel = new_parcel();
  REQUIRE(AParcel_writeString(parcel.get(), "abcdef", 3) == STATUS_OK);
  rewind(parcel);
  StringRoom room;
  REQUIRE(AParcel_readString(parcel.get(), &room, StringRoom::allocate) == STATUS_OK);
  CHECK(room.value == "abc");
}

TEST_CASE("a null string is told from an empty one", "[parcel][string]") {
  const ScopedAParcel parcel = new_parcel();
  REQUIRE(AParcel_writeString(parcel.get(), nullptr, -1) == STATUS_OK);
  CHECK(AParcel_getDataSize(parcel.get()) == 4);
  CHECK(AParcel_writeString(parcel.get(), nullptr, 0) == STATUS_BAD_VALUE);
  CHECK(AParcel_writeString(parcel.get(), "x", -1) == STATUS_BAD_VALUE);
  rewind(parcel);
  StringRoom room;
  room.value = "left from before";
  REQUIRE(AParcel_readString(parcel.get(), &room, StringRoom::allocate) == STATUS_OK);
  CHECK(room.value == std::nullopt);
  CHECK(room.asked == std::vector<int32_t>{-1});
  rewind(parcel);
  room.takes_null = false;
  CHECK(AParcel_readString(parcel.get(), &room, StringRoom::allocate) == STATUS_UNEXPECTED_NULL);
}

TEST_CASE("a reader without room gets no string", "[parcel][string]") {
  const ScopedAParcel parcel = new_parcel();
  REQUIRE(AParcel_writeString(parcel.get(), "abc", 3) == STATUS_OK);
  rewind(parcel);
  StringRoom room;
  room.refuses = true;
  CHECK(AParcel_readString(parcel.get(), &room, StringRoom::allocate) == STATUS_NO_MEMORY);
}

TEST_CASE("a string that ends within a character is refused", "[parcel][string]") {
  const ScopedAParcel parcel = new_parcel();
  CHECK(AParcel_writeString(parcel.get(), "\xe2\x82", 2) == STATUS_BAD_VALUE);
}

TEST_CASE("broken strings are errors, not null", "[parcel][string][hostile]") {
  const int32_t length = GENERATE(1, 2, 1000, 0x7fffffff, -2, int32_t(0x80000000));
  const ScopedAParcel parcel = new_parcel();
  REQUIRE(AParcel_writeInt32(parcel.get(), length) == STATUS_OK);
  rewind(parcel);
  StringRoom room;
  CHECK(AParcel_readString(parcel.get(), &room, StringRoom::allocate) == STATUS_NOT_ENOUGH_DATA);
  CHECK(room.asked.empty());
  CHECK(AParcel_setDataPosition(parcel.get(), 4) == STATUS_OK);
  CHECK(AParcel_readString(parcel.get(), &room, StringRoom::allocate) == STATUS_NOT_ENOUGH_DATA);
}

TEST_CASE("half a surrogate pair on the wire does not overrun the reader's room",
          "[parcel][string][hostile]") {
  const char16_t units[] = {u'a', 0xd83d, u'b', 0xde00, 0xdbff, 0};
  const ScopedAParcel parcel = new_parcel();
  REQUIRE(AParcel_viewPlatformParcel(parcel.get())->writeString16(units, 5) == android::OK);
  rewind(parcel);
  StringRoom room;
  REQUIRE(AParcel_readString(parcel.get(), &room, StringRoom::allocate) == STATUS_OK);
  REQUIRE(room.value.has_value());
  CHECK(room.value->front() == 'a');  // what the halves become is the converter's business
}

TEST_CASE("arrays of strings survive a parcel", "[parcel][string]") {
  const Strings strings = {"one", std::nullopt, "", "drei"};
  const ScopedAParcel parcel = new_parcel();
  REQUIRE(AParcel_writeStringArray(parcel.get(), &strings, 4, get_string) == STATUS_OK);
  REQUIRE(AParcel_writeStringArray(parcel.get(), nullptr, 0, get_string) == STATUS_OK);
  REQUIRE(AParcel_writeStringArray(parcel.get(), nullptr, -1, get_string) == STATUS_OK);
  CHECK(AParcel_writeStringArray(parcel.get(), nullptr, -2, get_string) == STATUS_BAD_VALUE);
  rewind(parcel);
  std::optional<Strings> read;
  REQUIRE(AParcel_readStringArray(parcel.get(), &read, make_strings, make_string) == STATUS_OK);
  CHECK(read == strings);
  REQUIRE(AParcel_readStringArray(parcel.get(), &read, make_strings, make_string) == STATUS_OK);
  CHECK(read == Strings{});
  REQUIRE(AParcel_readStringArray(parcel.get(), &read, make_strings, make_string) == STATUS_OK);
  CHECK(read == std::nullopt);
}

TEST_CASE("an element that is broken ends the array", "[parcel][string][hostile]") {
  const ScopedAParcel parcel = new_parcel();
  REQUIRE(AParcel_writeInt32(parcel.get(), 2) == STATUS_OK);
  REQUIRE(AParcel_writeString(parcel.get(), "fine", 4) == STATUS_OK);
  REQUIRE(AParcel_writeInt32(parcel.get(), 5000) == STATUS_OK);
  rewind(parcel);
  std::optional<Strings> read;
  CHECK(AParcel_readStringArray(parcel.get(), &read, make_strings, make_string) == STATUS_NOT_ENOUGH_DATA);
}

TEST_CASE("nobody makes room for more strings than there can be", "[parcel][string][hostile]") {
  const ScopedAParcel parcel = new_parcel();
  REQUIRE(AParcel_writeInt32(parcel.get(), 3) == STATUS_OK);
  REQUIRE(AParcel_writeInt32(parcel.get(), -1) == STATUS_OK);
  REQUIRE(AParcel_writeInt32(parcel.get(), -1) == STATUS_OK);
  rewind(parcel);
  std::optional<Strings> read;
  CHECK(AParcel_readStringArray(parcel.get(), &read, make_strings, make_string) == STATUS_NO_MEMORY);
  CHECK(read == std::nullopt);
}
