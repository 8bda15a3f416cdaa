// The mounted file system as libfuse calls it: names, open files, and the log directory.
//
// All calls come from workers. libfuse's request is answered by each call, or handed on (ioctl).
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_set>

#include "cuse_binder/frontends/mount_tree.h"
#include "cuse_binder/frontends/mounted_file.h"
#include "cuse_binder/frontends/open_files.h"
#include "cuse_binder/protocol/driver.h"

namespace cuse_binder::frontends {

class FileSystem {
 public:
  FileSystem(protocol::Driver& driver, MountTree::Options options);
  FileSystem(const FileSystem&) = delete;
  FileSystem& operator=(const FileSystem&) = delete;

  // libfuse's callbacks; they expect fuse_req_userdata() to be a FuseChannel whose context is a FileSystem.
  static const fuse_lowlevel_ops& operations();

  // Before the first request comes.
  void attach(FuseChannel& channel, Watchdog& watchdog, ThreadWatch& threads, PageFeeder& feeder);
  // How /proc/<pid>/maps names the mount; before that, no mapping is found.
  void set_device_number(unsigned major, unsigned minor);

  MountTree& tree() { return tree_; }
  std::size_t open_devices() const { return files_.devices(); }
  std::uint64_t ioctls() const { return ioctls_; }

  // Refuses further ioctls and releases every session, which ends all that is parked. Workers may still be at
  // work.
  void close_devices();
  // Forgets all open files; when no worker runs any more, and before what attach() was given goes.
  void drop_files();

 private:
  friend struct Operations;  // the callbacks

  void look_up(Reply& reply, fuse_ino_t parent, const char* name);
  void get_attributes(Reply& reply, fuse_ino_t number);
  void set_attributes(Reply& reply, fuse_ino_t number, const struct stat& attributes, int which);
  void open(Reply& reply, fuse_ino_t number, fuse_file_info info);
  void open_device(Reply& reply, fuse_ino_t number, fuse_file_info info, std::shared_ptr<DeviceEntry> entry);
  void open_directory(Reply& reply, fuse_ino_t number, fuse_file_info info);
  void read_directory(Reply& reply, const fuse_file_info& info, std::size_t size, off_t offset);
  void release(const fuse_file_info& info);
  static void interrupted(fuse_req_t request, void* handle) noexcept;

  protocol::Driver& driver_;
  MountTree tree_;
  OpenFiles files_;
  std::unique_ptr<MountServices> services_;
  std::atomic<std::uint64_t> device_number_{0};  // major << 32 | minor
  std::atomic<std::uint64_t> ioctls_{0};

  mutable std::mutex mutex_;                    // guards what follows
  std::unordered_set<fuse_ino_t> open_inodes_;  // of devices
};

}  // namespace cuse_binder::frontends
