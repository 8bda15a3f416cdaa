// An open binder-control: BINDER_CTL_ADD.
#pragma once

#include "cuse_binder/frontends/mount_tree.h"
#include "cuse_binder/frontends/open_file.h"

namespace cuse_binder::frontends {

class ControlFile final : public OpenFile {
 public:
  explicit ControlFile(MountTree& tree) : tree_(tree) {}
  void ioctl(Reply& reply, std::uint32_t command, std::span<const std::byte> argument) override;

 private:
  MountTree& tree_;
};

}  // namespace cuse_binder::frontends
