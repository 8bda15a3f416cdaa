// CB_CHECK: the daemon itself is broken; abort with a message. Never used for anything a client can cause.
#pragma once

namespace cuse_binder::base {
[[noreturn]] void check_failed(const char* condition, const char* file, int line) noexcept;
}

#define CB_CHECK(condition) \
  (static_cast<bool>(condition) ? void() : ::cuse_binder::base::check_failed(#condition, __FILE__, __LINE__))
#ifdef NDEBUG
#define CB_DCHECK(condition) static_cast<void>(sizeof(condition))
#else
#define CB_DCHECK(condition) CB_CHECK(condition)
#endif
