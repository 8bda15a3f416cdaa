// Values to send: any of a type, the same for the same seed.
#pragma once

#include <cstring>
#include <optional>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

namespace cuse_binder::test {

class RandomValues {
 public:
  explicit RandomValues(unsigned seed) : random_(seed) {}

  template <typename T>
  T any() {
    if constexpr (std::is_same_v<T, std::string>) {
      static const char* const kPieces[] = {"a", "bc", " ", "ä", "€", "😀", "\n", "0"};
      std::string text;
      for (size_t i = random_() % 12; i > 0; --i) text += kPieces[random_() % 8];
      return text;
    } else if constexpr (std::is_same_v<T, bool>) {
      return random_() % 2 == 0;
    } else if constexpr (std::is_floating_point_v<T>) {
      return static_cast<T>(static_cast<int32_t>(random_())) / 128;
    } else {
      return static_cast<T>((uint64_t{random_()} << 32) | random_());
    }
  }
  template <typename T>
  std::optional<T> maybe() {
    return random_() % 4 == 0 ? std::nullopt : std::optional<T>(any<T>());
  }
  template <typename T>
  std::vector<T> some() {
    std::vector<T> values(random_() % 9);
    for (size_t i = 0; i < values.size(); ++i) values[i] = any<T>();
    return values;
  }
  template <typename T>
  std::optional<std::vector<T>> maybe_some() {
    return random_() % 4 == 0 ? std::nullopt : std::optional<std::vector<T>>(some<T>());
  }
  std::optional<std::vector<std::optional<std::string>>> maybe_strings() {
    if (random_() % 4 == 0) return std::nullopt;
    std::vector<std::optional<std::string>> strings(random_() % 9);
    for (auto& string : strings) string = maybe<std::string>();
    return strings;
  }

 private:
  std::mt19937 random_;
};

}  // namespace cuse_binder::test
