// A service that answers any method, and a caller that checks any answer.
//
// The service makes a digest of everything that it received; the results, all of them, are random values of
// which that digest is the seed. So the caller knows what must come back from what it has sent, for any
// signature: a bit that changes on the way there, or on the way back, shows. What has no results leaves its
// digest in a queue.
#pragma once

#include <binder/Status.h>

#include <cinttypes>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <tuple>

#include "test/aidl/cpp_values.h"
#include "test/aidl/handmade.h"

namespace cuse_binder::test::aidl_corpus {

using android::binder::Status;

template <>
struct Fields<corpus::Handmade> {
  template <typename It, typename Visit>
  static void each(It& it, Visit visit) {
    visit(it.number, false);
    visit(it.text, false);
    visit(it.weights, false);
  }
};

enum class Way { kIn, kOut, kInOut, kReturn };
struct Part {
  Way way;
  bool nullable;
  bool sized;  // the length of an out array is sent to the service
};
template <Part... parts>
struct Parts {
  static constexpr std::array<Part, sizeof...(parts)> kAll{parts...};
  static constexpr bool kResults = ((parts.way != Way::kIn) || ...);
};

// The type of an argument of a method.
template <typename Method>
struct ArgumentsOf;
template <typename Interface, typename Result, typename... Arguments>
struct ArgumentsOf<Result (Interface::*)(Arguments...)> {
  using Types = std::tuple<Arguments...>;
};
template <auto method, std::size_t index>
using Argument = std::tuple_element_t<index, typename ArgumentsOf<decltype(method)>::Types>;

template <typename T>
std::size_t size_of(const std::vector<T>& values) {
  return values.size();
}
template <typename Nullable>
std::size_t size_of(const Nullable& values) {
  return values ? values->size() : static_cast<std::size_t>(-1);
}

// What a service gets of an argument.
template <Part part, typename T>
void add_sent(Digest& digest, const T& value) {
  if constexpr (part.way == Way::kIn || part.way == Way::kInOut) {
    aidl_corpus::add(digest, value);
  } else if constexpr (part.way == Way::kOut && part.sized && requires { size_of(value); }) {
    digest.add_number(size_of(value));
  }
}

template <typename T>
T& value_of(T* pointer) {
  return *pointer;
}
template <typename T>
const T& value_of(const T& value) {
  return value;
}

// Of calls without results, oldest first.
class Digests {
 public:
  void put(std::uint64_t digest) {
    const std::scoped_lock lock(mutex_);
    queue_.push_back(digest);
    changed_.notify_all();
  }
  std::uint64_t take() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, std::chrono::seconds(60), [&] { return !queue_.empty(); })) return 0;
    const std::uint64_t digest = queue_.front();
    queue_.pop_front();
    return digest;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::uint64_t> queue_;
};

template <Part... parts, typename... Arguments>
Status answer(Digests& digests, Parts<parts...>, const Arguments&... arguments) {
  Digest digest;
  (add_sent<parts>(digest, value_of(arguments)), ...);
  if constexpr (!Parts<parts...>::kResults) {
    digests.put(digest.value());
  } else {
    Random random(digest.value());
    const auto fill = [&]<Part part, typename T>(std::integral_constant<int, 0>,
                                                 [[maybe_unused]] const T& argument) {
      if constexpr (part.way != Way::kIn)
        *argument = aidl_corpus::make<std::remove_pointer_t<T>>(random, part.nullable);
    };
    (fill.template operator()<parts>(std::integral_constant<int, 0>{}, arguments), ...);
  }
  return Status::ok();
}

class Caller {
 public:
  // `next_digest` asks the service for what calls without results have left.
  Caller(std::uint64_t seed, int rounds, std::function<std::uint64_t()> next_digest)
      : seed_(seed), rounds_(rounds), next_digest_(std::move(next_digest)) {}

  template <typename Interface, typename... Arguments, Part... parts>
  void call(const char* name, Interface& object, Status (Interface::*method)(Arguments...),
            Parts<parts...> all) {
    if (name == skipped_) return;
    for (int round = 0; round < rounds_; ++round) {
      Digest seed;
      seed.add_number(seed_);
      seed.add_number(static_cast<std::uint64_t>(round));
      seed.add(name, std::char_traits<char>::length(name));
      const std::string error = once(Random(seed.value()), object, method, all);
      if (!error.empty()) {
        throw std::runtime_error(std::string(name) + ", seed " + std::to_string(seed_) + ", round " +
                                 std::to_string(round) + ": " + error);
      }
    }
    ++methods_;
  }
  int methods() const { return methods_; }
  void skip(std::string name) { skipped_ = std::move(name); }

 private:
  template <typename Argument>
  using Stored = std::remove_cvref_t<std::remove_pointer_t<std::remove_cvref_t<Argument>>>;

  // The newer compiler takes a FileDescriptor by value.
  template <typename Argument, typename T>
  static Argument passed(T& value) {
    if constexpr (std::is_pointer_v<Argument>) {
      return &value;
    } else if constexpr (std::is_reference_v<Argument>) {
      return value;
    } else {
      return std::move(value);
    }
  }

  template <typename Interface, typename... Arguments, Part... parts>
  std::string once([[maybe_unused]] Random random, Interface& object,
                   Status (Interface::*method)(Arguments...), Parts<parts...>) {
    // Results are random before the call too: nothing that was there may remain.
    std::tuple<Stored<Arguments>...> values{aidl_corpus::make<Stored<Arguments>>(random, parts.nullable)...};
    return std::apply(
        [&](auto&... each) {
          Digest sent;
          (add_sent<parts>(sent, each), ...);
          const Status status = (object.*method)(passed<Arguments>(each)...);
          if (!status.isOk()) return std::string("failed: ") + status.toString8().c_str();
          if constexpr (!Parts<parts...>::kResults) {
            return next_digest_() == sent.value() ? std::string() : "the service got something else";
          } else {
            Random expected(sent.value());
            std::string error;
            std::size_t index = 0;
            (compare<parts>(each, expected, index++, error), ...);
            return error;
          }
        },
        values);
  }

  template <Part part, typename T>
  static void compare([[maybe_unused]] const T& value, [[maybe_unused]] Random& random,
                      [[maybe_unused]] std::size_t index, [[maybe_unused]] std::string& error) {
    if constexpr (part.way != Way::kIn) {
      Digest wanted;
      Digest got;
      aidl_corpus::add(wanted, aidl_corpus::make<T>(random, part.nullable));
      aidl_corpus::add(got, value);
      if (wanted.value() != got.value()) error += "argument " + std::to_string(index) + " came back wrong; ";
    }
  }

  const std::uint64_t seed_;
  const int rounds_;
  const std::function<std::uint64_t()> next_digest_;
  std::string skipped_;
  int methods_ = 0;
};

}  // namespace cuse_binder::test::aidl_corpus
