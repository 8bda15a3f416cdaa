// Every method of the interface, called in another process with random values.
#include <aidl/cuse/test/BnCallback.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "random_values.h"
#include "scene.h"
#include "service.h"
#include "test/support/catch.h"

using cuse_binder::test::everything;
using cuse_binder::test::EverythingService;
using cuse_binder::test::Leaf;
using cuse_binder::test::RandomValues;
using cuse_binder::test::Record;
using ndk::ScopedAStatus;
using ndk::ScopedFileDescriptor;

namespace aidl::cuse::test {
static bool operator==(const Leaf& a, const Leaf& b) {
  return a.id == b.id && a.name == b.name;
}
}  // namespace aidl::cuse::test

namespace {

using IEverything = aidl::cuse::test::IEverything;

#define REQUIRE_OK(call)                  \
  do {                                    \
    const ScopedAStatus status_ = (call); \
    INFO(status_.getDescription());       \
    REQUIRE(status_.isOk());              \
  } while (false)

template <typename V>
V reversed(const V& vector) {
  return V(vector.rbegin(), vector.rend());
}

template <typename T, typename Method>
void check_turn(Method method, RandomValues& values) {
  const auto service = everything();
  std::vector<T> input;
  std::vector<T> both;
  if constexpr (std::is_same_v<T, Leaf>) {
    for (const auto& name : values.some<std::string>()) {
      input.emplace_back();
      input.back().id = values.any<int32_t>();
      input.back().name = name;
    }
    both = reversed(input);
  } else {
    input = values.some<T>();
    both = values.some<T>();
  }
  // The size of an out array is what the client makes it.
  std::vector<T> copy(values.any<uint32_t>() % (input.size() + 1));
  const size_t asked = copy.size();
  const std::vector<T> both_before = both;
  std::vector<T> result;
  REQUIRE_OK(((*service).*method)(input, &copy, &both, &result));
  CHECK((result == reversed(input)));
  CHECK((both == reversed(both_before)));
  CHECK((copy == std::vector<T>(input.begin(), input.begin() + static_cast<ptrdiff_t>(asked))));
}

template <typename O, typename Method>
void check_turn_maybe(Method method, const O& input, const O& before) {
  const auto service = everything();
  O both = before;
  O result;
  REQUIRE_OK(((*service).*method)(input, &both, &result));
  CHECK(result.has_value() == input.has_value());
  CHECK(both.has_value() == before.has_value());
  if (input) CHECK((*result == reversed(*input)));
  if (before) CHECK((*both == reversed(*before)));
}

template <typename T, typename Method, typename Argument = T>
void check_echo(Method method, const T& value) {
  const auto service = everything();
  T result{};
  REQUIRE_OK(((*service).*method)(value, &result));
  CHECK((result == value));
}

ino_t inode_of(const ScopedFileDescriptor& fd) {
  struct stat status {};
  REQUIRE(fstat(fd.get(), &status) == 0);
  return status.st_ino;
}

class Callback final : public aidl::cuse::test::BnCallback {
 public:
  ScopedAStatus ask(int32_t question, int32_t* answer) override {
    *answer = question;
    return ScopedAStatus::ok();
  }
  ScopedAStatus tell(int32_t) override { return ScopedAStatus::ok(); }
};

Record random_record(RandomValues& values) {
  Record r;
  r.flag = values.any<bool>();
  r.small = values.any<int8_t>();
  r.letter = values.any<char16_t>();
  r.number = values.any<int32_t>() / 2;
  r.large = values.any<int64_t>();
  r.ratio = values.any<float>();
  r.precise = values.any<double>();
  r.text = values.any<std::string>();
  r.maybeText = values.maybe<std::string>();
  r.flags = values.some<bool>();
  r.bytes = values.some<int8_t>();
  r.letters = values.some<char16_t>();
  r.numbers = values.some<int32_t>();
  r.larges = values.some<int64_t>();
  r.ratios = values.some<float>();
  r.precises = values.some<double>();
  r.texts = values.some<std::string>();
  r.maybeFlags = values.maybe_some<bool>();
  r.maybeBytes = values.maybe_some<int8_t>();
  r.maybeLetters = values.maybe_some<char16_t>();
  r.maybeNumbers = values.maybe_some<int32_t>();
  r.maybeLarges = values.maybe_some<int64_t>();
  r.maybeRatios = values.maybe_some<float>();
  r.maybePrecises = values.maybe_some<double>();
  r.maybeTexts = values.maybe_strings();
  r.leaf.id = values.any<int32_t>();
  r.leaf.name = values.any<std::string>();
  r.leaves.resize(values.any<uint32_t>() % 4);
  for (Leaf& leaf : r.leaves) leaf.id = values.any<int32_t>();
  const auto callback = ndk::SharedRefBase::make<Callback>();
  r.callback = callback;
  r.binder = callback->asBinder();
  if (values.any<bool>()) r.maybeBinder = callback->asBinder();
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  r.file.set(ends[0]);
  r.maybeFile.set(ends[1]);
  if (values.any<bool>()) r.maybeFile.set(-1);
  return r;
}

void check_same(const Record& a, const Record& b) {
  CHECK(a.flag == b.flag);
  CHECK(a.small == b.small);
  CHECK(a.letter == b.letter);
  CHECK(a.number == b.number);
  CHECK(a.large == b.large);
  CHECK(a.ratio == b.ratio);
  CHECK(a.precise == b.precise);
  CHECK(a.text == b.text);
  CHECK(a.maybeText == b.maybeText);
  CHECK(a.flags == b.flags);
  CHECK(a.bytes == b.bytes);
  CHECK((a.letters == b.letters));
  CHECK(a.numbers == b.numbers);
  CHECK(a.larges == b.larges);
  CHECK(a.ratios == b.ratios);
  CHECK(a.precises == b.precises);
  CHECK(a.texts == b.texts);
  CHECK((a.maybeFlags == b.maybeFlags));
  CHECK((a.maybeBytes == b.maybeBytes));
  CHECK((a.maybeLetters == b.maybeLetters));
  CHECK((a.maybeNumbers == b.maybeNumbers));
  CHECK((a.maybeLarges == b.maybeLarges));
  CHECK((a.maybeRatios == b.maybeRatios));
  CHECK((a.maybePrecises == b.maybePrecises));
  CHECK((a.maybeTexts == b.maybeTexts));
  CHECK((a.leaf == b.leaf));
  CHECK((a.leaves == b.leaves));
  // Objects of this process come back as themselves.
  CHECK(a.binder == b.binder);
  CHECK(a.maybeBinder == b.maybeBinder);
  CHECK(a.callback == b.callback);
  CHECK(inode_of(a.file) == inode_of(b.file));
  CHECK((a.maybeFile.get() < 0) == (b.maybeFile.get() < 0));
}

}  // namespace

