// Actors as real processes before a device file: the runner's side.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "cuse_binder/base/unique_fd.h"
#include "test/conformance/patience.h"
#include "test/conformance/remote_protocol.h"
#include "test/conformance/traits.h"

namespace cuse_binder::conformance {
namespace {

using base::UniqueFd;

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error("device backend: " + what + ": " + std::strerror(errno));
}

std::pair<UniqueFd, UniqueFd> socket_pair() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) fail("socketpair");
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

void send_control(int socket, Control what, std::initializer_list<int> fds) {
  ControlRequest request{what};
  iovec piece{&request, sizeof request};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(2 * sizeof(int))> ancillary{};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = ancillary.data();
  message.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
  std::memcpy(CMSG_DATA(header), fds.begin(), fds.size() * sizeof(int));
  if (sendmsg(socket, &message, MSG_NOSIGNAL) != sizeof request) fail("sendmsg");
}

std::optional<Outcome> receive(int socket, std::chrono::milliseconds patience) {
  pollfd entry{socket, POLLIN, 0};
  const int ready = poll(&entry, 1, static_cast<int>(patience.count()));
  if (ready == 0) return std::nullopt;
  RemoteAnswer answer;
  const ssize_t got = recv(socket, &answer, sizeof answer, 0);
  if (got == 0) return Outcome{-1, ESRCH};  // the process is gone
  if (got != sizeof answer) fail("recv");
  return Outcome{answer.value, answer.error};
}

// Memory that the runner and one actor share, an unreadable page behind it.
class Arena {
 public:
  Arena() {
    const std::size_t whole = kArenaSize + 4096;
    void* place = mmap(nullptr, whole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (place == MAP_FAILED) fail("mmap");
    data_ = static_cast<std::byte*>(place);
    if (mmap(data_, kArenaSize, PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED) {
      fail("mmap");
    }
  }
  ~Arena() { munmap(data_, kArenaSize + 4096); }
  Arena(const Arena&) = delete;

  std::span<std::byte> bytes() const { return {data_, kArenaSize}; }

 private:
  std::byte* data_;
};

struct RemoteThread {
  UniqueFd socket;
  pid_t tid = 0;
  bool busy = false;
  std::optional<Outcome> outcome;  // of the last call
};

struct RemoteProcess {
  pid_t pid = 0;
  bool child_of_runner = false;
  bool dead = false;
  UniqueFd pidfd;
  UniqueFd control;
  std::shared_ptr<Arena> arena;
  std::map<int, RemoteThread> threads;
};

class DeviceBackend final : public Backend {
 public:
  DeviceBackend(std::string device, std::string logs)
      : device_(std::move(device)), logs_(std::move(logs)), in_kernel_(probe_driver(device_).starts_with("kernel")) {}

  ~DeviceBackend() override {
    for (std::size_t i = 0; i < processes_.size(); ++i) {
      if (!processes_[i].dead) kill(static_cast<int>(i));
    }
  }

  int spawn(const std::string&) override {
    RemoteProcess process;
    process.arena = std::make_shared<Arena>();
    auto [control, remote_control] = socket_pair();
    auto [main_thread, remote_main] = socket_pair();
    const pid_t pid = fork();
    if (pid < 0) fail("fork");
    if (pid == 0) {
      // Nothing of the other actors may be seen here: their sockets would keep them alive, their memory is
      // theirs.
      for (RemoteProcess& other : processes_) other.arena.reset();
      const int keep[2] = {remote_control.release(), remote_main.release()};
      close_all_but(keep);
      run_actor(keep[0], keep[1], device_.c_str());
    }
    process.pid = pid;
    process.child_of_runner = true;
    return adopt(std::move(process), std::move(control), std::move(main_thread));
  }

  int fork_child(int parent, const std::string&) override {
    RemoteProcess& origin = processes_.at(static_cast<std::size_t>(parent));
    RemoteProcess process;
    process.arena = origin.arena;
    auto [control, remote_control] = socket_pair();
    auto [main_thread, remote_main] = socket_pair();
    send_control(origin.control.get(), Control::fork, {remote_control.get(), remote_main.get()});
    const auto answer = receive(origin.control.get(), patience());
    if (!answer || answer->value < 0) throw std::runtime_error("device backend: the actor did not fork");
    process.pid = static_cast<pid_t>(answer->value);
    return adopt(std::move(process), std::move(control), std::move(main_thread));
  }

  void kill(int number) override {
    RemoteProcess& process = at(number);
    if (process.dead) return;
    process.dead = true;
    syscall(SYS_pidfd_send_signal, process.pidfd.get(), SIGKILL, nullptr, 0);
    pollfd gone{process.pidfd.get(), POLLIN, 0};
    if (poll(&gone, 1, static_cast<int>(patience().count())) != 1) {
      throw std::runtime_error("an actor that was killed does not die: pid " + std::to_string(process.pid));
    }
    if (process.child_of_runner) waitpid(process.pid, nullptr, 0);
  }

  pid_t pid(int process) override { return at(process).pid; }
  pid_t tid(ThreadRef ref) override { return thread(ref).tid; }
  std::span<std::byte> arena(int process) override { return at(process).arena->bytes(); }

  void start(ThreadRef ref, const Call& call) override {
    RemoteThread& caller = thread(ref);
    if (caller.busy) throw std::runtime_error("a thread was given a second call while it is in one");
    caller.outcome.reset();
    caller.busy = true;
    if (send(caller.socket.get(), &call, sizeof call, MSG_NOSIGNAL) != sizeof call) fail("send");
    if (call.sys == Sys::exit_thread) await_end(at(ref.process).pid, caller.tid);
  }

  std::optional<Outcome> outcome(ThreadRef ref, std::chrono::milliseconds patience) override {
    RemoteThread& caller = thread(ref);
    if (!caller.outcome && caller.busy) {
      caller.outcome = receive(caller.socket.get(), patience);
      if (caller.outcome) caller.busy = false;
    }
    return caller.outcome;
  }

  bool sleeps(ThreadRef ref) override {
    RemoteThread& caller = thread(ref);
    const std::string task =
        "/proc/" + std::to_string(at(ref.process).pid) + "/task/" + std::to_string(caller.tid);
    // "NR ARGS… SP PC" while it sleeps in a system call, "running" else.
    std::ifstream file(task + "/syscall");
    long number = -1;
    if (!(file >> number)) return false;
    if (number != SYS_ioctl && number != SYS_poll) return false;
    std::ifstream stat(task + "/stat");
    std::string line;
    std::getline(stat, line);
    const std::size_t name_end = line.rfind(") ");
    if (name_end == std::string::npos) return false;
    // A kernel's driver waits for work interruptibly; otherwise it waits for a lock. A FUSE request that was
    // interrupted waits for its answer as 'D'.
    return line[name_end + 2] == 'S' || (!in_kernel_ && line[name_end + 2] == 'D');
  }

  void signal(ThreadRef ref) override {
    if (syscall(SYS_tgkill, at(ref.process).pid, thread(ref).tid, SIGUSR1) != 0) fail("tgkill");
  }

  void stop_and_continue(int number) override {
    const pid_t pid = at(number).pid;
    if (::kill(pid, SIGSTOP) != 0) fail("kill");
    int status = 0;
    if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status)) fail("the actor did not stop");
    if (::kill(pid, SIGCONT) != 0) fail("kill");
  }

