// Random values and digests of every type that generated C++ code has in its methods and fields.
//
//   Value<T>::make(random, nullable)  a T; null only if it may be
//   Value<T>::add(digest, value)      its content: of a binder, who it is; of a file, what is in it
//
// Floating point numbers count by their bits, so that a NaN is itself.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "test/aidl/random.h"

namespace cuse_binder::test::aidl_corpus {

template <typename T>
struct Value;
// Specialized by generated code (make_echo.py): each(value, visit) calls visit(field, nullable) for every
// field.
template <typename T>
struct Fields;
// Likewise: kTags, visit(value, visit), make(value, tag, make).
template <typename T>
struct Union;

template <typename T>
concept Number = std::is_arithmetic_v<T> || std::is_enum_v<T>;
template <typename T>
concept HasFields = requires(T& it) {
  Fields<T>::each(it, [](auto&, bool) {});
};
template <typename T>
concept IsUnion = requires {
  Union<T>::kTags;
};

template <typename T>
T make(Random& random, bool nullable) {
  return Value<T>::make(random, nullable);
}
template <typename T>
void add(Digest& digest, const T& value) {
  Value<T>::add(digest, value);
}

template <Number T>
struct Value<T> {
  static T make(Random& random, bool) {
    if constexpr (std::is_same_v<T, bool>) {
      return random.one_in(2);
    } else if constexpr (std::is_enum_v<T>) {
      return static_cast<T>(Value<std::underlying_type_t<T>>::make(random, false));
    } else {
      using Limits = std::numeric_limits<T>;
      if constexpr (std::is_floating_point_v<T>) {
        constexpr T edges[] = {T(0),
                               -T(0),
                               Limits::infinity(),
                               -Limits::infinity(),
                               Limits::quiet_NaN(),
                               Limits::denorm_min(),
                               Limits::max(),
                               Limits::lowest()};
        if (random.one_in(3)) return edges[random.below(std::size(edges))];
      } else {
        constexpr T edges[] = {T(0), T(1), static_cast<T>(-1), Limits::min(), Limits::max()};
        if (random.one_in(3)) return edges[random.below(std::size(edges))];
      }
      const std::uint64_t bits = random.next();
      T value;
      std::memcpy(&value, &bits, sizeof value);
      return value;
    }
  }
  static void add(Digest& digest, T value) { digest.add(&value, sizeof value); }
};

template <>
struct Value<std::string> {
  // UTF-8 of all lengths; U+0000 too.
  static std::string make(Random& random, bool) {
    std::string text;
    const std::size_t length = random.length(2);
    for (std::size_t i = 0; i < length; ++i) append(text, character(random));
    return text;
  }
  static void add(Digest& digest, const std::string& value) {
    digest.add_number(value.size());
    digest.add(value.data(), value.size());
  }

 private:
  static char32_t character(Random& random) {
    switch (random.below(5)) {
      case 0:
        return static_cast<char32_t>(random.below(0x80));
      case 1:
        return static_cast<char32_t>(0x80 + random.below(0x780));
      case 2:
        return static_cast<char32_t>(0x800 + random.below(0xd000));
      case 3:
        return static_cast<char32_t>(0xe000 + random.below(0x2000));
      default:
        return static_cast<char32_t>(0x10000 + random.below(0x100000));
    }
  }
  static void append(std::string& text, char32_t c) {
    const auto tail = [&](int shift) { text += static_cast<char>(0x80 | ((c >> shift) & 0x3f)); };
    if (c < 0x80) {
      text += static_cast<char>(c);
    } else if (c < 0x800) {
      text += static_cast<char>(0xc0 | (c >> 6));
      tail(0);
    } else if (c < 0x10000) {
      text += static_cast<char>(0xe0 | (c >> 12));
      tail(6);
      tail(0);
    } else {
      text += static_cast<char>(0xf0 | (c >> 18));
      tail(12);
      tail(6);
      tail(0);
    }
  }
};

// std::optional and std::unique_ptr: what @nullable is for the newer and for the older compiler.
template <typename Nullable>
struct NullableValue {
  using T = std::remove_cvref_t<decltype(*std::declval<Nullable&>())>;

  static Nullable make(Random& random, bool) {
    if (random.depth() > 3 || random.one_in(4)) return {};
    return hold(Value<T>::make(random, true));
  }
  static void add(Digest& digest, const Nullable& value) {
    digest.add_number(value ? 1 : 0);
    if (value) Value<T>::add(digest, *value);
  }

 private:
  static Nullable hold(T value) {
    if constexpr (std::is_same_v<Nullable, std::unique_ptr<T>>) {
      return std::make_unique<T>(std::move(value));
    } else {
      return Nullable(std::move(value));
    }
  }
};
template <typename T>
struct Value<std::optional<T>> : NullableValue<std::optional<T>> {};
template <typename T>
struct Value<std::unique_ptr<T>> : NullableValue<std::unique_ptr<T>> {};

template <typename T>
struct Value<std::vector<T>> {
  static std::vector<T> make(Random& random, bool nullable) {
    // Only plain numbers in large amounts: what goes with them has to fit into one transaction as well.
    std::size_t length = std::is_arithmetic_v<T> ? random.length(sizeof(T) * 2) : random.length(65536);
    if (!std::is_arithmetic_v<T>) length = std::min<std::size_t>(length, random.below(8));
    const Random::Deeper deeper(random);
    std::vector<T> values;
    values.reserve(length);
    for (std::size_t i = 0; i < length; ++i) values.push_back(Value<T>::make(random, nullable));
    return values;
  }
  static void add(Digest& digest, const std::vector<T>& values) {
    digest.add_number(values.size());
    for (const auto& value : values) Value<T>::add(digest, value);
  }
};

template <typename T, std::size_t N>
struct Value<std::array<T, N>> {
  static std::array<T, N> make(Random& random, bool nullable) {
    const Random::Deeper deeper(random);
    std::array<T, N> values{};
    for (T& value : values) value = Value<T>::make(random, nullable);
    return values;
  }
  static void add(Digest& digest, const std::array<T, N>& values) {
    for (const T& value : values) Value<T>::add(digest, value);
  }
};

template <HasFields T>
struct Value<T> {
  static T make(Random& random, bool) {
    const Random::Deeper deeper(random);
    T value;
    Fields<T>::each(value, [&](auto& field, bool nullable) {
      field = Value<std::remove_cvref_t<decltype(field)>>::make(random, nullable);
    });
    return value;
  }
  static void add(Digest& digest, const T& value) {
    Fields<T>::each(value, [&](const auto& field, bool) {
      Value<std::remove_cvref_t<decltype(field)>>::add(digest, field);
    });
  }
};
template <IsUnion T>
struct Value<T> {
  static T make(Random& random, bool) {
    const Random::Deeper deeper(random);
    T value;
    Union<T>::make(value, random.below(Union<T>::kTags), [&](auto type, bool nullable) {
      return Value<typename decltype(type)::type>::make(random, nullable);
    });
    return value;
  }
  static void add(Digest& digest, const T& value) {
    digest.add_number(static_cast<std::uint64_t>(value.getTag()));
    Union<T>::visit(value, [&](const auto& field, bool) {
      Value<std::remove_cvref_t<decltype(field)>>::add(digest, field);
    });
  }
};

// Files: their content. Made and read by whoever has a descriptor.
int make_file(Random& random);
void add_file(Digest& digest, int fd);

}  // namespace cuse_binder::test::aidl_corpus
