// A log file that can be opened anew under its name, for programs that rotate logs by renaming them.
#pragma once

#include <spdlog/sinks/base_sink.h>

#include <mutex>
#include <string>

#include "cuse_binder/base/unique_fd.h"

namespace cuse_binder::daemon {

class LogFileSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit LogFileSink(std::string path) : path_(std::move(path)) {}

  // Opens, or opens again. 0 or a positive errno; then the file that was open, if any, stays in use.
  int open();
  // Borrowed, until the next open().
  int fd();

 private:
  void sink_it_(const spdlog::details::log_msg& line) override;
  void flush_() override {}

  const std::string path_;
  base::UniqueFd file_;
};

}  // namespace cuse_binder::daemon
