// A binderd of our own on a mount point of our own.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "bench/support/started_program.h"
#include "bench/support/temporary_directory.h"

namespace cuse_binder::bench {

class Daemon {
 public:
  // Returns when the daemon says that it serves.
  Daemon(const std::filesystem::path& program, const std::vector<std::string>& options);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  pid_t pid() const { return program_->pid(); }
  std::string device() const { return (mount_point() / "binder").string(); }

 private:
  std::filesystem::path mount_point() const { return directory_.path() / "mnt"; }
  void stop();

  const TemporaryDirectory directory_;
  std::optional<StartedProgram> program_;
};

}  // namespace cuse_binder::bench
