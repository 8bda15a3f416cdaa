// What the toString() of a generated parcelable calls for each of its fields.
//
// Both backends of aidl include it (cpp and ndk), so it knows the types of both by name only: what is
// declared here is enough, and neither backend's headers are needed for the other's types.
//
// Upstream: frameworks/native/libs/binder/ndk/include_cpp/android/binder_to_string.h.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>

namespace ndk {
class AParcelableHolder;
class ICInterface;
class ScopedFileDescriptor;
class SpAIBinder;
}  // namespace ndk

namespace android {

class IBinder;
class IInterface;
class String16;
template <typename T>
class sp;
namespace os {
class ParcelFileDescriptor;
class ParcelableHolder;
}  // namespace os

namespace internal {

// The value for people: numbers in decimal, strings as UTF-8, containers as "[a, b]", null as "(null)",
// whatever has a toString() by that. For debugging: the text has no grammar.
template <typename T>
std::string ToString(const T& t);

namespace details {

template <typename T, typename = void>
struct HasToStringMethod : std::false_type {};
template <typename T>
struct HasToStringMethod<T, std::void_t<decltype(std::declval<const T&>().toString())>> : std::true_type {};

// A function that is found by way of the type's namespace: generated for enums.
template <typename T, typename = void>
struct HasToStringFunction : std::false_type {};
template <typename T>
struct HasToStringFunction<T, std::void_t<decltype(toString(std::declval<const T&>()))>> : std::true_type {};

template <typename T, typename = void>
struct IsIterable : std::false_type {};
template <typename T>
struct IsIterable<T, std::void_t<decltype(std::declval<const T&>().begin()),
                                 decltype(std::declval<const T&>().end()), typename T::value_type>>
    : std::true_type {};

template <typename T, template <typename...> typename Template>
struct IsInstantiationOf : std::false_type {};
template <template <typename...> typename Template, typename... Args>
struct IsInstantiationOf<Template<Args...>, Template> : std::true_type {};

template <typename T>
inline constexpr bool kIsPointerLike =
    std::is_pointer_v<T> || IsInstantiationOf<T, sp>::value || IsInstantiationOf<T, std::optional>::value ||
    IsInstantiationOf<T, std::shared_ptr>::value || IsInstantiationOf<T, std::unique_ptr>::value;

// is_base_of wants the derived class to be complete and does not care about the base.
template <typename Base, typename T>
constexpr bool IsA() {
  if constexpr (std::is_class_v<T>) {
    return std::is_base_of_v<Base, T>;
  } else {
    return false;
  }
}

// Has no text: another process's object, or something opaque.
template <typename T>
constexpr bool IsOpaque() {
  return IsA<::ndk::ICInterface, T>() || IsA<IInterface, T>() || IsA<IBinder, T>() ||
         std::is_same_v<T, ::ndk::AParcelableHolder> || std::is_same_v<T, os::ParcelFileDescriptor> ||
         std::is_same_v<T, os::ParcelableHolder>;
}

// UTF-16 as UTF-8; half a surrogate pair becomes U+FFFD.
inline std::string ToUtf8(const char16_t* text, std::size_t length) {
  std::string result;
  result.reserve(length);
  for (std::size_t i = 0; i < length; ++i) {
    char32_t point = text[i];
    if (point >= 0xd800 && point <= 0xdfff) {
      const bool pair = point < 0xdc00 && i + 1 < length && text[i + 1] >= 0xdc00 && text[i + 1] <= 0xdfff;
      point = pair ? 0x10000 + ((point - 0xd800) << 10) + (char32_t{text[++i]} - 0xdc00) : 0xfffd;
    }
    if (point < 0x80) {
      result += static_cast<char>(point);
      continue;
    }
    const int continuation = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    static constexpr unsigned kLead[] = {0, 0xc0, 0xe0, 0xf0};
    result += static_cast<char>(kLead[continuation] | (point >> (6 * continuation)));
    for (int shift = 6 * (continuation - 1); shift >= 0; shift -= 6) {
      result += static_cast<char>(0x80 | ((point >> shift) & 0x3f));
    }
  }
  return result;
}

}  // namespace details

template <typename T>
std::string ToString(const T& t) {
  if constexpr (details::IsOpaque<T>()) {
    return "<unimplemented>";
  } else if constexpr (std::is_same_v<T, bool>) {
    return t ? "true" : "false";
  } else if constexpr (std::is_same_v<T, char16_t>) {
    return details::ToUtf8(&t, 1);
  } else if constexpr (std::is_arithmetic_v<T>) {
    return std::to_string(t);
  } else if constexpr (std::is_same_v<T, std::string>) {
    return t;
  } else if constexpr (std::is_same_v<T, String16>) {
    return details::ToUtf8(static_cast<const char16_t*>(t), t.size());
  } else if constexpr (std::is_same_v<T, ::ndk::SpAIBinder>) {
    if (t.get() == nullptr) return "(null)";
    std::ostringstream out;
    out << "binder:" << static_cast<const void*>(t.get());
    return out.str();
  } else if constexpr (std::is_same_v<T, ::ndk::ScopedFileDescriptor>) {
    return t.get() == -1 ? "(null)" : "fd:" + std::to_string(t.get());
  } else if constexpr (details::kIsPointerLike<T>) {
    if (!t) return "(null)";
    using Pointee = std::remove_cv_t<std::remove_reference_t<decltype(*t)>>;
    return ToString<Pointee>(*t);
  } else if constexpr (details::HasToStringMethod<T>::value) {
    return t.toString();
  } else if constexpr (details::HasToStringFunction<T>::value) {
    return toString(t);
  } else if constexpr (details::IsIterable<T>::value) {
    std::string result = "[";
    for (const auto& element : t) {
      if (result.size() > 1) result += ", ";
      // vector<bool> hands out something else than its elements.
      result += ToString<typename T::value_type>(element);
    }
    return result + "]";
  } else {
    return "{no toString() implemented}";
  }
}

}  // namespace internal
}  // namespace android
