// Every type on the wire, byte by byte, by hand. (Little-endian: the numbers are the machine's.)
#include <binder/Parcel.h>
#include <binder/ParcelableHolder.h>
#include <binder/PersistableBundle.h>
#include <binder/Status.h>
#include <utils/String8.h>

#include "test/parcel/support/bytes.h"
#include "test/parcel/support/sample.h"
#include "test/support/catch.h"

using namespace android;

namespace {

// What `write` writes into an empty parcel.
template <typename Write>
std::vector<uint8_t> written(Write write) {
  Parcel parcel;
  CHECK(write(parcel) == OK);
  CHECK(parcel.errorCheck() == OK);
  CHECK(parcel.dataPosition() == parcel.dataSize());
  return bytesOf(parcel);
}
#define WRITTEN(call) written([&](Parcel& p) { return p.call; })

}  // namespace

TEST_CASE("numbers are words of 4 and 8 bytes") {
  CHECK(WRITTEN(writeInt32(-2)) == Bytes().raw({0xfe, 0xff, 0xff, 0xff}).vector());
  CHECK(WRITTEN(writeUint32(0x80000001u)) == Bytes().raw({1, 0, 0, 0x80}).vector());
  CHECK(WRITTEN(writeInt64(-2)) == Bytes().raw({0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}).vector());
  CHECK(WRITTEN(writeUint64(0x0102030405060708u)) == Bytes().raw({8, 7, 6, 5, 4, 3, 2, 1}).vector());
  CHECK(WRITTEN(writeFloat(1.0f)) == Bytes().raw({0, 0, 0x80, 0x3f}).vector());
  CHECK(WRITTEN(writeDouble(1.0)) == Bytes().raw({0, 0, 0, 0, 0, 0, 0xf0, 0x3f}).vector());
  CHECK(WRITTEN(writeBool(true)) == Bytes().raw({1, 0, 0, 0}).vector());
  CHECK(WRITTEN(writeBool(false)) == Bytes().raw({0, 0, 0, 0}).vector());
  CHECK(WRITTEN(writeChar(u'\xfedc')) == Bytes().raw({0xdc, 0xfe, 0, 0}).vector());
  CHECK(WRITTEN(writeByte(-1)) == Bytes().raw({0xff, 0xff, 0xff, 0xff}).vector());
}

TEST_CASE("an 8 byte number begins at a multiple of 4") {
  Parcel parcel;
  parcel.writeInt32(1);
  parcel.writeInt64(2);
  CHECK(bytesOf(parcel) == Bytes().i32(1).i64(2).vector());
}

TEST_CASE("raw bytes are padded with zeros") {
  CHECK(WRITTEN(write("abcde", 5)) == Bytes().raw({'a', 'b', 'c', 'd', 'e', 0, 0, 0}).vector());
  CHECK(WRITTEN(write("abcd", 4)) == Bytes().raw({'a', 'b', 'c', 'd'}).vector());
  CHECK(WRITTEN(write("", 0)).empty());
  CHECK(WRITTEN(writeUnpadded("abcde", 5)) == Bytes().raw({'a', 'b', 'c', 'd', 'e'}).vector());
  Parcel parcel;
  memcpy(parcel.writeInplace(3), "xyz", 3);
  CHECK(bytesOf(parcel) == Bytes().raw({'x', 'y', 'z', 0}).vector());
}

