#include "test/daemon/scene.h"

#include <fcntl.h>
#include <linux/android/binder.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "cuse_binder/base/unique_fd.h"
#include "test/support/catch.h"

namespace cuse_binder::test {

Scene::Scene() {
  auto name = (std::filesystem::temp_directory_path() / "binderd-test-XXXXXX").string();
  REQUIRE(mkdtemp(name.data()) != nullptr);
  directory_ = name;
  REQUIRE(chmod(directory_.c_str(), 0755) == 0);
  mount_point_ = make_directory("binderfs");
}

Scene::~Scene() {
  for (const auto& directory : directories_)
    while (is_mounted(directory) && umount2(directory.c_str(), MNT_DETACH) == 0) {
    }
  std::error_code ignored;  // a directory that is left behind is not worth failing for
  std::filesystem::remove_all(directory_, ignored);
}

std::string Scene::make_directory(const std::string& name) {
  const auto directory = path(name);
  REQUIRE(mkdir(directory.c_str(), 0755) == 0);
  directories_.push_back(directory);
  return directory;
}

std::vector<std::string> Scene::binderd(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), BINDERD_PATH);
  return arguments;
}

std::vector<std::string> Scene::serve(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), {BINDERD_PATH, "--fuse", mount_point_, "--transport", transport()});
  return arguments;
}

std::string transport() {
  const char* name = std::getenv("DAEMON_TEST_TRANSPORT");
  return name ? name : "auto";
}

bool is_mounted(const std::string& directory) {
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream words(line);
    std::string word;
    for (int i = 0; i < 5; ++i) words >> word;  // the fifth is the mount point
    if (word == directory) return true;
  }
  return false;
}

bool device_answers(const std::string& path) {
  const base::UniqueFd device(open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!device) return false;
  binder_version version{};
  return ioctl(device.get(), BINDER_VERSION, &version) == 0 &&
         version.protocol_version == BINDER_CURRENT_PROTOCOL_VERSION;
}

std::string why_no_mounts() {
  if (geteuid() != 0) return "not root";
  const base::UniqueFd fuse(open("/dev/fuse", O_RDWR | O_CLOEXEC));
  if (!fuse) return std::string("cannot open /dev/fuse: ") + std::strerror(errno);
  // Some containers are root and have the device, and may still not mount.
  auto directory = (std::filesystem::temp_directory_path() / "binderd-test-XXXXXX").string();
  if (mkdtemp(directory.data()) == nullptr) return std::string("no directory: ") + std::strerror(errno);
  const bool mounted = mount("none", directory.c_str(), "tmpfs", 0, nullptr) == 0;
  const int error = errno;
  if (mounted) umount(directory.c_str());
  rmdir(directory.c_str());
  if (!mounted) return std::strerror(error);
  if (transport() != "uring") return {};
  std::ifstream parameter("/sys/module/fuse/parameters/enable_uring");
  char value = 'N';
  parameter >> value;
  return value == 'Y' ? std::string() : "FUSE over io_uring is not there or switched off";
}

}  // namespace cuse_binder::test