TEST_CASE("single values come back", "[values]") {
  const auto service = everything();
  CHECK(service->isRemote());
  CHECK(IEverything::ANSWER == 42);
  CHECK(IEverything::NAME == std::string("everything"));
  for (unsigned seed = 1; seed <= 20; ++seed) {
    INFO("seed " << seed);
    RandomValues values(seed);
    check_echo(&IEverything::echoBoolean, values.any<bool>());
    check_echo(&IEverything::echoByte, values.any<int8_t>());
    check_echo(&IEverything::echoChar, values.any<char16_t>());
    check_echo(&IEverything::echoInt, values.any<int32_t>());
    check_echo(&IEverything::echoLong, values.any<int64_t>());
    check_echo(&IEverything::echoFloat, values.any<float>());
    check_echo(&IEverything::echoDouble, values.any<double>());
    check_echo(&IEverything::echoString, values.any<std::string>());
    check_echo(&IEverything::echoUtf8, values.any<std::string>());
    check_echo(&IEverything::echoMaybeString, values.maybe<std::string>());
  }
  check_echo(&IEverything::echoString, std::string(100'000, 'x'));
}

TEST_CASE("arrays come back, in every direction", "[values]") {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    INFO("seed " << seed);
    RandomValues values(seed);
    check_turn<bool>(&IEverything::turnBooleans, values);
    check_turn<int8_t>(&IEverything::turnBytes, values);
    check_turn<char16_t>(&IEverything::turnChars, values);
    check_turn<int32_t>(&IEverything::turnInts, values);
    check_turn<int64_t>(&IEverything::turnLongs, values);
    check_turn<float>(&IEverything::turnFloats, values);
    check_turn<double>(&IEverything::turnDoubles, values);
    check_turn<std::string>(&IEverything::turnStrings, values);
    check_turn<Leaf>(&IEverything::turnLeaves, values);
  }
}

TEST_CASE("nullable arrays come back, null or not", "[values]") {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    INFO("seed " << seed);
    RandomValues v(seed);
    check_turn_maybe(&IEverything::turnMaybeBooleans, v.maybe_some<bool>(), v.maybe_some<bool>());
    check_turn_maybe(&IEverything::turnMaybeBytes, v.maybe_some<int8_t>(), v.maybe_some<int8_t>());
    check_turn_maybe(&IEverything::turnMaybeChars, v.maybe_some<char16_t>(), v.maybe_some<char16_t>());
    check_turn_maybe(&IEverything::turnMaybeInts, v.maybe_some<int32_t>(), v.maybe_some<int32_t>());
    check_turn_maybe(&IEverything::turnMaybeLongs, v.maybe_some<int64_t>(), v.maybe_some<int64_t>());
    check_turn_maybe(&IEverything::turnMaybeFloats, v.maybe_some<float>(), v.maybe_some<float>());
    check_turn_maybe(&IEverything::turnMaybeDoubles, v.maybe_some<double>(), v.maybe_some<double>());
    check_turn_maybe(&IEverything::turnMaybeStrings, v.maybe_strings(), v.maybe_strings());
  }
}

