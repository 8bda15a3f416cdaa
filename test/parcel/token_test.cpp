// The head of a transaction and of a reply, in all dialects.
#include <binder/Binder.h>
#include <binder/Parcel.h>
#include <binder/Status.h>
#include <binder/WireDialect.h>

#include "test/parcel/support/bytes.h"
#include "test/parcel/support/sample.h"
#include "test/support/catch.h"

using namespace android;
using android::internal::WireDialect;
using binder::Status;

namespace {

// Back to the newest at the end of a test.
class Dialect {
 public:
  explicit Dialect(WireDialect dialect) { internal::setWireDialect(dialect); }
  ~Dialect() { internal::setWireDialect(internal::kNewestWireDialect); }
};

constexpr int32_t kSyst = 0x53595354;

Bytes tokenOf(WireDialect dialect) {
  Bytes bytes;
  bytes.u32(dialect == WireDialect::kAndroid9 ? 0x400000u : 0x80000000u);
  if (dialect >= WireDialect::kAndroid10) bytes.i32(-1);
  if (dialect >= WireDialect::kAndroid11) bytes.i32(kSyst);
  return bytes.string16(u"a.IFoo");
}

const WireDialect kAll[] = {WireDialect::kAndroid9, WireDialect::kAndroid10, WireDialect::kAndroid11,
                            WireDialect::kAndroid12, WireDialect::kAndroid13};

}  // namespace

TEST_CASE("the interface token in each dialect") {
  for (const WireDialect dialect : kAll) {
    CAPTURE(static_cast<int>(dialect));
    const Dialect set(dialect);
    Parcel parcel;
    REQUIRE(parcel.writeInterfaceToken(String16("a.IFoo")) == OK);
    CHECK(bytesOf(parcel) == tokenOf(dialect).vector());
    parcel.writeInt32(7);
    parcel.setDataPosition(0);
    CHECK(parcel.enforceInterface(String16("a.IFoo")));
    CHECK(parcel.readInt32() == 7);
    parcel.setDataPosition(0);
    CHECK(!parcel.enforceInterface(String16("a.IBar")));
    parcel.setDataPosition(0);
    CHECK(!parcel.enforceInterface(String16("a.IFo")));
  }
}

TEST_CASE("tokens that are no tokens") {
  const Bytes bad[] = {
      Bytes(),
      Bytes().i32(0),
      Bytes().i32(0).i32(-1).i32(kSyst),
      Bytes().i32(0).i32(-1).i32(kSyst + 1).string16(u"a.IFoo"),
      Bytes().i32(0).i32(-1).i32(kSyst).i32(-1),
      Bytes().i32(0).i32(-1).i32(kSyst).i32(6).raw({'a', 0, '.', 0}),
      Bytes().i32(0).i32(-1).i32(kSyst).i32(INT32_MAX),
      Bytes().string16(u"a.IFoo"),
  };
  for (const Bytes& bytes : bad) {
    Parcel parcel;
    bytes.fill(&parcel);
    CHECK(!parcel.enforceInterface(String16("a.IFoo")));
  }
  // A fuzzer does not have to know it.
  Parcel parcel;
  bad[3].fill(&parcel);
  parcel.setServiceFuzzing();
  CHECK(parcel.enforceInterface(String16("a.IFoo")));
}

TEST_CASE("checkInterface asks the binder for its descriptor") {
  const sp<BnThing> thing = new BnThing();
  Parcel parcel;
  parcel.writeInterfaceToken(IThing::descriptor);
  parcel.setDataPosition(0);
  CHECK(parcel.checkInterface(thing.get()));
}

TEST_CASE("the work source of a token can be replaced") {
  Parcel parcel;
  CHECK(!parcel.replaceCallingWorkSourceUid(5));
  CHECK(parcel.readCallingWorkSourceUid() == static_cast<uid_t>(-1));
  parcel.writeInterfaceToken(String16("a.IFoo"));
  parcel.writeInt32(7);
  const size_t position = parcel.dataPosition();
  CHECK(parcel.replaceCallingWorkSourceUid(1000));
  CHECK(parcel.readCallingWorkSourceUid() == 1000);
  CHECK(parcel.dataPosition() == position);
  CHECK(bytesOf(parcel) == Bytes().u32(0x80000000u).i32(1000).i32(kSyst).string16(u"a.IFoo").i32(7).vector());
}

