#include "cuse_binder/frontends/control_file.h"

#include <linux/android/binderfs.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace cuse_binder::frontends {
namespace {

static_assert(sizeof(binderfs_device) == 264);

// Our devices are regular files and have no device number; this is what binderfs would typically be given.
constexpr std::uint32_t kMajor = 511;

}  // namespace

void ControlFile::ioctl(Reply& reply, std::uint32_t command, std::span<const std::byte> argument) {
  if (command != BINDER_CTL_ADD || argument.size() < sizeof(binderfs_device)) {
    reply.ioctl(EINVAL, {});
    return;
  }
  binderfs_device device;
  std::memcpy(&device, argument.data(), sizeof device);
  device.name[BINDERFS_MAX_NAME] = '\0';
  const MountTree::Added added = tree_.add_device(device.name);
  if (!added.minor) {
    reply.ioctl(added.error, {});
    return;
  }
  device.major = kMajor;
  device.minor = *added.minor;
  reply.ioctl(added.error, std::as_bytes(std::span(&device, 1)));
}

}  // namespace cuse_binder::frontends
