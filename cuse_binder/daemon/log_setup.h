// Where the log lines of the process go.
//
// While the daemon starts, warnings and errors are also written to standard error, wherever the log goes: a
// start that fails is read by a person.
#pragma once

#include <spdlog/common.h>

#include <memory>
#include <optional>

#include "cuse_binder/daemon/exit_code.h"
#include "cuse_binder/daemon/options.h"

namespace cuse_binder::daemon {

class BackgroundSink;
class LogFileSink;

class LogSetup {
 public:
  LogSetup();
  ~LogSetup();  // writes out what is queued

  // Starts a thread; after fork.
  std::optional<StartError> start(const Options& options);
  // The start is over: from now on only the chosen target.
  void leave_terminal();
  // Opens the log file anew; does nothing for other targets.
  void reopen();
  // A descriptor for what is not a log line (messages of the C library, failed internal checks); -1: none.
  int error_output() const;

 private:
  std::shared_ptr<LogFileSink> file_;
  std::shared_ptr<spdlog::sinks::sink> target_;
  std::shared_ptr<BackgroundSink> sink_;
};

}  // namespace cuse_binder::daemon