TEST_CASE("records come back", "[values]") {
  const auto service = everything();
  for (unsigned seed = 1; seed <= 20; ++seed) {
    INFO("seed " << seed);
    RandomValues values(seed);
    const Record value = random_record(values);
    Record both = random_record(values);
    const Record before = cuse_binder::test::copy_of(both);
    Record copy;
    Record result;
    REQUIRE_OK(service->echoRecord(value, &copy, &both, &result));
    check_same(value, copy);
    check_same(value, result);
    CHECK(both.number == before.number + 1);
    CHECK(both.text == before.text + "!");
    CHECK(both.numbers == reversed(before.numbers));
  }
}

TEST_CASE("a record's defaults are those of its definition", "[values]") {
  const Record record{};
  CHECK(record.flag);
  CHECK(record.small == -8);
  CHECK(record.letter == u'x');
  CHECK(record.number == 42);
  CHECK(record.large == int64_t{1} << 32);
  CHECK(record.ratio == 1.5f);
  CHECK(record.text == "default");
}

TEST_CASE("a record without what it must have is not sent", "[values]") {
  const auto service = everything();
  Record copy;
  Record both;
  Record result;
  CHECK(service->echoRecord(Record(), &copy, &both, &result).getStatus() == STATUS_UNEXPECTED_NULL);
}

TEST_CASE("files come back", "[values]") {
  const auto service = everything();
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  const ScopedFileDescriptor reader(ends[0]);
  const ScopedFileDescriptor writer(ends[1]);
  ScopedFileDescriptor result;
  REQUIRE_OK(service->echoFile(writer, &result));
  CHECK(inode_of(result) == inode_of(writer));
  REQUIRE(write(result.get(), "x", 1) == 1);
  char byte = 0;
  REQUIRE(read(reader.get(), &byte, 1) == 1);
  CHECK(byte == 'x');
  CHECK(service->echoFile(ScopedFileDescriptor(), &result).getStatus() == STATUS_UNEXPECTED_NULL);
  ScopedFileDescriptor none;
  REQUIRE_OK(service->echoMaybeFile(ScopedFileDescriptor(), &none));
  CHECK(none.get() == -1);
  REQUIRE_OK(service->echoMaybeFile(reader, &none));
  CHECK(inode_of(none) == inode_of(reader));
}

TEST_CASE("errors come back as what they are", "[values][status]") {
  const auto service = everything();
  for (const binder_exception_t exception :
       {EX_SECURITY, EX_BAD_PARCELABLE, EX_ILLEGAL_ARGUMENT, EX_NULL_POINTER, EX_ILLEGAL_STATE,
        EX_NETWORK_MAIN_THREAD, EX_UNSUPPORTED_OPERATION}) {
    const ScopedAStatus status = service->fail(exception, "whÿ");
    CHECK(status.getExceptionCode() == exception);
    CHECK(status.getMessage() == std::string("whÿ"));
  }
  const ScopedAStatus specific = service->failSpecifically(-3, "own");
  CHECK(specific.getExceptionCode() == EX_SERVICE_SPECIFIC);
  CHECK(specific.getServiceSpecificError() == -3);
  CHECK(specific.getMessage() == std::string("own"));
  for (const binder_status_t failure :
       {STATUS_BAD_VALUE, STATUS_NAME_NOT_FOUND, STATUS_UNKNOWN_TRANSACTION}) {
    const ScopedAStatus status = service->failToTransact(failure);
    CHECK(status.getExceptionCode() == EX_TRANSACTION_FAILED);
    CHECK(status.getStatus() == failure);
  }
}
