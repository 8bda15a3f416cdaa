// Symbolic links such as /dev/binder → /dev/binderfs/binder, for programs that know only the old names.
//
// Only links that this object made are removed at the end; a file that somebody else put there is never
// touched.
#pragma once

#include <string>
#include <vector>

namespace cuse_binder::daemon {

class DeviceLinks {
 public:
  DeviceLinks() = default;
  ~DeviceLinks();
  DeviceLinks(const DeviceLinks&) = delete;
  DeviceLinks& operator=(const DeviceLinks&) = delete;

  // Makes `link_directory`/NAME for every device of `mount_point`. A link that leads there already (a crashed
  // daemon left it) is taken over. What is in the way is logged and left alone.
  void make(const std::string& link_directory, const std::string& mount_point,
            const std::vector<std::string>& devices);

 private:
  struct Link {
    std::string path;
    std::string target;
  };
  std::vector<Link> links_;
};

}  // namespace cuse_binder::daemon
