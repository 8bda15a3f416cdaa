// How many system calls another process makes, by attaching strace to it. That slows the process down a lot,
// so it is never combined with a measurement of time.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "cuse_binder/base/unique_fd.h"

namespace cuse_binder::bench {

class SyscallCount {
 public:
  // Returns when strace has attached to all threads. Throws if strace is missing or may not.
  explicit SyscallCount(pid_t pid);
  ~SyscallCount();
  SyscallCount(const SyscallCount&) = delete;
  SyscallCount& operator=(const SyscallCount&) = delete;

  // Detaches. Calls by name.
  std::map<std::string, std::uint64_t> finish();

 private:
  void stop();

  pid_t strace_ = -1;
  base::UniqueFd messages_;  // kept open: strace would die of SIGPIPE
  std::filesystem::path output_;
};

}  // namespace cuse_binder::bench
