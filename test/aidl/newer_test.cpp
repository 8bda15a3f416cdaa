// What the newer compiler adds to types: operators, text, constants, versions, stability.
#include <binder/Enums.h>
#include <newer/Chain.h>
#include <newer/Choice.h>
#include <newer/Large.h>
#include <newer/Medium.h>
#include <newer/Outer.h>
#include <newer/Plain.h>
#include <newer/Small.h>
#include <versioned/BnStable.h>

#include "test/libbinder/party.h"
#include "test/support/catch.h"

using namespace android;
using cuse_binder::test::InProcessDriver;
using cuse_binder::test::Party;

namespace {

class Stable : public versioned::BnStable {
 public:
  binder::Status add(int32_t a, int32_t b, int32_t* result) override {
    *result = a + b;
    return binder::Status::ok();
  }
};

template <typename Enum>
std::vector<Enum> all() {
  std::vector<Enum> values;
  for (const Enum value : enum_range<Enum>()) values.push_back(value);
  return values;
}

}  // namespace

TEST_CASE("aidl: values of enums") {
  CHECK(sizeof(newer::Small) == 1);
  CHECK(sizeof(newer::Medium) == 4);
  CHECK(sizeof(newer::Large) == 8);
  CHECK(all<newer::Small>() ==
        std::vector<newer::Small>{newer::Small::NONE, newer::Small::ONE, newer::Small::LAST});
  CHECK(all<newer::Medium>().size() == 3);
  CHECK(static_cast<int32_t>(newer::Medium::B) == 16);
  CHECK(toString(newer::Small::LAST) == "LAST");
  CHECK(toString(static_cast<newer::Medium>(99)) == "99");
}

TEST_CASE("aidl: text and order of parcelables") {
  newer::Plain a;
  newer::Plain b;
  CHECK(a == b);
  b.triple[1] = 7;
  CHECK(a != b);
  CHECK(a < b);
  CHECK(a.toString().find("small: ONE") != std::string::npos);
  CHECK(a.toString().find("triple: [1, 2, 3]") != std::string::npos);
  newer::Choice choice;
  CHECK(choice.getTag() == newer::Choice::Tag::number);
  CHECK(choice.get<newer::Choice::Tag::number>() == 7);
  choice.set<newer::Choice::Tag::text>("seven");
  CHECK(choice.toString() == "Choice{text: seven}");
  CHECK(choice == newer::Choice::make<newer::Choice::Tag::text>("seven"));
  CHECK(toString(choice.getTag()) == "text");
  const newer::Outer outer;
  CHECK(outer.kind == newer::Outer::Kind::SECOND);
  CHECK(outer.inner.innermost.name == "deep");
  CHECK(outer.matrix == std::array<std::array<int32_t, 3>, 2>{{{{1, 2, 3}}, {{4, 5, 6}}}});
}

TEST_CASE("aidl: constants of parcelables") {
  CHECK(newer::Chain::LIMIT == 4);
  CHECK(newer::Chain::FAR == int64_t{1} << 40);
  CHECK(newer::Chain::HALF == 0.5F);
  CHECK(newer::Chain::NAME() == "chain of links");
}

TEST_CASE("aidl: version, hash and stability") {
  InProcessDriver driver;
  Party server(driver);
  Party client(driver);
  server.serve(sp<BBinder>(new Stable));
  client.as([&] {
    const auto stable =
        checked_interface_cast<versioned::IStable>(client.process()->getContextObject(nullptr));
    REQUIRE(stable != nullptr);
    CHECK(stable->getInterfaceVersion() == 3);
    CHECK(stable->getInterfaceHash() == "0123456789abcdef0123456789abcdef01234567");
    CHECK(stable->getInterfaceVersion() == 3);  // the second time it is remembered
    CHECK(versioned::IStable::VERSION == 3);
    CHECK(versioned::IStable::HASH == "0123456789abcdef0123456789abcdef01234567");
    int32_t sum = 0;
    CHECK(stable->add(2, 3, &sum).isOk());
    CHECK(sum == 5);
  });
}