TEST_CASE("strings have a length, and a zero that it does not count") {
  CHECK(WRITTEN(writeString16(String16("ab"))) ==
        Bytes().raw({2, 0, 0, 0, 'a', 0, 'b', 0, 0, 0, 0, 0}).vector());
  CHECK(WRITTEN(writeString16(String16("abc"))) ==
        Bytes().raw({3, 0, 0, 0, 'a', 0, 'b', 0, 'c', 0, 0, 0}).vector());
  CHECK(WRITTEN(writeString16(String16())) == Bytes().raw({0, 0, 0, 0, 0, 0, 0, 0}).vector());
  CHECK(WRITTEN(writeString16(nullptr, 7)) == Bytes().raw({0xff, 0xff, 0xff, 0xff}).vector());
  CHECK(WRITTEN(writeString16(std::optional<String16>())) == Bytes().i32(-1).vector());
  CHECK(WRITTEN(writeString16(std::optional<String16>(String16("x")))) == Bytes().string16(u"x").vector());
  CHECK(WRITTEN(writeString16(std::unique_ptr<String16>())) == Bytes().i32(-1).vector());
  CHECK(WRITTEN(writeString8(String8("abc"))) == Bytes().raw({3, 0, 0, 0, 'a', 'b', 'c', 0}).vector());
  CHECK(WRITTEN(writeString8(String8("abcd"))) ==
        Bytes().raw({4, 0, 0, 0, 'a', 'b', 'c', 'd', 0, 0, 0, 0}).vector());
  CHECK(WRITTEN(writeString8(nullptr, 0)) == Bytes().i32(-1).vector());
  CHECK(WRITTEN(writeCString("abc")) == Bytes().raw({'a', 'b', 'c', 0}).vector());
  CHECK(WRITTEN(writeCString("")) == Bytes().raw({0, 0, 0, 0}).vector());
  // U+00E4, U+1F600
  CHECK(WRITTEN(writeUtf8AsUtf16(std::string("\xc3\xa4\xf0\x9f\x98\x80"))) ==
        Bytes().raw({3, 0, 0, 0, 0xe4, 0, 0x3d, 0xd8, 0x00, 0xde, 0, 0}).vector());
  CHECK(WRITTEN(writeUtf8AsUtf16(std::string())) == Bytes().string16(u"").vector());
  CHECK(WRITTEN(writeUtf8AsUtf16(std::optional<std::string>())) == Bytes().i32(-1).vector());
}

TEST_CASE("arrays of numbers are packed") {
  CHECK(WRITTEN(writeByteVector(std::vector<uint8_t>{1, 2, 3, 4, 5})) ==
        Bytes().raw({5, 0, 0, 0, 1, 2, 3, 4, 5, 0, 0, 0}).vector());
  CHECK(WRITTEN(writeByteVector(std::vector<int8_t>{-1})) ==
        Bytes().raw({1, 0, 0, 0, 0xff, 0, 0, 0}).vector());
  CHECK(WRITTEN(writeByteVector(std::vector<uint8_t>())) == Bytes().i32(0).vector());
  CHECK(WRITTEN(writeByteVector(std::optional<std::vector<uint8_t>>())) == Bytes().i32(-1).vector());
  CHECK(WRITTEN(writeByteArray(3, reinterpret_cast<const uint8_t*>("abc"))) ==
        Bytes().raw({3, 0, 0, 0, 'a', 'b', 'c', 0}).vector());
  CHECK(WRITTEN(writeByteArray(3, nullptr)) == Bytes().i32(-1).vector());
  CHECK(WRITTEN(writeInt32Vector(std::vector<int32_t>{1, -1})) == Bytes().i32(2).i32(1).i32(-1).vector());
  const int32_t ints[] = {7, 8};
  CHECK(WRITTEN(writeInt32Array(2, ints)) == Bytes().i32(2).i32(7).i32(8).vector());
  CHECK(WRITTEN(writeInt64Vector(std::vector<int64_t>{5})) == Bytes().i32(1).i64(5).vector());
  CHECK(WRITTEN(writeUint64Vector(std::vector<uint64_t>{5})) == Bytes().i32(1).i64(5).vector());
  CHECK(WRITTEN(writeFloatVector(std::vector<float>{1.0f})) == Bytes().i32(1).raw({0, 0, 0x80, 0x3f}).vector());
  CHECK(WRITTEN(writeDoubleVector(std::vector<double>{1.0})) == Bytes().i32(1).raw({0, 0, 0, 0, 0, 0, 0xf0, 0x3f}).vector());
}

