// Code of Android 14's compiler: every type that it has beyond Android 10's, through a parcel and back. A
// proxy of a local object takes the way of a remote one, without a device.
#include <aidl/cuse/newer/BnNewer.h>
#include <aidl/cuse/newer/BnTiny.h>
#include <aidl/cuse/newer/BpNewer.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test/support/catch.h"

using aidl::cuse::newer::All;
using aidl::cuse::newer::BpNewer;
using aidl::cuse::newer::Choice;
using aidl::cuse::newer::Color;
using aidl::cuse::newer::INewer;
using aidl::cuse::newer::ITiny;
using aidl::cuse::newer::Pair;
using aidl::cuse::newer::Size;
using ndk::ScopedAStatus;
using ndk::ScopedFileDescriptor;
using ndk::SpAIBinder;

namespace {

template <typename T>
T copy_of(const T& value) {
  const ndk::ScopedAParcel parcel(AParcel_create());
  REQUIRE(ndk::AParcel_writeParcelable(parcel.get(), value) == STATUS_OK);
  AParcel_setDataPosition(parcel.get(), 0);
  T copy;
  REQUIRE(ndk::AParcel_readParcelable(parcel.get(), &copy) == STATUS_OK);
  return copy;
}

template <typename V>
V reversed(const V& values) {
  V result = values;
  std::reverse(result.begin(), result.end());
  return result;
}

class Tiny final : public aidl::cuse::newer::BnTiny {
 public:
  ScopedAStatus twice(int32_t n, int32_t* result) override {
    *result = 2 * n;
    return ScopedAStatus::ok();
  }
};

class Newer final : public aidl::cuse::newer::BnNewer {
 public:
  ScopedAStatus echo(const All& value, All* copy, All* both, All* result) override {
    *copy = copy_of(value);
    *result = copy_of(value);
    both->color = Color::BLUE;
    return ScopedAStatus::ok();
  }
  ScopedAStatus turn(const std::vector<Color>& input, std::vector<Color>* copy, std::vector<Color>* both,
                     std::vector<Color>* result) override {
    *result = reversed(input);
    for (size_t i = 0; i < copy->size(); ++i) (*copy)[i] = input.at(i);
    *both = reversed(*both);
    return ScopedAStatus::ok();
  }
  ScopedAStatus choose(const std::optional<Choice>& value, std::optional<Choice>* result) override {
    if (value) *result = copy_of(*value);
    return ScopedAStatus::ok();
  }
  ScopedAStatus matrix(const std::array<std::array<int32_t, 3>, 2>& input,
                       std::array<std::array<int32_t, 3>, 2>* copy,
                       std::array<std::array<int32_t, 3>, 2>* both,
                       std::array<std::array<int32_t, 3>, 2>* result) override {
    *copy = input;
    *result = reversed(input);
    *both = reversed(*both);
    return ScopedAStatus::ok();
  }
  ScopedAStatus list(const std::vector<std::string>& input, std::vector<std::string>* copy,
                     std::vector<SpAIBinder>* both, std::vector<std::string>* result) override {
    *copy = input;
    *result = reversed(input);
    *both = reversed(*both);
    return ScopedAStatus::ok();
  }
  ScopedAStatus pairs(const std::optional<std::vector<std::optional<Pair>>>& input,
                      std::optional<std::vector<std::optional<Pair>>>* result) override {
    *result = input;
    return ScopedAStatus::ok();
  }
  ScopedAStatus tinies(const std::vector<std::shared_ptr<ITiny>>& input,
                       std::optional<std::vector<std::shared_ptr<ITiny>>>* copy,
                       std::vector<std::shared_ptr<ITiny>>* result) override {
    *copy = std::nullopt;
    *result = reversed(input);
    return ScopedAStatus::ok();
  }
  ScopedAStatus files(const std::vector<ScopedFileDescriptor>& input,
                      std::optional<std::vector<ScopedFileDescriptor>>* copy,
                      std::vector<ScopedFileDescriptor>* result) override {
    copy->emplace();
    for (const ScopedFileDescriptor& file : input) {
      (*copy)->emplace_back();
      result->push_back(file.dup());
    }
    return ScopedAStatus::ok();
  }
  ScopedAStatus notify(const Choice& value) override {
    notified = value.getTag();
    return ScopedAStatus::ok();
  }

