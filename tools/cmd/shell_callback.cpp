#include "tools/cmd/shell_callback.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <utils/String8.h>

#include <cerrno>
#include <iostream>
#include <map>

#include "tools/support/text.h"

namespace binder_tools {

using android::String16;
using android::String8;

int ShellCallback::openFile(const String16& path, const String16&, const String16& mode) {
  static const std::map<std::string, int> kModes = {
      {"r", O_RDONLY},
      {"r+", O_RDWR},
      {"w", O_WRONLY | O_CREAT | O_TRUNC},
      {"w+", O_RDWR | O_CREAT | O_TRUNC},
  };
  std::string full = String8(path).c_str();
  if (full.empty() || full[0] != '/') full = directory_ + "/" + full;
  if (!active_) {
    std::cerr << "Open attempt after active for: " << shown(String16(full.c_str())) << std::endl;
    return -EPERM;
  }
  const auto flags = kModes.find(String8(mode).c_str());
  if (flags == kModes.end()) {
    std::cerr << "Invalid mode requested: " << shown(mode) << std::endl;
    return -EINVAL;
  }
  const int fd = open(full.c_str(), flags->second | O_CLOEXEC, S_IRWXU | S_IRWXG);
  return fd < 0 ? -errno : fd;
}

}  // namespace binder_tools