TEST_CASE("what follows a binder in each dialect") {
  for (const WireDialect dialect : kAll) {
    CAPTURE(static_cast<int>(dialect));
    const Dialect set(dialect);
    const sp<BBinder> binder = new BBinder();
    Parcel parcel;
    parcel.writeStrongBinder(binder);
    const size_t size = parcel.dataSize();
    parcel.writeStrongBinder(sp<IBinder>());
    const auto after = [&parcel](size_t offset) {
      parcel.setDataPosition(offset);
      return parcel.readInt32();
    };
    if (dialect < WireDialect::kAndroid11) {
      CHECK(size == 24);
    } else {
      CHECK(size == 28);
      CHECK(after(24) == (dialect == WireDialect::kAndroid12 ? 0x0c000001 : 0x0c));
      CHECK(after(52) == (dialect == WireDialect::kAndroid12 ? 1 : 0));
    }
    parcel.setDataPosition(0);
    CHECK(parcel.readStrongBinder() == binder);
    sp<IBinder> null;
    CHECK(parcel.readNullableStrongBinder(&null) == OK);
    CHECK(parcel.dataAvail() == 0);

    if (dialect < WireDialect::kAndroid11) continue;
    for (const int32_t wrong : {0x7f, -1, 0x3f, 0x0c0000ff}) {
      parcel.setDataPosition(24);
      parcel.writeInt32(wrong);
      parcel.setDataPosition(0);
      sp<IBinder> got;
      CHECK(parcel.readNullableStrongBinder(&got) == BAD_TYPE);
      parcel.setDataPosition(52);
      parcel.writeInt32(wrong);
      parcel.setDataPosition(28);
      CHECK(parcel.readNullableStrongBinder(&got) == BAD_TYPE);
    }
  }
}

TEST_CASE("a status is read as it was written") {
  const Status all[] = {
      Status::ok(),
      Status::fromExceptionCode(Status::EX_SECURITY),
      Status::fromExceptionCode(Status::EX_BAD_PARCELABLE, "bad"),
      Status::fromExceptionCode(Status::EX_PARCELABLE, String8("object")),
      Status::fromExceptionCode(-77, "unknown"),
      Status::fromServiceSpecificError(0),
      Status::fromServiceSpecificError(-5, "five"),
  };
  for (const Status& status : all) {
    Parcel parcel;
    REQUIRE(status.writeToParcel(&parcel) == OK);
    parcel.writeInt32(99);
    parcel.setDataPosition(0);
    Status got = Status::fromStatusT(DEAD_OBJECT);
    REQUIRE(got.readFromParcel(parcel) == OK);
    CHECK(got.exceptionCode() == status.exceptionCode());
    CHECK(got.exceptionMessage() == status.exceptionMessage());
    CHECK(got.serviceSpecificErrorCode() == status.serviceSpecificErrorCode());
    CHECK(got.transactionError() == OK);
    CHECK(parcel.readInt32() == 99);
    parcel.setDataPosition(0);
    CHECK(parcel.readExceptionCode() == status.exceptionCode());
  }
}

