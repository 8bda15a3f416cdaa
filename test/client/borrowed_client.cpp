#include "test/client/borrowed_client.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace cuse_binder::test {
namespace {

constexpr int kPatience = 10'000;  // milliseconds
constexpr int kReportFd = 3;

void wait_readable(int fd, const char* what) {
  pollfd wanted{fd, POLLIN, 0};
  if (poll(&wanted, 1, kPatience) != 1)
    throw std::runtime_error(std::string("within ten seconds: no ") + what);
}

}  // namespace

BorrowedClient::BorrowedClient(const std::function<void(const Report&)>& body) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe2 failed");
  reports_.reset(ends[0]);
  pid_ = fork();
  if (pid_ == 0) {
    if (dup2(ends[1], kReportFd) < 0) _exit(1);
    syscall(SYS_close_range, kReportFd + 1, ~0u, 0);
    body([](std::int64_t value) {
      if (write(kReportFd, &value, sizeof value) != sizeof value) _exit(1);
    });
    _exit(0);
  }
  close(ends[1]);
  if (pid_ < 0) throw std::runtime_error("fork failed");
  pidfd_.reset(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
}

BorrowedClient::~BorrowedClient() {
  send(SIGKILL);
  // A tracer that is another thread of this process has perhaps collected the child already.
  waitpid(pid_, nullptr, __WALL);
}

std::int64_t BorrowedClient::next_report() {
  wait_readable(reports_.get(), "report of the client");
  std::int64_t value;
  if (read(reports_.get(), &value, sizeof value) != sizeof value)
    throw std::runtime_error("the client has ended");
  return value;
}

void BorrowedClient::send(int signal) const {
  syscall(SYS_pidfd_send_signal, pidfd_.get(), signal, nullptr, 0);
}

void BorrowedClient::wait_until_gone() const {
  wait_readable(pidfd_.get(), "end of the client");
}

std::vector<int> BorrowedClient::descriptors() const {
  std::vector<int> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(pid_) + "/fd")) {
    found.push_back(std::stoi(entry.path().filename()));
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<int> BorrowedClient::lowest_free(std::size_t count) const {
  const auto used = descriptors();
  std::vector<int> free;
  for (int fd = 0; free.size() < count; ++fd) {
    if (!std::binary_search(used.begin(), used.end(), fd)) free.push_back(fd);
  }
  return free;
}

std::string BorrowedClient::target(int fd) const {
  return std::filesystem::read_symlink("/proc/" + std::to_string(pid_) + "/fd/" + std::to_string(fd));
}

bool BorrowedClient::close_on_exec(int fd) const {
  std::ifstream info("/proc/" + std::to_string(pid_) + "/fdinfo/" + std::to_string(fd));
  for (std::string word; info >> word;) {
    if (word == "flags:" && info >> word) return (std::stol(word, nullptr, 8) & O_CLOEXEC) != 0;
  }
  throw std::runtime_error("no such descriptor");
}

}  // namespace cuse_binder::test
