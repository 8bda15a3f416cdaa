#include "cuse_binder/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace cuse_binder::base {

void check_failed(const char* condition, const char* file, int line) noexcept {
  std::fprintf(stderr, "binderd: %s:%d: internal check failed: %s\n", file, line, condition);
  std::abort();
}

}  // namespace cuse_binder::base
