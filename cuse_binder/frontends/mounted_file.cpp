#include "cuse_binder/frontends/mounted_file.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "cuse_binder/base/log.h"
#include "cuse_binder/client/receive_area.h"

namespace cuse_binder::frontends {
namespace {

// The mapping of a file whose session does not exist yet when the function that looks for it has to be made.
struct MappingSearch {
  FileIdentity identity;
  std::atomic<pid_t> process{0};
};

}  // namespace

base::Result<std::unique_ptr<MountedFile>> MountedFile::open(const fuse_ctx& caller, bool nonblocking,
                                                             std::shared_ptr<DeviceEntry> entry,
                                                             FileIdentity identity,
                                                             const MountServices& services) {
  auto search = std::make_shared<MappingSearch>();
  search->identity = identity;
  auto info = open_info(caller, nonblocking);
  info.find_mapping = [search] { return find_mapping(search->process, search->identity); };
  auto session = open_session(*entry->device, std::move(info));
  if (!session) return base::Errno{session.error()};
  search->process = session.value()->pid();
  std::unique_ptr<MountedFile> file(
      new MountedFile(std::move(entry), std::move(session.value()), identity.inode, services));
  file->offer_receive_area();
  return file;
}

MountedFile::MountedFile(std::shared_ptr<DeviceEntry> entry, std::shared_ptr<protocol::Session> session,
                         std::uint64_t inode, const MountServices& services)
    : DeviceFile(std::move(session), services.common),
      mount_(services),
      entry_(std::move(entry)),
      inode_(inode),
      watched_(ThreadWatch::watched_threads(this->session())) {}

MountedFile::~MountedFile() {
  if (backing_id_ > 0) mount_.channel.close_backing(backing_id_);
}

void MountedFile::offer_receive_area() {
  if (!mount_.channel.passthrough()) return;
  backing_id_ = mount_.channel.open_backing(session()->receive_area().fd());
  if (backing_id_ > 0) return;
  CB_LOG_LIMITED(base::Layer::frontend, spdlog::level::warn, "passthrough of a receive area was refused: {}",
                 std::strerror(-backing_id_));
  backing_id_ = 0;
}

// With passthrough these are read(2). Without, they fill pages that the client mapped, and read(2) looks the
// same.
void MountedFile::read(Reply& reply, std::size_t size, off_t offset) {
  if (mount_.channel.passthrough()) return reply.error(EINVAL);
  client::ReceiveArea& area = session()->receive_area();
  const std::size_t begin = std::min(area.size(), static_cast<std::size_t>(std::max<off_t>(offset, 0)));
  // By way of the file, not of the mapping: on the same page others may be delivering at this moment, which
  // is no concern of whoever reads their own bytes but would be a race between two accesses to our memory.
  std::vector<char> bytes(std::min(size, area.size() - begin));
  const ssize_t got = pread(area.fd(), bytes.data(), bytes.size(), static_cast<off_t>(begin));
  if (got < 0) return reply.error(errno);
  reply.data({bytes.data(), static_cast<std::size_t>(got)});
}

void MountedFile::ioctl(Reply& reply, std::uint32_t command, std::span<const std::byte> argument) {
  if (refuse(reply)) return;
  auto request = make_request(reply, command, argument);
  if (request == nullptr) return;
  if (!mount_.channel.passthrough()) request->feed_pages(mount_.feeder, inode_);
  hand_over(std::move(request));
}

}  // namespace cuse_binder::frontends
