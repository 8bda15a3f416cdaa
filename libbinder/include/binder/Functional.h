// Small helpers for callables.
#pragma once

#include <functional>
#include <memory>
#include <utility>

namespace android::binder::impl {

// std::function does not allocate for a callable of this size.
template <typename F>
constexpr void assert_small_callable() {
  static_assert(sizeof(F) <= 3 * sizeof(void*),
                "does not fit into std::function without an allocation; capture by std::ref");
}

// Runs `f` at the end of the scope, unless release()d.
template <typename F>
auto make_scope_guard(F&& f) {
  assert_small_callable<std::decay_t<F>>();
  using Guard = std::unique_ptr<void, std::function<void(void*)>>;
  static char something;
  return Guard(&something, [function = std::forward<F>(f)](void*) mutable { function(); });
}

// A std::function that never allocates.
template <typename T>
class SmallFunction : public std::function<T> {
 public:
  SmallFunction() = default;
  template <typename F>
  SmallFunction(F&& f) : std::function<T>(std::forward<F>(f)) {
    assert_small_callable<std::decay_t<F>>();
  }
};

}  // namespace android::binder::impl
