// A value or an errno. (std::expected is C++23.)
#pragma once

#include <utility>
#include <variant>

#include "cuse_binder/base/check.h"

namespace cuse_binder::base {

struct Errno {
  int value;  // positive, as in <cerrno>
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit by design
  Result(Errno error) : state_(std::in_place_index<1>, error) {}         // NOLINT: implicit by design

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  int error() const { return ok() ? 0 : std::get<1>(state_).value; }
  T& value() {
    CB_CHECK(ok());
    return std::get<0>(state_);
  }
  const T& value() const {
    CB_CHECK(ok());
    return std::get<0>(state_);
  }

 private:
  std::variant<T, Errno> state_;
};

}  // namespace cuse_binder::base
