#include "cuse_binder/base/guarded.h"

namespace cuse_binder::base {
namespace {
thread_local bool lock_held = false;
}

bool holds_lock() noexcept { return lock_held; }
void set_holds_lock(bool held) noexcept { lock_held = held; }

}  // namespace cuse_binder::base
