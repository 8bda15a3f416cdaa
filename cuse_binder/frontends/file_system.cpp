#include "cuse_binder/frontends/file_system.h"

#include <fcntl.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "cuse_binder/base/log.h"
#include "cuse_binder/frontends/control_file.h"
#include "cuse_binder/frontends/text_file.h"

namespace cuse_binder::frontends {
namespace {

// A directory as it was when it was opened.
class DirectoryFile final : public OpenFile {
 public:
  explicit DirectoryFile(std::vector<DirectoryEntry> entries) : entries_(std::move(entries)) {}

  void list(Reply& reply, std::size_t size, off_t offset) {
    std::vector<char> buffer(size);
    std::size_t used = 0;
    for (std::size_t i = static_cast<std::size_t>(offset); i < entries_.size(); ++i) {
      struct stat attributes {};
      attributes.st_ino = entries_[i].number;
      attributes.st_mode = entries_[i].mode;
      const std::size_t needed =
          fuse_add_direntry(nullptr, buffer.data() + used, size - used, entries_[i].name.c_str(), &attributes,
                            static_cast<off_t>(i + 1));
      if (needed > size - used) break;
      used += needed;
    }
    reply.data(std::span<const char>(buffer.data(), used));
  }

 private:
  const std::vector<DirectoryEntry> entries_;
};

}  // namespace

FileSystem::FileSystem(protocol::Driver& driver, MountTree::Options options)
    : driver_(driver), tree_(driver, options) {}

void FileSystem::attach(FuseChannel& channel, Watchdog& watchdog, ThreadWatch& threads, PageFeeder& feeder) {
  services_ = std::make_unique<MountServices>(MountServices{
      {watchdog, &FileSystem::interrupted, files_.closing(), ioctls_}, channel, threads, feeder});
}

void FileSystem::set_device_number(unsigned major, unsigned minor) {
  device_number_ = static_cast<std::uint64_t>(major) << 32 | minor;
}

void FileSystem::look_up(Reply& reply, fuse_ino_t parent, const char* name) {
  auto found = tree_.look_up(parent, name);
  if (!found) return reply.error(found.error());
  // Timeouts are 0: each open of a device walks the path and gets an inode of its own, and chmod through one
  // inode shows in all others.
  fuse_entry_param entry{};
  entry.ino = found.value().number;
  entry.attr = found.value().attributes;
  reply.entry(entry);
}

void FileSystem::get_attributes(Reply& reply, fuse_ino_t number) {
  const auto attributes = tree_.attributes(number);
  if (!attributes) return reply.error(attributes.error());
  reply.attributes(attributes.value(), 0);
}

void FileSystem::set_attributes(Reply& reply, fuse_ino_t number, const struct stat& attributes, int which) {
  // Size and times are accepted and mean nothing, as with a device node.
  MountTree::Change change;
  if (which & FUSE_SET_ATTR_MODE) change.mode = attributes.st_mode;
  if (which & FUSE_SET_ATTR_UID) change.uid = attributes.st_uid;
  if (which & FUSE_SET_ATTR_GID) change.gid = attributes.st_gid;
  const auto result = tree_.change(number, change);
  if (!result) return reply.error(result.error());
  reply.attributes(result.value(), 0);
}

void FileSystem::open(Reply& reply, fuse_ino_t number, fuse_file_info info) {
  auto opened = tree_.open(number);
  if (!opened) return reply.error(opened.error());
  std::unique_ptr<OpenFile> file;
  switch (opened.value().kind) {
    case NodeKind::device:
      return open_device(reply, number, info, std::move(opened.value().device));
    case NodeKind::control:
      file = std::make_unique<ControlFile>(tree_);
      info.nonseekable = 1;
      break;
    case NodeKind::feature:
      file = std::make_unique<TextFile>(std::move(opened.value().text));
      break;
    case NodeKind::log:
      file = std::make_unique<TextFile>(driver_.log_text(opened.value().log));
      break;
    case NodeKind::process_log:
      file = std::make_unique<TextFile>(driver_.process_log_text(opened.value().process));
      break;
    case NodeKind::root:
    case NodeKind::directory:
    case NodeKind::process_logs:
      return reply.error(EISDIR);
  }
  info.fh = file->handle();
  info.direct_io = 1;
  files_.add(std::move(file));
  reply.open(info);
}

void FileSystem::open_device(Reply& reply, fuse_ino_t number, fuse_file_info info,
                             std::shared_ptr<DeviceEntry> entry) {
  if (files_.closing()) return reply.error(ENOTCONN);
  {
    // Two opens that met on one inode: the kernel looks the name up again when it is told so.
    const std::lock_guard lock(mutex_);
    if (!open_inodes_.insert(number).second) return reply.error(ESTALE);
  }
  FileIdentity identity;
  const std::uint64_t device = device_number_;
  identity.device_major = static_cast<unsigned>(device >> 32);
  identity.device_minor = static_cast<unsigned>(device);
  identity.inode = number;
  auto file = MountedFile::open(reply.caller(), (info.flags & O_NONBLOCK) != 0, std::move(entry), identity,
                                *services_);
  if (!file) {
    const std::lock_guard lock(mutex_);
    open_inodes_.erase(number);
    return reply.error(file.error());
  }
  const std::shared_ptr<MountedFile> opened(std::move(file.value()));
  info.fh = opened->handle();
  info.direct_io = 1;  // read and write come to us, mmap goes to the backing file
  if (!files_.add_device(opened)) {
    opened->release();
    return reply.error(ENOTCONN);
  }
  const int backing = opened->backing_id();
  if (services_->channel.reply_open(reply.take(), info, backing) != 0) {
    // The opener was killed meanwhile: there will be no RELEASE.
    release(info);
  }
}

void FileSystem::open_directory(Reply& reply, fuse_ino_t number, fuse_file_info info) {
  auto entries = tree_.list(number);
  if (!entries) return reply.error(entries.error());
  auto file = std::make_unique<DirectoryFile>(std::move(entries.value()));
  info.fh = file->handle();
  files_.add(std::move(file));
  reply.open(info);
}

void FileSystem::read_directory(Reply& reply, const fuse_file_info& info, std::size_t size, off_t offset) {
  static_cast<DirectoryFile&>(OpenFile::of(info)).list(reply, size, offset);
}

void FileSystem::release(const fuse_file_info& info) {
  const std::shared_ptr<OpenFile> file = files_.take(info.fh);
  if (file == nullptr) return;
  if (const auto* device = dynamic_cast<const MountedFile*>(file.get())) {
    const std::lock_guard lock(mutex_);
    open_inodes_.erase(device->inode());
  }
  file->release();
}

void FileSystem::close_devices() {
  files_.close(services_ ? &services_->common.watchdog : nullptr);
}

void FileSystem::drop_files() {
  files_.clear();
}

void FileSystem::interrupted(fuse_req_t request, void* handle) noexcept {
  auto& channel = *static_cast<FuseChannel*>(fuse_req_userdata(request));
  auto& self = *static_cast<FileSystem*>(channel.context());
  self.files_.interrupt(reinterpret_cast<std::uint64_t>(handle), fuse_req_ctx(request)->pid,
                        FuseRequest::id_of(request), self.services_->common.watchdog);
}

}  // namespace cuse_binder::frontends