TEST_CASE("what Java puts into replies is read past") {
  struct Case {
    Bytes bytes;
    int32_t exception;
    const char* message;
  };
  const Case cases[] = {
      // Strict mode header: size 12 counts itself.
      {Bytes().i32(-128).i32(12).i64(0), 0, ""},
      {Bytes().i32(-127).i32(8).i32(1).i32(0), 0, ""},
      {Bytes().i32(-127).i32(8).i32(1).i32(-128).i32(4), 0, ""},
      {Bytes().i32(-127).i32(8).i32(1).i32(-4).string16(u"npe").i32(0), -4, "npe"},
      {Bytes().i32(-1).string16(u"x").i32(12).i64(7), -1, "x"},  // a stack trace
      {Bytes().i32(-1).i32(-1).i32(0), -1, ""},                  // no message
      {Bytes().i32(-9).string16(u"p").i32(0).i32(8).i32(5), -9, "p"},
  };
  for (const Case& c : cases) {
    Parcel parcel;
    Bytes(c.bytes).i32(4711).fill(&parcel);
    Status status;
    REQUIRE(status.readFromParcel(parcel) == OK);
    CHECK(status.exceptionCode() == c.exception);
    CHECK(status.exceptionMessage() == String8(c.message));
    CHECK(parcel.readInt32() == 4711);
  }
}

TEST_CASE("replies that are no replies") {
  const Bytes bad[] = {
      Bytes(),
      Bytes().i32(-1),
      Bytes().i32(-1).string16(u"x"),
      Bytes().i32(-1).string16(u"x").i32(-4),
      Bytes().i32(-1).string16(u"x").i32(3),
      Bytes().i32(-1).string16(u"x").i32(5),
      Bytes().i32(-1).string16(u"x").i32(INT32_MAX),
      Bytes().i32(-8).string16(u"x").i32(0),
      Bytes().i32(-9).string16(u"x").i32(0).i32(100),
      Bytes().i32(-127),
      Bytes().i32(-127).i32(8).i32(1),
      Bytes().i32(-128),
      Bytes().i32(-128).i32(-1),
      Bytes().i32(-128).i32(8),
  };
  for (const Bytes& bytes : bad) {
    Parcel parcel;
    bytes.fill(&parcel);
    Status status;
    const status_t result = status.readFromParcel(parcel);
    CHECK(result != OK);
    CHECK(status.exceptionCode() == Status::EX_TRANSACTION_FAILED);
    CHECK(status.transactionError() == result);
  }
}

TEST_CASE("a status replaces what is in a reply, and releases it") {
  sp<BBinder> binder = new BBinder();
  Parcel parcel;
  parcel.writeStrongBinder(binder);
  REQUIRE(Status::fromExceptionCode(Status::EX_SECURITY).writeOverParcel(&parcel) == OK);
  CHECK(parcel.objectsCount() == 0);
  CHECK(binder->getStrongCount() == 1);
  CHECK(bytesOf(parcel) == Bytes().i32(-1).string16(u"").i32(0).vector());
}

TEST_CASE("a status as text") {
  CHECK(Status::ok().toString8() == String8("No error"));
  CHECK(Status::fromExceptionCode(Status::EX_SECURITY, "no").toString8() ==
        String8("Status(-1, EX_SECURITY): 'no'"));
  CHECK(Status::fromServiceSpecificError(7, "x").toString8() ==
        String8("Status(-8, EX_SERVICE_SPECIFIC): '7: x'"));
  CHECK(Status::fromStatusT(DEAD_OBJECT).toString8() ==
        String8("Status(-129, EX_TRANSACTION_FAILED): 'DEAD_OBJECT: '"));
  CHECK(Status::exceptionToString(-1234) == "-1234");
  std::ostringstream stream;
  stream << Status::fromStatusT(OK);
  CHECK(stream.str() == "No error");
}

TEST_CASE("setters of a status") {
  Status status;
  status.setServiceSpecificError(3, String8("three"));
  CHECK(!status.isOk());
  CHECK(status.serviceSpecificErrorCode() == 3);
  status.setException(Status::EX_ILLEGAL_STATE, String8("state"));
  CHECK(status.serviceSpecificErrorCode() == 0);
  CHECK(status.exceptionCode() == Status::EX_ILLEGAL_STATE);
  status.setFromStatusT(NO_MEMORY);
  CHECK(status.transactionError() == NO_MEMORY);
  CHECK(status.exceptionMessage() == String8());
  status.setFromStatusT(OK);
  CHECK(status.isOk());
}
