#include "test/stress/children.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <utility>

namespace cuse_binder::stress {
namespace {

// Whether the descriptor becomes readable in time.
bool readable(int fd, std::chrono::milliseconds patience) {
  pollfd waiting{fd, POLLIN, 0};
  return ::poll(&waiting, 1, static_cast<int>(patience.count())) == 1;
}

}  // namespace

void fail(const char* format, ...) {
  std::va_list arguments;
  va_start(arguments, format);
  std::fputs("stress: ", stderr);
  std::vfprintf(stderr, format, arguments);
  std::fputc('\n', stderr);
  va_end(arguments);
  std::exit(1);
}

Child::Child(const std::function<void()>& life) : pid_(::fork()) {
  if (pid_ < 0) fail("fork failed");
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    try {
      life();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "stress: child %d: %s\n", static_cast<int>(::getpid()), error.what());
    }
    std::_Exit(3);
  }
  pidfd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  if (!pidfd_) fail("pidfd_open failed");
}

Child::~Child() {
  if (pid_ > 0) kill();
}

Child::Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, -1)), pidfd_(std::move(other.pidfd_)) {}

Child& Child::operator=(Child&& other) noexcept {
  if (this != &other) {
    if (pid_ > 0) kill();
    pid_ = std::exchange(other.pid_, -1);
    pidfd_ = std::move(other.pidfd_);
  }
  return *this;
}

bool Child::ended() {
  return readable(pidfd_.get(), std::chrono::milliseconds(0));
}

void Child::kill() {
  const pid_t pid = std::exchange(pid_, -1);
  ::kill(pid, SIGKILL);
  if (!readable(pidfd_.get(), kPatience))
    fail("process %d was killed and does not end: it is stuck in the driver", pid);
  ::waitpid(pid, nullptr, 0);
}

Signal::Signal() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) fail("pipe2 failed");
  read_.reset(ends[0]);
  write_.reset(ends[1]);
}

char Signal::await() {
  write_.reset();
  char what = 0;
  if (!readable(read_.get(), kPatience) || ::read(read_.get(), &what, 1) != 1) fail("a child did not start");
  return what;
}

}  // namespace cuse_binder::stress
