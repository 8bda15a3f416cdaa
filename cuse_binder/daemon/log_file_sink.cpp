#include "cuse_binder/daemon/log_file_sink.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace cuse_binder::daemon {

int LogFileSink::open() {
  base::UniqueFd file(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0640));
  if (!file) return errno;
  const std::lock_guard lock(mutex_);
  file_ = std::move(file);
  return 0;
}

int LogFileSink::fd() {
  const std::lock_guard lock(mutex_);
  return file_.get();
}

void LogFileSink::sink_it_(const spdlog::details::log_msg& line) {
  spdlog::memory_buf_t text;
  formatter_->format(line, text);
  const char* next = text.data();
  std::size_t left = text.size();
  while (left > 0) {
    const ssize_t written = ::write(file_.get(), next, left);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // a full disk must not stop the daemon, and there is nobody to tell
    next += written;
    left -= static_cast<std::size_t>(written);
  }
}

}  // namespace cuse_binder::daemon
