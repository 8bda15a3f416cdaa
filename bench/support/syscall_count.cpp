#include "bench/support/syscall_count.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

#include "bench/support/child.h"
#include "bench/support/error.h"

namespace cuse_binder::bench {
namespace {

// strace says "strace: Process 1 attached with 5 threads" (or without the number) once it has all of them.
void wait_until_attached(int messages) {
  std::string text;
  for (;;) {
    pollfd readable{messages, POLLIN, 0};
    if (poll(&readable, 1, 30000) == 0) throw std::runtime_error("strace does not attach");
    char bytes[256];
    const ssize_t size = read(messages, bytes, sizeof bytes);
    if (size <= 0) throw std::runtime_error("strace: " + text);
    text.append(bytes, static_cast<std::size_t>(size));
    if (text.find(" attached") != std::string::npos) return;
  }
}

}  // namespace

SyscallCount::SyscallCount(pid_t pid) {
  std::string name = (std::filesystem::temp_directory_path() / "binder_bench.strace.XXXXXX").string();
  const base::UniqueFd created(mkstemp(name.data()));
  if (!created) throw_errno("mkstemp");
  output_ = name;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) throw_errno("pipe");
  messages_ = base::UniqueFd(ends[0]);
  base::UniqueFd strace_end(ends[1]);
  strace_ = fork();
  if (strace_ < 0) throw_errno("fork");
  if (strace_ == 0) {
    dup2(strace_end.get(), STDERR_FILENO);
    const std::string target = std::to_string(pid);
    execlp("strace", "strace", "-f", "-c", "-o", name.c_str(), "-p", target.c_str(),
           static_cast<char*>(nullptr));
    dprintf(STDERR_FILENO, "not installed\n");
    _exit(127);
  }
  strace_end.reset();
  try {
    wait_until_attached(messages_.get());
  } catch (...) {
    stop();
    throw;
  }
}

SyscallCount::~SyscallCount() {
  stop();
}

void SyscallCount::stop() {
  if (strace_ > 0) {
    kill(strace_, SIGINT);
    if (!wait_for_end(strace_, 20)) {
      kill(strace_, SIGKILL);
      wait_for_end(strace_, 5);
    }
    strace_ = -1;
  }
  std::error_code ignored;
  std::filesystem::remove(output_, ignored);
}

std::map<std::string, std::uint64_t> SyscallCount::finish() {
  kill(strace_, SIGINT);
  if (!wait_for_end(strace_, 20)) throw std::runtime_error("strace does not end");
  strace_ = -1;
  std::map<std::string, std::uint64_t> counts;
  std::ifstream file(output_);
  // "% time  seconds  usecs/call  calls  [errors]  syscall"; a line of dashes before and after.
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    double percent, seconds, each;
    std::uint64_t calls;
    std::string word, name;
    if (!(words >> percent >> seconds >> each >> calls)) continue;
    while (words >> word) name = word;
    if (name != "total") counts[name] += calls;
  }
  return counts;
}

}  // namespace cuse_binder::bench
