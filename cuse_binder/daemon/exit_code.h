// How binderd ends. The numbers are documented in --help and in the manual page; scripts rely on them.
#pragma once

#include <string>

namespace cuse_binder::daemon {

enum class ExitCode : int {
  success = 0,        // shut down by SIGTERM or SIGINT, or all mounts were unmounted
  failure = 1,        // a system call failed that should not
  usage = 2,          // bad option, value or configuration file
  busy = 3,           // another daemon serves the mount point or holds the pid file
  not_permitted = 4,  // privileges, /dev/fuse or a kernel feature are missing
};

// Why the daemon did not start. The text is for the person who started it, and says what to do where we know.
struct StartError {
  ExitCode code = ExitCode::failure;
  std::string text;
};

}  // namespace cuse_binder::daemon
