#include "cuse_binder/frontends/cuse_node.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>

#include "cuse_binder/base/unique_fd.h"

namespace cuse_binder::frontends {

CuseNode::CuseNode(std::string name, Options options)
    : name_(std::move(name)), options_(std::move(options)), path_(options_.directory + "/" + name_) {}

CuseNode::~CuseNode() {
  if (made_ && look(number_) == Found::device) unlink(path_.c_str());
}

CuseNode::Found CuseNode::look(dev_t wanted) const {
  struct stat found;
  if (lstat(path_.c_str(), &found) != 0) return Found::nothing;
  if (!S_ISCHR(found.st_mode)) return Found::other;
  if (wanted != 0 && found.st_rdev == wanted) return Found::device;
  // A node without a device is what a killed daemon leaves where it had to make it itself.
  struct stat registered;
  if (stat(options_.char_devices.c_str(), &registered) != 0) return Found::other;
  const auto entry =
      fmt::format("{}/{}:{}", options_.char_devices, major(found.st_rdev), minor(found.st_rdev));
  return lstat(entry.c_str(), &registered) != 0 && errno == ENOENT ? Found::left_over : Found::other;
}

int CuseNode::claim() {
  switch (look(0)) {
    case Found::nothing:
      break;
    case Found::left_over:
      if (unlink(path_.c_str()) != 0) return errno;
      break;
    case Found::device:
    case Found::other:
      return EEXIST;
  }
  // A node may also be missing: another daemon's, in another container.
  struct stat registered;
  return lstat((options_.registry + "/" + name_).c_str(), &registered) == 0 ? EEXIST : 0;
}

int CuseNode::device_number(dev_t& number) const {
  std::ifstream file(options_.registry + "/" + name_ + "/dev");
  unsigned major_number = 0, minor_number = 0;
  char colon = 0;
  if (!(file >> major_number >> colon >> minor_number)) return ENODEV;
  number = makedev(major_number, minor_number);
  return 0;
}

int CuseNode::publish() {
  if (const int error = device_number(number_)) return error;
  if (look(number_) == Found::nothing) {
    // For root only until it has its owner: nobody shall hold it open who may not later.
    const mode_t mask = umask(0077);
    const int result = mknod(path_.c_str(), S_IFCHR | 0600, number_);
    const int error = errno;
    umask(mask);
    if (result != 0 && error != EEXIST) return error;
    made_ = result == 0;
  }
  if (look(number_) != Found::device) return EEXIST;
  const base::UniqueFd node(open(path_.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!node) return errno;
  if (fchownat(node.get(), "", options_.uid, options_.gid, AT_EMPTY_PATH) != 0) return errno;
  if (chmod(fmt::format("/proc/self/fd/{}", node.get()).c_str(), options_.mode) != 0) return errno;
  return 0;
}

}  // namespace cuse_binder::frontends
