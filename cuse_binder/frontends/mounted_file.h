// An open device file of a mount.
//
// Arguments come and go by value. mmap goes to the receive area by itself (passthrough) or to pages that the
// PageFeeder keeps fresh; where the client mapped it is found in /proc. Ends of threads are watched, because
// BINDER_THREAD_EXIT does not come through.
#pragma once

#include <memory>

#include "cuse_binder/base/result.h"
#include "cuse_binder/frontends/device_entry.h"
#include "cuse_binder/frontends/device_file.h"
#include "cuse_binder/frontends/fuse_channel.h"
#include "cuse_binder/frontends/mapping_finder.h"
#include "cuse_binder/frontends/page_feeder.h"
#include "cuse_binder/frontends/thread_watch.h"

namespace cuse_binder::frontends {

// What all device files of a mount use; outlives them.
struct MountServices {
  FileServices common;
  FuseChannel& channel;
  ThreadWatch& threads;
  PageFeeder& feeder;
};

class MountedFile final : public DeviceFile {
 public:
  // Opens the device for `caller`. `identity` is how /proc/<pid>/maps will show the file.
  static base::Result<std::unique_ptr<MountedFile>> open(const fuse_ctx& caller, bool nonblocking,
                                                         std::shared_ptr<DeviceEntry> entry,
                                                         FileIdentity identity,
                                                         const MountServices& services);
  ~MountedFile() override;

  // The backing file that mmap reaches, 0 if there is none.
  int backing_id() const { return backing_id_; }
  std::uint64_t inode() const { return inode_; }

  void read(Reply& reply, std::size_t size, off_t offset) override;
  void ioctl(Reply& reply, std::uint32_t command, std::span<const std::byte> argument) override;

 private:
  MountedFile(std::shared_ptr<DeviceEntry> entry, std::shared_ptr<protocol::Session> session,
              std::uint64_t inode, const MountServices& services);
  void offer_receive_area();
  void seen(pid_t tid) override {
    if (!watched_->knows(tid)) mount_.threads.notice(watched_, tid);
  }
  void ended() override { mount_.threads.forget(*watched_); }

  const MountServices& mount_;
  const std::shared_ptr<DeviceEntry> entry_;
  const std::uint64_t inode_;
  const std::shared_ptr<WatchedThreads> watched_;
  int backing_id_ = 0;
};

}  // namespace cuse_binder::frontends
