// An open file of a character device that is provided through CUSE.
//
// Arguments come as the caller's pointers, so every bad one is answered as the kernel's driver does. There is
// no mmap: two ioctls of our own stand for it (device/binder_device.h). There is no flush either. Ends of
// threads are not watched: BINDER_THREAD_EXIT comes through, and the kernel's driver does not watch them.
#pragma once

#include <memory>

#include "cuse_binder/frontends/area_server.h"
#include "cuse_binder/frontends/device_file.h"
#include "cuse_binder/frontends/late_answers.h"

namespace cuse_binder::frontends {

// What all open files of a CUSE device use; outlives them.
struct CuseServices {
  FileServices common;
  AreaServer& areas;
};

class CuseFile final : public DeviceFile {
 public:
  static base::Result<std::unique_ptr<CuseFile>> open(const fuse_ctx& caller, bool nonblocking,
                                                      protocol::Device& device, const CuseServices& services);

  struct Ioctl {
    std::uint32_t command;
    std::uint64_t address;             // the caller's argument
    std::span<const std::byte> bytes;  // what the kernel copied in, after it was asked to
    std::size_t room;                  // how much it will copy out
  };
  void ioctl(Reply& reply, const Ioctl& call);

 private:
  CuseFile(std::shared_ptr<protocol::Session> session, const CuseServices& services);
  using DeviceFile::ioctl;
  void offer_area(Reply& reply, const Ioctl& call);
  void note_mapping(Reply& reply, const Ioctl& call);
  bool is_opener(pid_t tid) const;
  void ended() override { cuse_.areas.revoke(grant_.get()); }

  const CuseServices& cuse_;
  const std::shared_ptr<AreaGrant> grant_;
  const std::shared_ptr<LateAnswers> late_;
};

}  // namespace cuse_binder::frontends
