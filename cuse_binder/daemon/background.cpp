#include "cuse_binder/daemon/background.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace cuse_binder::daemon {
namespace {

[[noreturn]] void wait_for_child(pid_t child, int pipe) {
  char byte;
  ssize_t got;
  do got = read(pipe, &byte, 1);
  while (got < 0 && errno == EINTR);
  if (got == 1) _exit(0);

  // The pipe was closed without a word: the child is ending, and its status says why.
  int status = 0;
  pid_t waited;
  do waited = waitpid(child, &status, 0);
  while (waited < 0 && errno == EINTR);
  if (waited == child && WIFEXITED(status)) _exit(WEXITSTATUS(status) == 0 ? 1 : WEXITSTATUS(status));
  if (waited == child && WIFSIGNALED(status))
    std::fprintf(stderr, "binderd: killed by signal %d while starting\n", WTERMSIG(status));
  _exit(1);
}

}  // namespace

bool Background::enter(Background& background) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return false;
  base::UniqueFd reader(ends[0]);
  base::UniqueFd writer(ends[1]);
  const pid_t child = fork();
  if (child < 0) return false;
  if (child > 0) {
    writer.reset();
    wait_for_child(child, reader.get());
  }
  setsid();
  // Keep no directory busy. The paths of our options are absolute.
  if (chdir("/") < 0) return false;
  background.ready_pipe_ = std::move(writer);
  background.entered_ = true;
  return true;
}

bool Background::ready(int error_output) {
  if (!entered_) return true;
  const base::UniqueFd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  if (null) {
    dup2(null.get(), STDIN_FILENO);
    dup2(null.get(), STDOUT_FILENO);
  }
  redirect_errors(error_output >= 0 ? error_output : null.get());
  const char byte = 0;
  const bool told = write(ready_pipe_.get(), &byte, 1) == 1;  // SIGPIPE is ignored by main
  ready_pipe_.reset();
  return told;
}

void Background::redirect_errors(int error_output) const {
  if (entered_ && error_output >= 0) dup2(error_output, STDERR_FILENO);
}

}  // namespace cuse_binder::daemon
