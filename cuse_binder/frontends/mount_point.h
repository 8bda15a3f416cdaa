// The directory at which a file system of ours is attached, by mount(2).
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "cuse_binder/base/result.h"

namespace cuse_binder::frontends {

// One line of /proc/self/mountinfo.
struct MountInfo {
  unsigned device_major = 0, device_minor = 0;
  std::string type;
};
// The file system that is on top at `path` (absolute, without symbolic links) in the text of a mountinfo
// file.
std::optional<MountInfo> find_mount_in(std::istream& mountinfo, const std::string& path);

class MountPoint {
 public:
  // Mounts the FUSE connection `fuse_fd` at a directory. A mount of ours whose daemon has died is detached
  // before; EBUSY if its daemon lives. The reason of a failure is in the log.
  static base::Result<MountPoint> attach(const std::string& directory, int fuse_fd);

  const std::string& path() const { return path_; }
  unsigned device_major() const { return info_.device_major; }
  unsigned device_minor() const { return info_.device_minor; }

  // Detaches it and aborts the connection. False if it is not there any more: somebody else has unmounted it.
  bool detach();

 private:
  MountPoint(std::string path, MountInfo info) : path_(std::move(path)), info_(std::move(info)) {}

  std::string path_;
  MountInfo info_;
};

}  // namespace cuse_binder::frontends
