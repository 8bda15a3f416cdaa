#include "cuse_binder/frontends/mount_point.h"

#include <fmt/format.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>

#include "cuse_binder/base/log.h"

namespace cuse_binder::frontends {
namespace {

constexpr char kType[] = "fuse.binder";
constexpr char kSource[] = "binder";

// mountinfo writes space, tab, newline and backslash as \ooo.
std::string unescape(const std::string& text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      plain += static_cast<char>(std::stoi(text.substr(i + 1, 3), nullptr, 8));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

std::optional<MountInfo> find_mount(const std::string& path) {
  std::ifstream mountinfo("/proc/self/mountinfo");
  return find_mount_in(mountinfo, path);
}

// 0 when nothing of ours is in the way any more.
int clear_the_way(const std::string& path) {
  for (;;) {
    const auto mounted = find_mount(path);
    if (!mounted || mounted->type != kType) return 0;
    struct statfs ignored;
    // A daemon that lives answers this one; the kernel answers for one that died.
    if (statfs(path.c_str(), &ignored) == 0) {
      base::log(base::Layer::frontend).error("{} is served by another daemon already", path);
      return EBUSY;
    }
    if (errno != ENOTCONN && errno != ECONNABORTED && errno != ECANCELED) {
      base::log(base::Layer::frontend).error("{}: {}", path, std::strerror(errno));
      return errno;
    }
    base::log(base::Layer::frontend).info("{}: detaching the mount of a daemon that died", path);
    if (umount2(path.c_str(), MNT_DETACH) != 0 && errno != EINVAL) {
      base::log(base::Layer::frontend).error("umount {}: {}", path, std::strerror(errno));
      return errno;
    }
  }
}

}  // namespace

std::optional<MountInfo> find_mount_in(std::istream& mountinfo, const std::string& path) {
  std::optional<MountInfo> found;
  std::string line;
  while (std::getline(mountinfo, line)) {
    // id parent major:minor root mount-point options … - type source options
    std::istringstream words(line);
    std::string id, parent, device, root, point, word;
    words >> id >> parent >> device >> root >> point;
    if (unescape(point) != path) continue;
    while (words >> word && word != "-") {
    }
    MountInfo info;
    words >> info.type;
    if (std::sscanf(device.c_str(), "%u:%u", &info.device_major, &info.device_minor) == 2) found = info;
  }
  return found;  // the last one covers the others
}

base::Result<MountPoint> MountPoint::attach(const std::string& directory, int fuse_fd) {
  char* resolved = realpath(directory.c_str(), nullptr);
  if (resolved == nullptr && errno == ENOTCONN) {
    // The last component is the root of a dead mount; the way to it can be resolved without it.
    const auto slash = directory.find_last_not_of('/');
    const std::string trimmed = directory.substr(0, slash + 1);
    const auto cut = trimmed.rfind('/');
    char* parent = realpath(cut == std::string::npos ? "."
                            : cut == 0               ? "/"
                                                     : trimmed.substr(0, cut).c_str(),
                            nullptr);
    if (parent != nullptr) {
      const std::string prefix = std::strcmp(parent, "/") == 0 ? "" : parent;
      resolved = strdup((prefix + '/' + trimmed.substr(cut + 1)).c_str());
      free(parent);
    }
  }
  if (resolved == nullptr) {
    const int error = errno;
    base::log(base::Layer::frontend).error("{}: {}", directory, std::strerror(error));
    return base::Errno{error};
  }
  std::string path = resolved;
  free(resolved);
  if (const int error = clear_the_way(path)) return base::Errno{error};

  const std::string options =
      fmt::format("fd={},rootmode=40000,user_id={},group_id={},default_permissions,allow_other", fuse_fd,
                  geteuid(), getegid());
  if (mount(kSource, path.c_str(), kType, MS_NOSUID | MS_NODEV | MS_NOEXEC, options.c_str()) != 0) {
    const int error = errno;
    base::log(base::Layer::frontend).error("mount {}: {}", path, std::strerror(error));
    return base::Errno{error};
  }
  const auto info = find_mount(path);
  if (!info) {
    umount2(path.c_str(), MNT_DETACH);
    base::log(base::Layer::frontend).error("{} is mounted but not in /proc/self/mountinfo", path);
    return base::Errno{ENOENT};
  }
  return MountPoint(std::move(path), *info);
}

bool MountPoint::detach() {
  const auto top = find_mount(path_);
  if (!top || top->device_major != info_.device_major || top->device_minor != info_.device_minor)
    return false;
  // MNT_FORCE aborts the connection, which ends requests that are still unanswered.
  return umount2(path_.c_str(), MNT_FORCE | MNT_DETACH) == 0;
}

}  // namespace cuse_binder::frontends
