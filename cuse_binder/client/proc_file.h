// Reading the small files of /proc.
#pragma once

#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "cuse_binder/base/result.h"
#include "cuse_binder/base/unique_fd.h"

namespace cuse_binder::client {

inline std::string proc_path(pid_t pid, const char* name) {
  return "/proc/" + std::to_string(pid) + "/" + name;
}

// The whole of a file of at most 16 KiB. ESRCH if the process ended, before or meanwhile.
inline base::Result<std::string> read_proc_file(pid_t pid, const char* name) {
  base::UniqueFd fd(open(proc_path(pid, name).c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return base::Errno{errno};
  std::string text(16384, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = read(fd.get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return base::Errno{errno};
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  text.resize(size);
  return text;
}

// The rest of the line of /proc/<pid>/status that begins with `key` and a colon; empty if there is none.
inline std::string status_field(const std::string& status, const std::string& key) {
  const std::string start = "\n" + key + ":\t";
  const auto at = status.find(start);
  if (at == std::string::npos) return {};
  const auto begin = at + start.size();
  return status.substr(begin, status.find('\n', begin) - begin);
}

}  // namespace cuse_binder::client
