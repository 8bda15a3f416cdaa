#include "bench/support/started_program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "bench/support/child.h"
#include "bench/support/error.h"
#include "cuse_binder/base/unique_fd.h"

namespace cuse_binder::bench {
namespace {

// The datagram socket to which the program sends "READY=1".
base::UniqueFd make_notification_socket(const std::string& path) {
  base::UniqueFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (!fd || bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) < 0) throw_errno(path);
  return fd;
}

}  // namespace

StartedProgram::StartedProgram(Options options)
    : options_(std::move(options)), name_(std::filesystem::path(options_.words.at(0)).filename().string()) {
  base::UniqueFd notifications;
  if (options_.says_ready) {
    const std::string path = options_.directory / (name_ + ".notify");
    notifications = make_notification_socket(path);
    options_.environment["NOTIFY_SOCKET"] = path;
  }
  try {
    start();
    if (options_.says_ready) wait_until_ready(notifications.get());
  } catch (...) {
    stop();
    throw;
  }
}

StartedProgram::~StartedProgram() {
  stop();
}

void StartedProgram::start() {
  const std::string log_path = options_.directory / (name_ + ".log");
  std::vector<char*> argv;
  for (std::string& word : options_.words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ < 0) throw_errno("fork");
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) _exit(EXIT_FAILURE);
    const int log_file = open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(log_file, STDOUT_FILENO);
    dup2(log_file, STDERR_FILENO);
    for (const auto& [name, value] : options_.environment) setenv(name.c_str(), value.c_str(), 1);
    if (options_.inherited >= 0) fcntl(options_.inherited, F_SETFD, 0);
    execvp(argv[0], argv.data());
    std::perror(argv[0]);
    _exit(127);
  }
}

void StartedProgram::wait_until_ready(int notifications) {
  const base::UniqueFd ended(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
  pollfd events[] = {{notifications, POLLIN, 0}, {ended.get(), POLLIN, 0}};
  for (;;) {
    if (poll(events, 2, 30000) == 0) throw std::runtime_error(name_ + " does not become ready:\n" + log());
    if ((events[0].revents & POLLIN) != 0) {
      char text[256];
      const ssize_t size = recv(notifications, text, sizeof text, 0);
      if (size > 0 && std::string(text, static_cast<std::size_t>(size)).find("READY=1") != std::string::npos)
        return;
    } else if (events[1].revents != 0) {
      throw std::runtime_error(name_ + " ended:\n" + log());
    }
  }
}

void StartedProgram::stop() {
  if (pid_ <= 0) return;
  kill(pid_, SIGTERM);
  if (!wait_for_end(pid_, 20)) {
    std::fprintf(stderr, "%s (pid %d) does not end on SIGTERM:\n%s\n", name_.c_str(), pid_, log().c_str());
    kill(pid_, SIGKILL);
    wait_for_end(pid_, 10);
  }
  pid_ = -1;
}

std::string StartedProgram::log() const {
  std::ifstream file(options_.directory / (name_ + ".log"));
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace cuse_binder::bench
