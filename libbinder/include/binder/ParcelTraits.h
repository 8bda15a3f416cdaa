// What Parcel asks about types to decide how they look on the wire. For Parcel.h only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace android {

class String16;

namespace internal {

template <typename T, template <typename...> class Template>
struct is_specialization : std::false_type {};
template <template <typename...> class Template, typename... Args>
struct is_specialization<Template<Args...>, Template> : std::true_type {};
template <typename T, template <typename...> class Template>
inline constexpr bool is_specialization_v = is_specialization<T, Template>::value;

template <typename T>
struct first_argument;
template <template <typename...> class Template, typename T, typename... Args>
struct first_argument<Template<T, Args...>> {
  using type = T;
};
template <typename T>
using first_argument_t = typename first_argument<T>::type;

template <typename T>
struct is_fixed_array : std::false_type {};
template <typename T, size_t N>
struct is_fixed_array<std::array<T, N>> : std::true_type {};
template <typename T>
inline constexpr bool is_fixed_array_v = is_fixed_array<T>::value;

// What can be there or not.
template <typename T>
inline constexpr bool is_nullable_v =
    is_specialization_v<T, std::optional> || is_specialization_v<T, std::unique_ptr> ||
    is_specialization_v<T, std::shared_ptr>;

// Arrays of them look in memory as on the wire.
template <typename T>
inline constexpr bool is_packed_v = std::is_same_v<T, int8_t> || std::is_same_v<T, uint8_t> ||
                                    std::is_same_v<T, int32_t> || std::is_same_v<T, uint32_t> ||
                                    std::is_same_v<T, int64_t> || std::is_same_v<T, uint64_t> ||
                                    std::is_same_v<T, float> || std::is_same_v<T, double> ||
                                    (std::is_enum_v<T> &&
                                     (sizeof(T) == 1 || sizeof(T) == 4 || sizeof(T) == 8));

// Arrays of them are arrays of 4 byte words on the wire.
template <typename T>
inline constexpr bool is_widened_v = std::is_same_v<T, bool> || std::is_same_v<T, char16_t>;

// Null is length -1; for others (parcelables) it is the word 0.
template <typename T>
inline constexpr bool has_length_v = is_specialization_v<T, std::vector> || is_fixed_array_v<T> ||
                                     std::is_same_v<T, String16> || std::is_same_v<T, std::string>;

}  // namespace internal
}  // namespace android
