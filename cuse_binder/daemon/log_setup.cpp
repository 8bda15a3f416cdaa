#include "cuse_binder/daemon/log_setup.h"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/sinks/syslog_sink.h>
#include <syslog.h>

#include <cstring>

#include "cuse_binder/base/log.h"
#include "cuse_binder/daemon/background_sink.h"
#include "cuse_binder/daemon/log_file_sink.h"

namespace cuse_binder::daemon {
namespace {

constexpr const char* kTerminalPattern = "%H:%M:%S.%e %^%l%$ [%n] %v";
constexpr const char* kFilePattern = "%Y-%m-%d %H:%M:%S.%e %l [%n] %v";
constexpr const char* kSyslogPattern = "[%n] %v";  // syslog adds time and level

}  // namespace

LogSetup::LogSetup() = default;

LogSetup::~LogSetup() {
  if (sink_) sink_->stop();
}

std::optional<StartError> LogSetup::start(const Options& options) {
  auto terminal = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
  terminal->set_pattern(kTerminalPattern);
  BackgroundSink::Outputs outputs;
  switch (options.log_target) {
    case LogTarget::standard_error:
      target_ = terminal;
      break;
    case LogTarget::file:
      file_ = std::make_shared<LogFileSink>(options.log_file);
      if (const int error = file_->open())
        return StartError{ExitCode::failure, fmt::format("cannot open the log file {}: {}", options.log_file,
                                                         std::strerror(error))};
      file_->set_pattern(kFilePattern);
      target_ = file_;
      break;
    case LogTarget::syslog:
      target_ = std::make_shared<spdlog::sinks::syslog_sink_mt>("binderd", LOG_PID, LOG_DAEMON, true);
      target_->set_pattern(kSyslogPattern);
      break;
  }
  outputs.push_back(target_);
  if (target_ != terminal) {
    terminal->set_level(spdlog::level::warn);
    outputs.push_back(terminal);
  }
  sink_ = std::make_shared<BackgroundSink>(std::move(outputs));
  base::set_log_sink(sink_);
  return std::nullopt;
}

void LogSetup::leave_terminal() {
  sink_->set_outputs({target_});
}

void LogSetup::reopen() {
  if (!file_) return;
  auto& log = base::log(base::Layer::daemon);
  if (const int error = file_->open())
    log.error("cannot open the log file anew, the old one stays in use: {}", std::strerror(error));
  else
    log.info("log file opened anew");
}

int LogSetup::error_output() const {
  return file_ ? file_->fd() : -1;
}

}  // namespace cuse_binder::daemon
