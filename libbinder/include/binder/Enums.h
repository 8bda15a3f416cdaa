// android::enum_range: all enumerators of an enum that AIDL generated, for loops.
#pragma once

#include <iterator>
#include <type_traits>

namespace android {

namespace internal {

// Never defined: what enum_values is for an enum that AIDL did not generate.
template <typename T>
struct no_such_enum;

// Generated code specializes it with an array of all enumerators.
template <typename EnumType, typename = std::enable_if_t<std::is_enum<EnumType>::value>>
constexpr no_such_enum<EnumType> enum_values;

}  // namespace internal

// Older generated code specializes this one.
namespace details {
using internal::enum_values;
}

template <typename EnumType, typename = std::enable_if_t<std::is_enum<EnumType>::value>>
struct enum_range {
  constexpr auto begin() const { return std::begin(internal::enum_values<EnumType>); }
  constexpr auto end() const { return std::end(internal::enum_values<EnumType>); }
};

}  // namespace android
