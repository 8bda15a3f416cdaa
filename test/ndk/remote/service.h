// The service of the tests: as its interface says.
#pragma once

#include <aidl/cuse/test/BnEverything.h>
#include <aidl/cuse/test/BnLogged.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <type_traits>
#include <vector>

namespace cuse_binder::test {

using aidl::cuse::test::ICallback;
using aidl::cuse::test::Leaf;
using aidl::cuse::test::Record;
using ndk::ScopedAStatus;
using ndk::ScopedFileDescriptor;
using ndk::SpAIBinder;

// Descriptors and records are not copied by themselves.
Record copy_of(const Record& record);

class EverythingService final : public aidl::cuse::test::BnEverything {
 public:
  template <typename T>
  static ScopedAStatus echo(const T& value, T* result) {
    *result = value;
    return ScopedAStatus::ok();
  }
  template <typename V>
  static V reversed(const V& vector) {
    return V(vector.rbegin(), vector.rend());
  }
  template <typename V>
  static ScopedAStatus turn(const V& input, V* copy, V* both, V* result) {
    *result = reversed(input);
    for (size_t i = 0; i < std::min(copy->size(), input.size()); ++i) (*copy)[i] = input[i];
    *both = reversed(*both);
    return ScopedAStatus::ok();
  }
  template <typename O>
  static ScopedAStatus turn_maybe(const O& input, O* both, O* result) {
    result->reset();
    if (input) *result = reversed(*input);
    if (*both) *both = reversed(**both);
    return ScopedAStatus::ok();
  }

  ScopedAStatus echoBoolean(bool value, bool* result) override { return echo(value, result); }
  ScopedAStatus echoByte(int8_t value, int8_t* result) override { return echo(value, result); }
  ScopedAStatus echoChar(char16_t value, char16_t* result) override { return echo(value, result); }
  ScopedAStatus echoInt(int32_t value, int32_t* result) override { return echo(value, result); }
  ScopedAStatus echoLong(int64_t value, int64_t* result) override { return echo(value, result); }
  ScopedAStatus echoFloat(float value, float* result) override { return echo(value, result); }
  ScopedAStatus echoDouble(double value, double* result) override { return echo(value, result); }
  ScopedAStatus echoString(const std::string& value, std::string* result) override {
    return echo(value, result);
  }
  ScopedAStatus echoUtf8(const std::string& value, std::string* result) override {
    return echo(value, result);
  }
  ScopedAStatus echoMaybeString(const std::optional<std::string>& value,
                                std::optional<std::string>* result) override {
    return echo(value, result);
  }

  ScopedAStatus turnBooleans(const std::vector<bool>& input, std::vector<bool>* copy, std::vector<bool>* both,
                             std::vector<bool>* result) override {
    return turn(input, copy, both, result);
  }
  ScopedAStatus turnBytes(const std::vector<int8_t>& input, std::vector<int8_t>* copy,
                          std::vector<int8_t>* both, std::vector<int8_t>* result) override {
    return turn(input, copy, both, result);
  }
  ScopedAStatus turnChars(const std::vector<char16_t>& input, std::vector<char16_t>* copy,
                          std::vector<char16_t>* both, std::vector<char16_t>* result) override {
    return turn(input, copy, both, result);
  }
  ScopedAStatus turnInts(const std::vector<int32_t>& input, std::vector<int32_t>* copy,
                         std::vector<int32_t>* both, std::vector<int32_t>* result) override {
    return turn(input, copy, both, result);
  }
  ScopedAStatus turnLongs(const std::vector<int64_t>& input, std::vector<int64_t>* copy,
                          std::vector<int64_t>* both, std::vector<int64_t>* result) override {
    return turn(input, copy, both, result);
  }
  ScopedAStatus turnFloats(const std::vector<float>& input, std::vector<float>* copy,
                           std::vector<float>* both, std::vector<float>* result) override {
    return turn(input, copy, both, result);
  }
  ScopedAStatus turnDoubles(const std::vector<double>& input, std::vector<double>* copy,
                            std::vector<double>* both, std::vector<double>* result) override {
    return turn(input, copy, both, result);
  }
  ScopedAStatus turnStrings(const std::vector<std::string>& input, std::vector<std::string>* copy,
                            std::vector<std::string>* both, std::vector<std::string>* result) override {
    return turn(input, copy, both, result);
  }
  ScopedAStatus turnLeaves(const std::vector<Leaf>& input, std::vector<Leaf>* copy, std::vector<Leaf>* both,
                           std::vector<Leaf>* result) override {
    return turn(input, copy, both, result);
  }