  std::string log(const std::string& file) override {
    std::ifstream in(logs_ + "/" + file);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }

  std::string leftovers() override {
    std::istringstream state(log("state"));
    std::string left;
    for (std::string line; std::getline(state, line);) {
      for (const RemoteProcess& process : processes_) {
        if (process.dead && line == "proc " + std::to_string(process.pid)) left += line + "; ";
      }
    }
    return left;
  }

  bool set_security_label(const std::string&) override { return false; }
  bool asynchronous() const override { return true; }

 private:
  RemoteProcess& at(int number) { return processes_.at(static_cast<std::size_t>(number)); }

  int adopt(RemoteProcess process, UniqueFd control, UniqueFd main_thread) {
    process.control = std::move(control);
    process.pidfd.reset(static_cast<int>(syscall(SYS_pidfd_open, process.pid, 0)));
    if (!process.pidfd) fail("pidfd_open");
    process.threads[0] = greet(std::move(main_thread));
    processes_.push_back(std::move(process));
    return static_cast<int>(processes_.size()) - 1;
  }

  RemoteThread greet(UniqueFd socket) {
    const auto greeting = receive(socket.get(), patience());
    if (!greeting || greeting->value <= 0)
      throw std::runtime_error("device backend: an actor's thread did not start");
    RemoteThread thread;
    thread.socket = std::move(socket);
    thread.tid = static_cast<pid_t>(greeting->value);
    return thread;
  }

  RemoteThread& thread(ThreadRef ref) {
    RemoteProcess& process = at(ref.process);
    const auto found = process.threads.find(ref.thread);
    if (found != process.threads.end()) return found->second;
    auto [socket, remote] = socket_pair();
    send_control(process.control.get(), Control::start_thread, {remote.get()});
    remote.reset();
    return process.threads[ref.thread] = greet(std::move(socket));
  }

  // A thread has no event of its end that another process could wait for on all kernels.
  static void await_end(pid_t pid, pid_t tid) {
    const std::string task = "/proc/" + std::to_string(pid) + "/task/" + std::to_string(tid);
    const auto deadline = std::chrono::steady_clock::now() + patience();
    while (access(task.c_str(), F_OK) == 0) {
      if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("a thread did not end");
      const timespec pause{0, 500'000};
      nanosleep(&pause, nullptr);
    }
  }

  static void close_all_but(const int (&keep)[2]) {
    const unsigned low = static_cast<unsigned>(std::min(keep[0], keep[1]));
    const unsigned high = static_cast<unsigned>(std::max(keep[0], keep[1]));
    if (low > 3) syscall(SYS_close_range, 3u, low - 1, 0);
    if (high > low + 1) syscall(SYS_close_range, low + 1, high - 1, 0);
    syscall(SYS_close_range, high + 1, ~0u, 0);
  }

  std::string device_, logs_;
  bool in_kernel_;
  std::vector<RemoteProcess> processes_;
};

}  // namespace

std::unique_ptr<Backend> make_device_backend(const std::string& device, const std::string& logs) {
  return std::make_unique<DeviceBackend>(device, logs);
}

}  // namespace cuse_binder::conformance
