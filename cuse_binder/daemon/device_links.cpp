#include "cuse_binder/daemon/device_links.h"

#include <limits.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "cuse_binder/base/log.h"

namespace cuse_binder::daemon {
namespace {

bool leads_to(const std::string& path, const std::string& target) {
  char text[PATH_MAX];
  const ssize_t size = readlink(path.c_str(), text, sizeof(text));
  return size >= 0 && std::string_view(text, static_cast<std::size_t>(size)) == target;
}

}  // namespace

void DeviceLinks::make(const std::string& link_directory, const std::string& mount_point,
                       const std::vector<std::string>& devices) {
  for (const auto& device : devices) {
    Link link{link_directory + "/" + device, mount_point + "/" + device};
    if (symlink(link.target.c_str(), link.path.c_str()) == 0 ||
        (errno == EEXIST && leads_to(link.path, link.target))) {
      links_.push_back(std::move(link));
      continue;
    }
    base::log(base::Layer::daemon).warn("no link {}: {}", link.path, std::strerror(errno));
  }
}

DeviceLinks::~DeviceLinks() {
  for (const auto& link : links_)
    if (leads_to(link.path, link.target)) unlink(link.path.c_str());
}

}  // namespace cuse_binder::daemon
