// For processors that nobody has written this part for: borrowing a thread always fails, cleanly, and before
// the thread was touched.
#include <cerrno>

#include "cuse_binder/client/thread_registers.h"

namespace cuse_binder::client {

bool ThreadRegisters::supported() {
  return false;
}
int ThreadRegisters::capture(pid_t) {
  return ENOSYS;
}
int ThreadRegisters::enter_call(pid_t, long, const std::array<std::uint64_t, 6>&) const {
  return ENOSYS;
}
int ThreadRegisters::call_result(pid_t, long&) const {
  return ENOSYS;
}
int ThreadRegisters::repeat_original(pid_t) const {
  return ENOSYS;
}
std::uint64_t ThreadRegisters::unused_stack() const {
  return 0;
}

}  // namespace cuse_binder::client
