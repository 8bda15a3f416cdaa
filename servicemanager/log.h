// Lines that a client can cause: at most some per second and place, so that nobody fills the log.
#pragma once

#include <spdlog/spdlog.h>

#include "cuse_binder/base/log.h"

#define SM_LOG_LIMITED(level, ...)                                                               \
  do {                                                                                           \
    static ::cuse_binder::base::LogLimit sm_limit;                                               \
    std::uint64_t sm_suppressed = 0;                                                             \
    if (::spdlog::should_log(level) && sm_limit.admit(sm_suppressed)) {                          \
      if (sm_suppressed > 0) ::spdlog::log(level, "({} similar lines left out)", sm_suppressed); \
      ::spdlog::log(level, __VA_ARGS__);                                                         \
    }                                                                                            \
  } while (false)
