// A binderd of our own on a mount point of our own.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace cuse_binder::bench {

class Daemon {
 public:
  // Returns when the daemon says that it serves.
  Daemon(const std::filesystem::path& program, const std::vector<std::string>& options);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  pid_t pid() const { return pid_; }
  std::string device() const { return (directory_ / "mnt" / "binder").string(); }

 private:
  void start(const std::filesystem::path& program, const std::vector<std::string>& options);
  void wait_until_ready(int notifications);
  void stop();
  std::string log() const;

  std::filesystem::path directory_;
  pid_t pid_ = -1;
};

}  // namespace cuse_binder::bench
