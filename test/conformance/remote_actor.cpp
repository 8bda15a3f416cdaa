// The process side of a device actor: executes the runner's system calls on real threads.
//
// Runs in a child made by fork(); errors of the harness itself end the process with a message.
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "cuse_binder/device/binder_device.h"
#include "test/conformance/remote_protocol.h"

namespace cuse_binder::conformance {
namespace {

// The harness's sockets live above the numbers that cases look at.
constexpr int kFirstHarnessFd = 400;

std::vector<int> harness_fds;  // of the control thread only
std::string device_path;
thread_local sigjmp_buf fault_return;
thread_local volatile sig_atomic_t expecting_fault = 0;

void on_fault(int signal, siginfo_t*, void*) {
  if (expecting_fault) siglongjmp(fault_return, signal);
  ::signal(signal, SIG_DFL);
  raise(signal);
}

void on_user_signal(int) {}

[[noreturn]] void give_up(const char* what) {
  std::fprintf(stderr, "actor %d: %s: %s\n", getpid(), what, std::strerror(errno));
  _exit(70);
}

int move_up(int fd) {
  const int moved = fcntl(fd, F_DUPFD_CLOEXEC, kFirstHarnessFd);
  if (moved < 0) give_up("F_DUPFD");
  close(fd);
  return moved;
}

Outcome from_result(long value) {
  return value < 0 ? Outcome{-1, errno} : Outcome{value, 0};
}

Outcome peek(std::uint64_t from, std::uint64_t to, std::uint64_t size) {
  if (sigsetjmp(fault_return, 1) != 0) {
    expecting_fault = 0;
    return {-1, EFAULT};
  }
  expecting_fault = 1;
  const auto* source = reinterpret_cast<const volatile char*>(from);
  auto* target = reinterpret_cast<volatile char*>(to);
  for (std::uint64_t i = 0; i < size; ++i) target[i] = source[i];
  expecting_fault = 0;
  return {0, 0};
}

Outcome execute(const Call& call) {
  const auto& a = call.args;
  const auto fd = static_cast<int>(a[0]);
  switch (call.sys) {
    case Sys::open_device:
      return from_result(open(device_path.c_str(), static_cast<int>(a[0])));
    case Sys::close:
      return from_result(close(fd));
    case Sys::ioctl:
      return from_result(syscall(SYS_ioctl, fd, a[1], a[2]));
    case Sys::mmap: {
      // mmap, and where the device has none, what stands for it.
      void* address = binder_device_map(nullptr, a[1], static_cast<int>(a[2]), static_cast<int>(a[3]), fd,
                                        static_cast<off_t>(a[4]));
      return address == MAP_FAILED
                 ? Outcome{-1, errno}
                 : Outcome{static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(address)), 0};
    }
    case Sys::munmap:
      return from_result(munmap(reinterpret_cast<void*>(a[0]), a[1]));
    case Sys::mprotect:
      return from_result(mprotect(reinterpret_cast<void*>(a[0]), a[1], static_cast<int>(a[2])));
    case Sys::poll: {
      pollfd entry{fd, static_cast<short>(a[1]), 0};
      const int ready = ::poll(&entry, 1, static_cast<int>(a[2]));
      return ready < 0 ? Outcome{-1, errno} : Outcome{static_cast<std::uint16_t>(entry.revents), 0};
    }
    case Sys::read:
      return from_result(read(fd, reinterpret_cast<void*>(a[1]), a[2]));
    case Sys::write:
      return from_result(write(fd, reinterpret_cast<const void*>(a[1]), a[2]));
    case Sys::lseek:
      return from_result(lseek(fd, static_cast<off_t>(a[1]), static_cast<int>(a[2])));
    case Sys::dup:
      return from_result(dup(fd));
    case Sys::pipe:
      return from_result(pipe2(reinterpret_cast<int*>(a[0]), O_CLOEXEC | O_NONBLOCK));
    case Sys::open_path:
      return from_result(open("/", O_PATH | O_CLOEXEC));
    case Sys::fcntl:
      return from_result(fcntl(fd, static_cast<int>(a[1]), a[2]));
    case Sys::set_fd_limit: {
      rlimit limit{};
      if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return from_result(-1);
      const auto previous = static_cast<long>(limit.rlim_cur);
      limit.rlim_cur = std::min<rlim_t>(a[0], limit.rlim_max);
      if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return from_result(-1);
      return {previous, 0};
    }
    case Sys::set_euid:
      // The bare system call: glibc's wrapper would change all threads.
      return from_result(syscall(SYS_setresuid, -1, static_cast<uid_t>(a[0]), -1));
    case Sys::peek:
      return peek(a[0], a[1], a[2]);
    case Sys::same_file: {
      const long order = syscall(SYS_kcmp, getpid(), getpid(), 0 /* KCMP_FILE */, a[0], a[1]);
      return order < 0 ? from_result(-1) : Outcome{order == 0, 0};
    }
    case Sys::exit_thread:
      syscall(SYS_exit, 0);
  }
  return {-1, ENOSYS};
}

void answer(int socket, const Outcome& outcome) {
  const RemoteAnswer message{outcome.value, outcome.error};
  if (send(socket, &message, sizeof message, MSG_NOSIGNAL) != sizeof message) _exit(0);  // the runner is gone
}

void serve_thread(int socket) {
  answer(socket, {static_cast<std::int64_t>(syscall(SYS_gettid)), 0});
  for (;;) {
    Call call;
    const ssize_t got = recv(socket, &call, sizeof call, 0);
    if (got < 0 && errno == EINTR) continue;  // a signal that came between two calls
    if (got != sizeof call) _exit(0);
    answer(socket, execute(call));
  }
}

void* thread_main(void* socket) {
  serve_thread(static_cast<int>(reinterpret_cast<std::intptr_t>(socket)));
  return nullptr;
}

void start_thread(int socket) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, 256 << 10);
  pthread_t thread;
  errno = pthread_create(&thread, &attributes, thread_main,
                         reinterpret_cast<void*>(static_cast<std::intptr_t>(socket)));
  if (errno != 0) give_up("pthread_create");
  pthread_attr_destroy(&attributes);
}

