#include "bench/support/daemon.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mount.h>
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

#include "bench/support/child.h"
#include "bench/support/error.h"
#include "cuse_binder/base/unique_fd.h"

namespace cuse_binder::bench {
namespace {

std::filesystem::path make_directory() {
  std::string name = (std::filesystem::temp_directory_path() / "binder_bench.XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw_errno("mkdtemp");
  return name;
}

// The datagram socket to which the daemon sends "READY=1" (sd_notify's protocol).
base::UniqueFd make_notification_socket(const std::string& path) {
  base::UniqueFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (!fd || bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) < 0) throw_errno(path);
  return fd;
}

}  // namespace

Daemon::Daemon(const std::filesystem::path& program, const std::vector<std::string>& options)
    : directory_(make_directory()) {
  try {
    start(program, options);
  } catch (...) {
    stop();
    throw;
  }
}

Daemon::~Daemon() {
  stop();
}

void Daemon::start(const std::filesystem::path& program, const std::vector<std::string>& options) {
  const std::string mount_point = (directory_ / "mnt").string(), log_path = (directory_ / "log").string();
  const std::string socket_path = (directory_ / "notify").string();
  std::filesystem::create_directory(mount_point);
  const base::UniqueFd notifications = make_notification_socket(socket_path);
  std::vector<std::string> words{program.string(), "--fuse", mount_point};
  words.insert(words.end(), options.begin(), options.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_ = fork();
  if (pid_ < 0) throw_errno("fork");
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    const int log = open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    setenv("NOTIFY_SOCKET", socket_path.c_str(), 1);
    execv(argv[0], argv.data());
    std::perror(argv[0]);
    _exit(127);
  }
  wait_until_ready(notifications.get());
}

void Daemon::wait_until_ready(int notifications) {
  const base::UniqueFd ended(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
  pollfd events[] = {{notifications, POLLIN, 0}, {ended.get(), POLLIN, 0}};
  for (;;) {
    if (poll(events, 2, 30000) == 0) throw std::runtime_error("binderd does not become ready:\n" + log());
    if ((events[0].revents & POLLIN) != 0) {
      char text[256];
      const ssize_t size = recv(notifications, text, sizeof text, 0);
      if (size > 0 && std::string(text, static_cast<std::size_t>(size)).find("READY=1") != std::string::npos)
        return;
    } else if (events[1].revents != 0) {
      throw std::runtime_error("binderd ended:\n" + log());
    }
  }
}

void Daemon::stop() {
  if (pid_ > 0) {
    kill(pid_, SIGTERM);
    if (!wait_for_end(pid_, 20)) {
      std::fprintf(stderr, "binder_bench: binderd (pid %d) does not end on SIGTERM:\n%s\n", pid_,
                   log().c_str());
      kill(pid_, SIGKILL);
      wait_for_end(pid_, 10);
    }
    pid_ = -1;
  }
  umount2((directory_ / "mnt").c_str(), MNT_DETACH);  // only if the daemon left it behind
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

std::string Daemon::log() const {
  std::ifstream file(directory_ / "log");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace cuse_binder::bench
