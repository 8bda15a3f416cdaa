// android::sp of libutils. Debian 12 has the one of Android 10, which lacks three static members that later
// ones have; code for Android 12 and later uses them, and so does the code of newer aidl compilers:
//
//   sp<T>::make(...)             a new T
//   sp<T>::fromExisting(object)  another reference
//   sp<T>::cast(other)           another reference, by static_cast
#pragma once
#pragma GCC system_header

#include <cstdint>
#include <functional>
#include <type_traits>
#include <utility>

#if __has_include(<utils/ErrorsMacros.h>)  // Android 11 and later: nothing is missing
#include_next <utils/StrongPointer.h>
#else
// A class gets members only where it is defined, and the definition is to stay libutils' own. The word below
// stands there once, behind `inline` and in front of operator bool. No standard header is read while it is a
// macro: all that this one needs were above.
#define explicit                                             \
  static sp fromExisting(T* other) {                         \
    return sp(other);                                        \
  }                                                          \
  template <typename... Arguments>                           \
  static inline sp make(Arguments&&... arguments) {          \
    return sp(new T(std::forward<Arguments>(arguments)...)); \
  }                                                          \
  template <typename Other>                                  \
  static inline sp cast(const sp<Other>& other) {            \
    return sp(static_cast<T*>(other.get()));                 \
  }                                                          \
  inline explicit
#include_next <utils/StrongPointer.h>
#undef explicit
#endif
