#pragma once

#include <cerrno>
#include <string>
#include <system_error>

namespace cuse_binder::bench {

[[noreturn]] inline void throw_errno(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace cuse_binder::bench
