#include "bench/support/daemon.h"

#include <sys/mount.h>

namespace cuse_binder::bench {

Daemon::Daemon(const std::filesystem::path& program, const std::vector<std::string>& options) {
  std::filesystem::create_directory(mount_point());
  std::vector<std::string> words{program.string(), "--fuse", mount_point().string()};
  words.insert(words.end(), options.begin(), options.end());
  try {
    program_.emplace(StartedProgram::Options{.words = words, .directory = directory_.path()});
  } catch (...) {
    stop();
    throw;
  }
}

Daemon::~Daemon() {
  stop();
}

void Daemon::stop() {
  program_.reset();
  umount2(mount_point().c_str(), MNT_DETACH);  // only if the daemon left it behind
}

}  // namespace cuse_binder::bench
