#include <asm/unistd.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

#include <cerrno>

#include "cuse_binder/client/thread_registers.h"

namespace cuse_binder::client {
namespace {

constexpr std::uint64_t kInstructionSize = 2;  // `syscall`, `sysenter` and `int $0x80` alike
constexpr long kSyscall = 0x050f;              // as read from memory
constexpr std::uint64_t kUserCode64 = 0x33;    // code segment of 64-bit programs
constexpr std::uint64_t kRedZone = 128;        // below the stack pointer, used by leaf functions
// No system call is being restarted: the kernel must not adjust the registers before it lets the thread go.
constexpr auto kNoCall = static_cast<unsigned long long>(-1);

int set(pid_t tid, user_regs_struct registers) {
  return ptrace(PTRACE_SETREGS, tid, nullptr, &registers) == 0 ? 0 : errno;
}

}  // namespace

bool ThreadRegisters::supported() {
  return true;
}

int ThreadRegisters::capture(pid_t tid) {
  repeatable_ = false;
  if (ptrace(PTRACE_GETREGS, tid, nullptr, &saved_) != 0) return errno;
  const auto call = static_cast<long>(saved_.orig_rax);
  if (call < 0) return EINVAL;
  const bool foreign = saved_.cs != kUserCode64 || (call & __X32_SYSCALL_BIT) != 0;
  if (!foreign && call != SYS_ioctl) return EINVAL;
  repeatable_ = true;
  if (foreign) return ENOSYS;
  errno = 0;
  const long code = ptrace(PTRACE_PEEKTEXT, tid, saved_.rip - kInstructionSize, nullptr);
  if (errno != 0) return errno == ESRCH ? ESRCH : ENOSYS;
  return (code & 0xffff) == kSyscall ? 0 : ENOSYS;
}

int ThreadRegisters::enter_call(pid_t tid, long number, const std::array<std::uint64_t, 6>& arguments) const {
  user_regs_struct registers = saved_;
  registers.rip -= kInstructionSize;
  registers.rax = static_cast<unsigned long long>(number);
  registers.orig_rax = kNoCall;
  registers.rdi = arguments[0];
  registers.rsi = arguments[1];
  registers.rdx = arguments[2];
  registers.r10 = arguments[3];
  registers.r8 = arguments[4];
  registers.r9 = arguments[5];
  return set(tid, registers);
}

int ThreadRegisters::call_result(pid_t tid, long& result) const {
  user_regs_struct registers;
  if (ptrace(PTRACE_GETREGS, tid, nullptr, &registers) != 0) return errno;
  result = static_cast<long>(registers.rax);
  return 0;
}

int ThreadRegisters::repeat_original(pid_t tid) const {
  user_regs_struct registers = saved_;
  if (repeatable_) {
    registers.rip -= kInstructionSize;
    registers.rax = saved_.orig_rax;
    registers.orig_rax = kNoCall;
  }
  return set(tid, registers);
}

std::uint64_t ThreadRegisters::unused_stack() const {
  return saved_.rsp - kRedZone;
}

}  // namespace cuse_binder::client