TEST_CASE("arrays of bool and char are words") {
  CHECK(WRITTEN(writeBoolVector(std::vector<bool>{true, false})) == Bytes().i32(2).i32(1).i32(0).vector());
  CHECK(WRITTEN(writeCharVector({u'a', u'\xffff'})) == Bytes().i32(2).i32('a').i32(0xffff).vector());
}

TEST_CASE("arrays of strings") {
  CHECK(WRITTEN(writeString16Vector({String16("a"), String16()})) ==
        Bytes().i32(2).string16(u"a").string16(u"").vector());
  CHECK(WRITTEN(writeString16Vector(std::make_optional(std::vector<std::optional<String16>>(1)))) ==
        Bytes().i32(1).i32(-1).vector());
  CHECK(WRITTEN(writeUtf8VectorAsUtf16Vector(std::vector<std::string>{"xyz"})) ==
        Bytes().i32(1).string16(u"xyz").vector());
}

TEST_CASE("enums have the form of their backing type") {
  CHECK(WRITTEN(writeEnumVector(std::vector<ByteEnum>{ByteEnum::kFirst, ByteEnum::kSecond})) ==
        Bytes().i32(2).raw({0xff, 2, 0, 0}).vector());
  CHECK(WRITTEN(writeEnumVector(std::vector<IntEnum>{IntEnum::kFirst})) ==
        Bytes().i32(1).i32(-100000).vector());
  CHECK(WRITTEN(writeEnumVector(std::vector<LongEnum>{LongEnum::kSecond})) ==
        Bytes().i32(1).i64(1LL << 40).vector());
  CHECK(WRITTEN(writeEnumVector(std::optional<std::vector<IntEnum>>())) == Bytes().i32(-1).vector());
}

TEST_CASE("fixed arrays have a length too") {
  CHECK(WRITTEN(writeFixedArray(std::array<uint8_t, 3>{1, 2, 3})) ==
        Bytes().i32(3).raw({1, 2, 3, 0}).vector());
  CHECK(WRITTEN(writeFixedArray(std::array<std::array<int32_t, 2>, 2>{{{1, 2}, {3, 4}}})) ==
        Bytes().i32(2).i32(2).i32(1).i32(2).i32(2).i32(3).i32(4).vector());
  CHECK(WRITTEN(writeFixedArray(std::array<bool, 2>{true, false})) == Bytes().i32(2).i32(1).i32(0).vector());
  CHECK(WRITTEN(writeFixedArray(std::optional<std::array<bool, 2>>())) == Bytes().i32(-1).vector());
}

TEST_CASE("parcelables have a word in front that says that they are there") {
  Sample sample;
  sample.number = 7;
  sample.text = "a";
  const Bytes body = Bytes().i32(20).i32(7).string16(u"a").i32(0);
  CHECK(body.size() == 20);
  CHECK(WRITTEN(writeParcelable(sample)) == Bytes().i32(1).append(body).vector());
  CHECK(WRITTEN(writeNullableParcelable(std::optional<Sample>())) == Bytes().i32(0).vector());
  CHECK(WRITTEN(writeNullableParcelable(std::unique_ptr<Sample>())) == Bytes().i32(0).vector());
  CHECK(WRITTEN(writeNullableParcelable(std::optional<Sample>(sample))) ==
        Bytes().i32(1).append(body).vector());
  CHECK(WRITTEN(writeRawNullableParcelable(nullptr)) == Bytes().i32(0).vector());
  CHECK(WRITTEN(writeParcelableVector(std::vector<Sample>{sample})) ==
        Bytes().i32(1).i32(1).append(body).vector());
  CHECK(WRITTEN(writeParcelableVector(std::make_optional(std::vector<std::optional<Sample>>(1)))) ==
        Bytes().i32(1).i32(0).vector());
}

