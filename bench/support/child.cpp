#include "bench/support/child.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <utility>

#include "bench/support/error.h"

namespace cuse_binder::bench {
namespace {

// Not a measurement, only the end of patience: whoever has not answered by then hangs.
constexpr int kPatienceSeconds = 180;

[[noreturn]] void run(const std::string& name, const std::function<void(Channel&)>& body, int fd) {
  int status = EXIT_FAILURE;
  try {
    Channel channel(fd);
    body(channel);
    status = EXIT_SUCCESS;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "binder_bench: %s: %s\n", name.c_str(), error.what());
  }
  _exit(status);
}

}  // namespace

void Channel::say_ready() {
  const char ready = 1;
  if (send(fd_, &ready, sizeof ready, MSG_NOSIGNAL) != sizeof ready) throw_errno("send");
}

Order Channel::next_order() {
  Order order;
  ssize_t got;
  do {
    got = recv(fd_, &order, sizeof order, 0);
  } while (got < 0 && errno == EINTR);
  if (got == 0) _exit(EXIT_SUCCESS);  // the parent is gone
  if (got != sizeof order) throw_errno("recv");
  return order;
}

void Channel::answer(const Answer& answer) {
  if (send(fd_, &answer, sizeof answer, MSG_NOSIGNAL) != sizeof answer) throw_errno("send");
}

Child::Child(std::string name, const std::function<void(Channel&)>& body) : name_(std::move(name)) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) throw_errno("socketpair");
  fd_ = base::UniqueFd(ends[0]);
  const pid_t parent = getpid();
  std::fflush(nullptr);
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(EXIT_FAILURE);
    run(name_, body, ends[1]);
  }
  const int error = errno;
  close(ends[1]);
  if (pid_ < 0) {
    errno = error;
    throw_errno("fork");
  }
  try {
    char ready;
    receive(&ready, sizeof ready);
  } catch (...) {
    kill(pid_, SIGKILL);
    wait_for_end(pid_, 10);
    throw;
  }
}

Child::~Child() {
  kill(pid_, SIGKILL);
  if (!wait_for_end(pid_, 10))
    std::fprintf(stderr, "binder_bench: %s (pid %d) does not die\n", name_.c_str(), pid_);
}

void Child::order(const Order& order) {
  if (send(fd_.get(), &order, sizeof order, MSG_NOSIGNAL) != sizeof order) throw_errno(name_);
}

Answer Child::wait_answer() {
  Answer answer;
  receive(&answer, sizeof answer);
  return answer;
}

void Child::receive(void* to, std::size_t size) {
  pollfd readable{fd_.get(), POLLIN, 0};
  int ready;
  do {
    ready = poll(&readable, 1, kPatienceSeconds * 1000);
  } while (ready < 0 && errno == EINTR);
  if (ready == 0) throw std::runtime_error(name_ + " does not answer");
  if (recv(fd_.get(), to, size, 0) != static_cast<ssize_t>(size)) throw std::runtime_error(name_ + " failed");
}

bool wait_for_end(pid_t pid, int seconds) {
  const base::UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  pollfd ended{pidfd.get(), POLLIN, 0};
  if (pidfd.get() >= 0 && poll(&ended, 1, seconds * 1000) == 0) return false;
  while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  return true;
}

}  // namespace cuse_binder::bench
