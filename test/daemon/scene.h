// A place for one test: a directory of its own with a mount point in it, and words for looking at them.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace cuse_binder::test {

class Scene {
 public:
  Scene();
  // Detaches what is still mounted, so that a failed test does not disturb the next one.
  ~Scene();
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  std::string path(const std::string& name) const { return directory_ + "/" + name; }
  std::string make_directory(const std::string& name);
  const std::string& mount_point() const { return mount_point_; }

  // "binderd", then the arguments.
  static std::vector<std::string> binderd(std::vector<std::string> arguments);
  // The same with `--fuse` and the mount point in front.
  std::vector<std::string> serve(std::vector<std::string> arguments = {}) const;

 private:
  std::string directory_;
  std::string mount_point_;
  std::vector<std::string> directories_;
};

// Something is mounted there, dead or alive.
bool is_mounted(const std::string& directory);
// Whether the file is a binder device that answers: open and BINDER_VERSION.
bool device_answers(const std::string& path);
// What binderd is told to use: DAEMON_TEST_TRANSPORT, else auto.
std::string transport();
// Why this machine cannot mount with that transport; empty if it can.
std::string why_no_mounts();

}  // namespace cuse_binder::test
