// A file with our process id, locked for as long as we run, removed at exit.
#pragma once

#include <optional>
#include <string>

#include "cuse_binder/base/unique_fd.h"
#include "cuse_binder/daemon/exit_code.h"

namespace cuse_binder::daemon {

class PidFile {
 public:
  PidFile() = default;
  ~PidFile();
  PidFile(const PidFile&) = delete;
  PidFile& operator=(const PidFile&) = delete;

  // A file that nobody has locked is the rest of a crashed daemon and is taken over.
  std::optional<StartError> acquire(const std::string& path);

 private:
  std::string path_;
  base::UniqueFd file_;
};

}  // namespace cuse_binder::daemon