[[noreturn]] void serve_control(int control);

void fork_process(int control, int new_control, int new_main) {
  const pid_t child = fork();
  if (child < 0) give_up("fork");
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(control);
    for (const int fd : harness_fds) close(fd);
    harness_fds.assign({new_main});
    // fork() leaves the calling thread alone; it becomes thread 0, and a new one listens to the control
    // socket.
    pthread_t thread;
    static int inherited_control;
    inherited_control = new_control;
    errno = pthread_create(
        &thread, nullptr, [](void*) -> void* { serve_control(inherited_control); }, nullptr);
    if (errno != 0) give_up("pthread_create");
    serve_thread(new_main);
    _exit(0);
  }
  close(new_control);
  close(new_main);
  answer(control, {child, 0});
}

void serve_control(int control) {
  for (;;) {
    ControlRequest request;
    iovec piece{&request, sizeof request};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(2 * sizeof(int))> ancillary{};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = ancillary.data();
    message.msg_controllen = ancillary.size();
    const ssize_t got = recvmsg(control, &message, MSG_CMSG_CLOEXEC);
    if (got < 0 && errno == EINTR) continue;
    if (got != sizeof request) _exit(0);
    int fds[2] = {-1, -1};
    if (const cmsghdr* header = CMSG_FIRSTHDR(&message)) {
      std::memcpy(fds, CMSG_DATA(header), header->cmsg_len - CMSG_LEN(0));
    }
    if (request.what == Control::start_thread) {
      const int socket = move_up(fds[0]);
      harness_fds.push_back(socket);
      start_thread(socket);
    } else {
      const int new_control = move_up(fds[0]);
      const int new_main = move_up(fds[1]);
      fork_process(control, new_control, new_main);
    }
  }
}

}  // namespace

void run_actor(int control, int main_thread, const char* device) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  device_path = device;
  control = move_up(control);
  main_thread = move_up(main_thread);
  harness_fds.assign({main_thread});
  signal(SIGPIPE, SIG_IGN);
  signal(SIGCHLD, SIG_IGN);  // children are reaped by the kernel
  struct sigaction action {};
  action.sa_handler = on_user_signal;
  action.sa_flags = SA_RESTART;
  sigaction(SIGUSR1, &action, nullptr);
  struct sigaction fault {};
  fault.sa_sigaction = on_fault;
  fault.sa_flags = SA_SIGINFO;
  for (const int signal : {SIGSEGV, SIGBUS}) sigaction(signal, &fault, nullptr);
  static int control_socket;
  control_socket = control;
  pthread_t thread;
  errno = pthread_create(
      &thread, nullptr, [](void*) -> void* { serve_control(control_socket); }, nullptr);
  if (errno != 0) give_up("pthread_create");
  serve_thread(main_thread);
  _exit(0);
}

}  // namespace cuse_binder::conformance