  Choice::Tag notified = Choice::Tag::numbers;
};

#define REQUIRE_OK(call)                  \
  do {                                    \
    const ScopedAStatus status_ = (call); \
    INFO(status_.getDescription());       \
    REQUIRE(status_.isOk());              \
  } while (false)

struct Party {
  std::shared_ptr<Newer> service = ndk::SharedRefBase::make<Newer>();
  // What fromBinder() makes of a remote object.
  std::shared_ptr<INewer> proxy = ndk::SharedRefBase::make<BpNewer>(service->asBinder());
};

ScopedFileDescriptor some_file() {
  return ScopedFileDescriptor(open("/dev/null", O_RDONLY | O_CLOEXEC));
}
dev_t device_of(const ScopedFileDescriptor& file) {
  struct stat status {};
  REQUIRE(fstat(file.get(), &status) == 0);
  return status.st_rdev;
}

All full() {
  const auto tiny = ndk::SharedRefBase::make<Tiny>();
  const SpAIBinder binder = tiny->asBinder();
  All all;
  all.color = Color::BLUE;
  all.colors = {Color::RED, Color::GREEN};
  all.maybeColors = {{Color::BLUE}};
  all.threeColors = {Color::GREEN, Color::GREEN, Color::RED};
  all.size = Size::HUGE;
  all.maybeSizes = {{Size::HUGE, Size::SMALL}};
  all.choice = Choice::make<Choice::Tag::text>("text");
  all.choices.push_back(Choice::make<Choice::Tag::numbers>(std::vector<int32_t>{1, 2}));
  all.choices.push_back(Choice::make<Choice::Tag::color>(Color::GREEN));
  all.maybeChoice.emplace().set<Choice::Tag::texts>(std::vector<std::string>{"a", "b"});
  all.maybeChoices.emplace().resize(2);
  all.maybeChoices->at(1).emplace().set<Choice::Tag::binder>(binder);
  all.pair = {1, 2, u'c', true, -5, 1.5f, 2.5};
  all.pairs[1].a = 7;
  all.maybePairs.emplace().resize(2);
  all.maybePairs->at(0).emplace().b = 8;
  all.matrix[1][2] = 9;
  all.names = {"x", ""};
  all.maybeNames.emplace();
  (*all.maybeNames)[0][1] = "name";
  all.bytes = {1, 2, 3, 255};
  all.flags = {true, false};
  all.maybeBytes = {{{4, 5}, {6, 7}}};
  all.strings = {"one", "zwö"};
  all.maybeStrings = std::vector<std::optional<std::string>>{"q", std::nullopt};
  all.pairList.resize(2);
  all.pairList[0].g = 0.25;
  all.binderList = {binder};
  all.binders = {binder, binder};
  all.maybeBinders = {{nullptr, binder}};
  all.twoBinders = {{binder, nullptr}};
  all.files.push_back(some_file());
  all.maybeFiles.emplace().resize(2);
  all.maybeFiles->at(1) = some_file();
  all.tiny = tiny;
  all.tinies = {tiny};
  all.maybeTinies = {{nullptr, tiny}};
  REQUIRE(all.holder.setParcelable(all.pair) == STATUS_OK);
  all.next = std::make_unique<All>();
  all.next->nested.kind = All::Nested::Kind::A;
  all.alls.emplace().resize(1);
  all.bundle.putString("key", "value");
  all.maybeBundle.emplace().putInt("i", 1);
  all.nested.kind = All::Nested::Kind::A;
  all.kinds = {All::Nested::Kind::B, All::Nested::Kind::A};
  return all;
}

void check_same(const All& a, const All& b) {
  CHECK(a.color == b.color);
  CHECK(a.colors == b.colors);
  CHECK(a.maybeColors == b.maybeColors);
  CHECK(a.threeColors == b.threeColors);
  CHECK(a.size == b.size);
  CHECK(a.maybeSizes == b.maybeSizes);
  CHECK(a.choice == b.choice);
  CHECK(a.choices == b.choices);
  CHECK(a.maybeChoice == b.maybeChoice);
  CHECK(a.maybeChoices == b.maybeChoices);
  CHECK(a.pair == b.pair);
  CHECK(a.pairs == b.pairs);
  CHECK(a.maybePairs == b.maybePairs);
  CHECK(a.matrix == b.matrix);
  CHECK(a.names == b.names);
  CHECK(a.maybeNames == b.maybeNames);
  CHECK(a.bytes == b.bytes);
  CHECK(a.flags == b.flags);
  CHECK(a.maybeBytes == b.maybeBytes);
  CHECK(a.strings == b.strings);
  CHECK(a.maybeStrings == b.maybeStrings);
  CHECK(a.pairList == b.pairList);
  CHECK(a.binderList == b.binderList);
  CHECK(a.binders == b.binders);
  CHECK(a.maybeBinders == b.maybeBinders);
  CHECK(a.twoBinders == b.twoBinders);
  REQUIRE(a.files.size() == b.files.size());
  for (size_t i = 0; i < a.files.size(); ++i) CHECK(device_of(a.files[i]) == device_of(b.files[i]));
  REQUIRE(a.maybeFiles.has_value() == b.maybeFiles.has_value());
  if (a.maybeFiles) CHECK((b.maybeFiles->at(0).get() == -1 && b.maybeFiles->at(1).get() >= 0));
  CHECK(a.tiny == b.tiny);
  CHECK(a.tinies == b.tinies);
  CHECK(a.maybeTinies == b.maybeTinies);
  CHECK(a.bundle == b.bundle);
  CHECK(a.maybeBundle == b.maybeBundle);
  CHECK(a.nested.kind == b.nested.kind);
  CHECK(a.kinds == b.kinds);
  CHECK((a.next == nullptr) == (b.next == nullptr));
  if (a.next && b.next) check_same(*a.next, *b.next);
  std::optional<Pair> in_a;
  std::optional<Pair> in_b;
  CHECK(a.holder.getParcelable(&in_a) == STATUS_OK);
  CHECK(b.holder.getParcelable(&in_b) == STATUS_OK);
  CHECK(in_a == in_b);
}

}  // namespace

