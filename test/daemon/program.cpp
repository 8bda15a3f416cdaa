#include "test/daemon/program.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "test/support/catch.h"

namespace cuse_binder::test {
namespace {

bool readable_in_time(int fd) {
  pollfd descriptor{fd, POLLIN, 0};
  int ready;
  do ready = poll(&descriptor, 1, kPatienceMilliseconds);
  while (ready < 0 && errno == EINTR);
  return ready == 1;
}

}  // namespace

Program::Program(std::vector<std::string> arguments, const std::function<void()>& in_child) {
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  pipe_.reset(ends[0]);
  base::UniqueFd writer(ends[1]);
  pid_ = fork();
  REQUIRE(pid_ >= 0);
  if (pid_ == 0) {
    dup2(writer.get(), STDOUT_FILENO);
    dup2(writer.get(), STDERR_FILENO);
    if (in_child) in_child();
    std::vector<char*> pointers;
    for (auto& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    execv(pointers[0], pointers.data());
    dprintf(STDERR_FILENO, "exec %s: errno %d\n", pointers[0], errno);
    _exit(127);
  }
}

Program::~Program() {
  if (reaped_) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

void Program::signal(int number) const {
  REQUIRE(kill(pid_, number) == 0);
}

bool Program::read_more() {
  if (!readable_in_time(pipe_.get())) FAIL("nothing was written for too long; so far:\n" << output_);
  char buffer[4096];
  const ssize_t got = read(pipe_.get(), buffer, sizeof(buffer));
  if (got <= 0) return false;
  output_.append(buffer, static_cast<std::size_t>(got));
  return true;
}

std::string Program::expect(const std::string& text) {
  for (;;) {
    const auto found = output_.find(text, searched_);
    const auto end = found == std::string::npos ? found : output_.find('\n', found);
    if (end != std::string::npos) {
      const auto line = output_.substr(found, end - found);
      searched_ = end;
      return line;
    }
    if (!read_more()) FAIL("ended without '" << text << "':\n" << output_);
  }
}

int Program::wait() {
  while (read_more()) {
  }
  const base::UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
  REQUIRE(process);
  if (!readable_in_time(process.get())) FAIL("did not end:\n" << output_);
  int status = 0;
  REQUIRE(waitpid(pid_, &status, 0) == pid_);
  reaped_ = true;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void wait_for_end_of(pid_t pid) {
  const base::UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!process) {
    REQUIRE(errno == ESRCH);
    return;
  }
  if (!readable_in_time(process.get())) FAIL("process " << pid << " did not end");
}

pid_t find_process(const std::string& argument) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const pid_t pid = static_cast<pid_t>(std::atol(entry.path().filename().c_str()));
    if (pid <= 0 || pid == getpid()) continue;
    const auto arguments = std::string(1, '\0') + contents(entry.path() / "cmdline");
    if (arguments.find(std::string(1, '\0') + argument + '\0') != std::string::npos) return pid;
  }
  return -1;
}

void wait_for_text(const std::string& path, const std::string& text) {
  const base::UniqueFd changes(inotify_init1(IN_CLOEXEC));
  REQUIRE(changes);
  const auto directory = std::filesystem::path(path).parent_path().string();
  REQUIRE(inotify_add_watch(changes.get(), directory.c_str(), IN_CREATE | IN_MODIFY | IN_MOVED_TO) >= 0);
  while (contents(path).find(text) == std::string::npos) {
    if (!readable_in_time(changes.get())) FAIL("no '" << text << "' in " << path << ":\n" << contents(path));
    char events[4096];
    REQUIRE(read(changes.get(), events, sizeof(events)) > 0);
  }
}

std::string contents(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace cuse_binder::test