TEST_CASE("the length of an out array stands for it") {
  CHECK(WRITTEN(writeVectorSize(std::vector<int>(5))) == Bytes().i32(5).vector());
  CHECK(WRITTEN(writeVectorSize(std::optional<std::vector<int>>())) == Bytes().i32(-1).vector());
}

TEST_CASE("a small blob is among the bytes") {
  Parcel parcel;
  Parcel::WritableBlob blob;
  REQUIRE(parcel.writeBlob(3, false, &blob) == OK);
  memcpy(blob.data(), "abc", 3);
  blob.release();
  CHECK(bytesOf(parcel) == Bytes().i32(0).raw({'a', 'b', 'c', 0}).vector());
}

TEST_CASE("replies") {
  using binder::Status;
  const auto reply = [](const Status& status) {
    return written([&](Parcel& p) { return status.writeToParcel(&p); });
  };
  CHECK(reply(Status::ok()) == Bytes().i32(0).vector());
  CHECK(WRITTEN(writeNoException()) == Bytes().i32(0).vector());
  // Code, message, no stack trace.
  CHECK(reply(Status::fromExceptionCode(Status::EX_SECURITY, "no")) ==
        Bytes().i32(-1).string16(u"no").i32(0).vector());
  CHECK(reply(Status::fromExceptionCode(Status::EX_ILLEGAL_STATE)) ==
        Bytes().i32(-5).string16(u"").i32(0).vector());
  CHECK(reply(Status::fromServiceSpecificError(42, "x")) ==
        Bytes().i32(-8).string16(u"x").i32(0).i32(42).vector());
  CHECK(reply(Status::fromExceptionCode(Status::EX_PARCELABLE, "x")) ==
        Bytes().i32(-9).string16(u"x").i32(0).i32(0).vector());
  Parcel parcel;
  CHECK(Status::fromStatusT(DEAD_OBJECT).writeToParcel(&parcel) == DEAD_OBJECT);
  CHECK(parcel.dataSize() == 0);
}

TEST_CASE("a bundle has its length and a magic number in front") {
  os::PersistableBundle bundle;
  CHECK(WRITTEN(writeParcelable(bundle)) == Bytes().i32(1).i32(0).vector());
  bundle.putInt(String16("i"), 5);
  bundle.putBoolean(String16("b"), true);
  os::PersistableBundle inner;
  inner.putString(String16("s"), String16("t"));
  bundle.putPersistableBundle(String16("p"), inner);
  const Bytes inner_body = Bytes().string16(u"s").i32(0).string16(u"t");
  const Bytes body = Bytes()
                         .string16(u"b")
                         .i32(9)
                         .i32(1)
                         .string16(u"i")
                         .i32(1)
                         .i32(5)
                         .string16(u"p")
                         .i32(25)
                         .i32(1)
                         .i32(static_cast<int32_t>(inner_body.size()))
                         .i32(0x4c444e42)
                         .append(inner_body);
  CHECK(WRITTEN(writeParcelable(bundle)) ==
        Bytes().i32(1).i32(static_cast<int32_t>(body.size())).i32(0x4c444e42).append(body).vector());
}

TEST_CASE("a holder has its stability and a length in front") {
  os::ParcelableHolder holder(Parcelable::Stability::STABILITY_LOCAL);
  CHECK(WRITTEN(writeParcelable(holder)) == Bytes().i32(1).i32(0).i32(0).vector());
  Sample sample;
  sample.number = 3;
  REQUIRE(holder.setParcelable(sample) == OK);
  const Bytes body = Bytes().string16(u"test.Sample").i32(20).i32(3).string16(u"").i32(0);
  CHECK(WRITTEN(writeParcelable(holder)) ==
        Bytes().i32(1).i32(0).i32(static_cast<int32_t>(body.size())).append(body).vector());
}
