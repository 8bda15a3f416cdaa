// The command line and configuration file of binderd, as plain values.
//
// Doors are options that may be repeated and combined; everything else applies to all doors of the process.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "cuse_binder/frontends/fuse_mount.h"

namespace cuse_binder::daemon {

enum class LogTarget { standard_error, file, syslog };

struct Options {
  // Doors.
  std::vector<std::string> fuse_directories;  // absolute; one isolated set of contexts each
  // Names of character devices. Each is the context of the same name in the first mount, or one of its own.
  std::vector<std::string> cuse_devices;
  std::string cuse_socket;  // absolute; empty: only the abstract one

  // Devices of every mount, and the permissions of character devices as well.
  std::vector<std::string> devices;
  mode_t mode = 0600;
  uid_t owner = 0;
  gid_t group = 0;
  std::uint32_t max_devices = 1u << 20;
  bool logs = true;  // offer binder_logs/ (binderfs: stats=global)
  bool symlinks = false;

  // Transport.
  frontends::TransportChoice transport = frontends::TransportChoice::auto_select;
  bool enable_uring = false;  // may switch the kernel parameter on
  unsigned workers = 0;       // 0: the door decides

  // Process.
  LogTarget log_target = LogTarget::standard_error;
  std::string log_file;
  std::string pid_file;
  bool daemonize = false;
};

// What main() does instead of starting: --help, --version (0) or a bad command line. The text was printed
// already.
struct ExitNow {
  int status;
};

// Log levels are set here: they are the one thing that is global.
std::variant<Options, ExitNow> parse_options(int argc, const char* const* argv);

}  // namespace cuse_binder::daemon