TEST_CASE("everything new comes back", "[newer]") {
  const Party party;
  const All all = full();
  All copy;
  All both;
  All result;
  REQUIRE_OK(party.proxy->echo(all, &copy, &both, &result));
  check_same(all, copy);
  check_same(all, result);
  CHECK(both.color == Color::BLUE);
  CHECK(both.threeColors == All().threeColors);
  CHECK(all.toString().find("color: BLUE") != std::string::npos);
  CHECK(All::NAME == std::string("all"));
  CHECK(static_cast<int64_t>(All::BIG) == int64_t{1} << 40);
  CHECK(Choice::LIMIT == 5);
}

TEST_CASE("what is empty comes back empty", "[newer]") {
  const Party party;
  const All all;
  All copy;
  All both;
  All result;
  REQUIRE_OK(party.proxy->echo(all, &copy, &both, &result));
  check_same(all, result);
  CHECK_FALSE(result.maybeNames.has_value());
  CHECK(result.next == nullptr);
}

TEST_CASE("new types as arguments", "[newer]") {
  const Party party;
  {
    const std::vector<Color> input = {Color::RED, Color::GREEN, Color::BLUE};
    std::vector<Color> copy(2);
    std::vector<Color> both = {Color::BLUE, Color::RED};
    std::vector<Color> result;
    REQUIRE_OK(party.proxy->turn(input, &copy, &both, &result));
    CHECK(result == reversed(input));
    CHECK(copy == std::vector<Color>{Color::RED, Color::GREEN});
    CHECK(both == std::vector<Color>{Color::RED, Color::BLUE});
  }
  {
    std::optional<Choice> result = Choice();
    REQUIRE_OK(party.proxy->choose(std::nullopt, &result));
    CHECK_FALSE(result.has_value());
    Choice inner;
    Choice::Inner value;
    value.next = std::make_unique<Choice::Inner>();
    value.next->value = 17;
    inner.set<Choice::Tag::inner>(std::move(value));
    REQUIRE_OK(party.proxy->choose(std::optional<Choice>(std::move(inner)), &result));
    REQUIRE(result->getTag() == Choice::Tag::inner);
    CHECK(result->get<Choice::Tag::inner>().next->value == 17);
  }
  {
    const std::array<std::array<int32_t, 3>, 2> input = {{{1, 2, 3}, {4, 5, 6}}};
    auto copy = input;
    auto both = input;
    auto result = input;
    copy = {};
    REQUIRE_OK(party.proxy->matrix(input, &copy, &both, &result));
    CHECK(copy == input);
    CHECK(both == reversed(input));
    CHECK(result == reversed(input));
  }
  {
    std::vector<std::string> copy;
    std::vector<std::string> result;
    std::vector<SpAIBinder> both = {party.service->asBinder(), ndk::SharedRefBase::make<Tiny>()->asBinder()};
    const std::vector<SpAIBinder> before = both;
    REQUIRE_OK(party.proxy->list({"a", "b"}, &copy, &both, &result));
    CHECK(copy == std::vector<std::string>{"a", "b"});
    CHECK(result == std::vector<std::string>{"b", "a"});
    CHECK(both == reversed(before));
  }
  {
    std::optional<std::vector<std::optional<Pair>>> result;
    REQUIRE_OK(party.proxy->pairs(std::nullopt, &result));
    CHECK_FALSE(result.has_value());
    std::optional<std::vector<std::optional<Pair>>> input(std::in_place, 2);
    (*input)[1].emplace().c = u'!';
    REQUIRE_OK(party.proxy->pairs(input, &result));
    CHECK(result == input);
  }
  {
    const std::shared_ptr<ITiny> tiny = ndk::SharedRefBase::make<Tiny>();
    std::optional<std::vector<std::shared_ptr<ITiny>>> copy;
    std::vector<std::shared_ptr<ITiny>> result;
    REQUIRE_OK(party.proxy->tinies({tiny, tiny}, &copy, &result));
    CHECK_FALSE(copy.has_value());
    CHECK(result == std::vector<std::shared_ptr<ITiny>>{tiny, tiny});
  }
  {
    std::vector<ScopedFileDescriptor> input;
    input.push_back(some_file());
    std::optional<std::vector<ScopedFileDescriptor>> copy;
    std::vector<ScopedFileDescriptor> result;
    REQUIRE_OK(party.proxy->files(input, &copy, &result));
    REQUIRE((result.size() == 1 && copy->size() == 1));
    CHECK(device_of(result[0]) == device_of(input[0]));
    CHECK(copy->at(0).get() == -1);
    CHECK(party.proxy->files(std::vector<ScopedFileDescriptor>(1), &copy, &result).getStatus() ==
          STATUS_UNEXPECTED_NULL);
  }
  REQUIRE_OK(party.proxy->notify(Choice::make<Choice::Tag::color>(Color::RED)));
  CHECK(party.service->notified == Choice::Tag::color);
}

TEST_CASE("version, hash, log and names", "[newer]") {
  const Party party;
  int32_t version = 0;
  std::string hash;
  REQUIRE_OK(party.proxy->getInterfaceVersion(&version));
  REQUIRE_OK(party.proxy->getInterfaceHash(&hash));
  CHECK(version == 3);
  CHECK(hash == "0123abcd");
  CHECK(INewer::version == 3);
  std::vector<std::string> logged;
  BpNewer::logFunc = [&](const BpNewer::TransactionLog& log) { logged.push_back(log.method_name); };
  std::optional<Choice> result;
  REQUIRE_OK(party.proxy->choose(std::nullopt, &result));
  BpNewer::logFunc = nullptr;
  CHECK(logged == std::vector<std::string>{"choose"});
  std::vector<Color> colors;
  for (const Color color : ndk::enum_range<Color>()) colors.push_back(color);
  CHECK(colors == std::vector<Color>{Color::RED, Color::GREEN, Color::BLUE});
  CHECK(toString(Color::GREEN) == "GREEN");
}