  ScopedAStatus turnMaybeBooleans(const std::optional<std::vector<bool>>& input,
                                  std::optional<std::vector<bool>>* both,
                                  std::optional<std::vector<bool>>* result) override {
    return turn_maybe(input, both, result);
  }
  ScopedAStatus turnMaybeBytes(const std::optional<std::vector<int8_t>>& input,
                               std::optional<std::vector<int8_t>>* both,
                               std::optional<std::vector<int8_t>>* result) override {
    return turn_maybe(input, both, result);
  }
  ScopedAStatus turnMaybeChars(const std::optional<std::vector<char16_t>>& input,
                               std::optional<std::vector<char16_t>>* both,
                               std::optional<std::vector<char16_t>>* result) override {
    return turn_maybe(input, both, result);
  }
  ScopedAStatus turnMaybeInts(const std::optional<std::vector<int32_t>>& input,
                              std::optional<std::vector<int32_t>>* both,
                              std::optional<std::vector<int32_t>>* result) override {
    return turn_maybe(input, both, result);
  }
  ScopedAStatus turnMaybeLongs(const std::optional<std::vector<int64_t>>& input,
                               std::optional<std::vector<int64_t>>* both,
                               std::optional<std::vector<int64_t>>* result) override {
    return turn_maybe(input, both, result);
  }
  ScopedAStatus turnMaybeFloats(const std::optional<std::vector<float>>& input,
                                std::optional<std::vector<float>>* both,
                                std::optional<std::vector<float>>* result) override {
    return turn_maybe(input, both, result);
  }
  ScopedAStatus turnMaybeDoubles(const std::optional<std::vector<double>>& input,
                                 std::optional<std::vector<double>>* both,
                                 std::optional<std::vector<double>>* result) override {
    return turn_maybe(input, both, result);
  }
  ScopedAStatus turnMaybeStrings(const std::optional<std::vector<std::optional<std::string>>>& input,
                                 std::optional<std::vector<std::optional<std::string>>>* both,
                                 std::optional<std::vector<std::optional<std::string>>>* result) override {
    return turn_maybe(input, both, result);
  }

  ScopedAStatus echoRecord(const Record& value, Record* copy, Record* both, Record* result) override;

  ScopedAStatus echoBinder(const SpAIBinder& value, SpAIBinder* result) override {
    return echo(value, result);
  }
  ScopedAStatus echoMaybeBinder(const SpAIBinder& value, SpAIBinder* result) override {
    return echo(value, result);
  }
  ScopedAStatus echoCallback(const std::shared_ptr<ICallback>& value,
                             std::shared_ptr<ICallback>* result) override {
    return echo(value, result);
  }
  ScopedAStatus echoFile(const ScopedFileDescriptor& value, ScopedFileDescriptor* result) override {
    *result = value.dup();
    return ScopedAStatus::ok();
  }
  ScopedAStatus echoMaybeFile(const ScopedFileDescriptor& value, ScopedFileDescriptor* result) override {
    if (value.get() >= 0) *result = value.dup();
    return ScopedAStatus::ok();
  }

  ScopedAStatus askBack(const std::shared_ptr<ICallback>& whom, int32_t question, int32_t* result) override {
    return whom->ask(question, result);
  }
  ScopedAStatus tellBack(const std::shared_ptr<ICallback>& whom) override { return whom->tell(told_++); }

  ScopedAStatus fail(int32_t exception, const std::string& message) override {
    return ScopedAStatus::fromExceptionCodeWithMessage(exception, message.c_str());
  }
  ScopedAStatus failSpecifically(int32_t error, const std::string& message) override {
    return ScopedAStatus::fromServiceSpecificErrorWithMessage(error, message.c_str());
  }
  ScopedAStatus failToTransact(int32_t status) override { return ScopedAStatus::fromStatus(status); }

  ScopedAStatus callingUid(int32_t* result) override {
    return echo(static_cast<int32_t>(AIBinder_getCallingUid()), result);
  }
  ScopedAStatus callingPid(int32_t* result) override { return echo(AIBinder_getCallingPid(), result); }
  ScopedAStatus isServing(bool* result) override { return echo(AIBinder_isHandlingTransaction(), result); }

  ScopedAStatus makeOrphan(SpAIBinder* result) override;
  ScopedAStatus countOrphans(int32_t* result) override { return echo(orphans_.load(), result); }
  ScopedAStatus die() override;

  binder_status_t dump(int fd, const char** args, uint32_t count) override;
  binder_status_t handleShellCommand(int in, int out, int err, const char** argv, uint32_t argc) override;

 private:
  static std::atomic<int32_t> orphans_;
  int32_t told_ = 0;  // oneway calls to one object come one after the other
};

class LoggedService final : public aidl::cuse::test::BnLogged {
 public:
  ScopedAStatus join(const std::vector<std::string>& parts, int32_t count, std::vector<int32_t>* lengths,
                     std::string* result) override;
};

}  // namespace cuse_binder::test
