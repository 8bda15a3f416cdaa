// libfuse's callbacks. Each finds its FileSystem, and lets no exception out.
#include <sys/statvfs.h>

#include <cerrno>

#include "cuse_binder/frontends/file_system.h"
#include "cuse_binder/frontends/request_guard.h"

namespace cuse_binder::frontends {

struct Operations {
  static FileSystem& file_system(fuse_req_t request) {
    return *static_cast<FileSystem*>(static_cast<FuseChannel*>(fuse_req_userdata(request))->context());
  }

  template <typename Body>
  static void run(fuse_req_t request, Body body) noexcept {
    FileSystem& files = file_system(request);
    guard_request(request, [&](Reply& reply) { body(files, reply); });
  }

  static void look_up(fuse_req_t request, fuse_ino_t parent, const char* name) {
    run(request, [&](FileSystem& files, Reply& reply) { files.look_up(reply, parent, name); });
  }
  static void forget(fuse_req_t request, fuse_ino_t number, std::uint64_t lookups) {
    file_system(request).tree().forget(number, lookups);
    fuse_reply_none(request);
  }
  static void get_attributes(fuse_req_t request, fuse_ino_t number, fuse_file_info*) {
    run(request, [&](FileSystem& files, Reply& reply) { files.get_attributes(reply, number); });
  }
  static void set_attributes(fuse_req_t request, fuse_ino_t number, struct stat* attributes, int which,
                             fuse_file_info*) {
    run(request,
        [&](FileSystem& files, Reply& reply) { files.set_attributes(reply, number, *attributes, which); });
  }
  static void unlink(fuse_req_t request, fuse_ino_t parent, const char* name) {
    run(request, [&](FileSystem& files, Reply& reply) { reply.error(files.tree().unlink(parent, name)); });
  }
  static void rename(fuse_req_t request, fuse_ino_t parent, const char* name, fuse_ino_t new_parent,
                     const char* new_name, unsigned flags) {
    run(request, [&](FileSystem& files, Reply& reply) {
      reply.error(files.tree().rename(parent, name, new_parent, new_name, flags));
    });
  }

  // Only binder-control makes files.
  static void mknod(fuse_req_t request, fuse_ino_t, const char*, mode_t, dev_t) {
    fuse_reply_err(request, EPERM);
  }
  static void mkdir(fuse_req_t request, fuse_ino_t, const char*, mode_t) { fuse_reply_err(request, EPERM); }
  static void rmdir(fuse_req_t request, fuse_ino_t, const char*) { fuse_reply_err(request, EPERM); }
  static void symlink(fuse_req_t request, const char*, fuse_ino_t, const char*) {
    fuse_reply_err(request, EPERM);
  }
  static void link(fuse_req_t request, fuse_ino_t, fuse_ino_t, const char*) {
    fuse_reply_err(request, EPERM);
  }
  static void create(fuse_req_t request, fuse_ino_t, const char*, mode_t, fuse_file_info*) {
    fuse_reply_err(request, EACCES);
  }

  static void open(fuse_req_t request, fuse_ino_t number, fuse_file_info* info) {
    run(request, [&](FileSystem& files, Reply& reply) { files.open(reply, number, *info); });
  }
  static void read(fuse_req_t request, fuse_ino_t, std::size_t size, off_t offset, fuse_file_info* info) {
    run(request, [&](FileSystem&, Reply& reply) { OpenFile::of(*info).read(reply, size, offset); });
  }
  static void write(fuse_req_t request, fuse_ino_t, const char*, std::size_t, off_t, fuse_file_info* info) {
    run(request, [&](FileSystem&, Reply& reply) { OpenFile::of(*info).write(reply); });
  }
  static void ioctl(fuse_req_t request, fuse_ino_t, unsigned command, void*, fuse_file_info* info,
                    unsigned flags, const void* in, std::size_t in_size, std::size_t) {
    run(request, [&](FileSystem&, Reply& reply) {
      if (flags & FUSE_IOCTL_DIR) return reply.error(ENOTTY);
      OpenFile::of(*info).ioctl(reply, command, {static_cast<const std::byte*>(in), in_size});
    });
  }
  static void poll(fuse_req_t request, fuse_ino_t, fuse_file_info* info, fuse_pollhandle* waiter) {
    run(request, [&](FileSystem&, Reply& reply) { OpenFile::of(*info).poll(reply, waiter); });
  }
  static void flush(fuse_req_t request, fuse_ino_t, fuse_file_info* info) {
    run(request, [&](FileSystem&, Reply& reply) {
      OpenFile::of(*info).flush();
      reply.error(0);
    });
  }
  static void release(fuse_req_t request, fuse_ino_t, fuse_file_info* info) {
    run(request, [&](FileSystem& files, Reply& reply) {
      files.release(*info);
      reply.error(0);
    });
  }
  static void fsync(fuse_req_t request, fuse_ino_t, int, fuse_file_info*) { fuse_reply_err(request, EINVAL); }

  static void open_directory(fuse_req_t request, fuse_ino_t number, fuse_file_info* info) {
    run(request, [&](FileSystem& files, Reply& reply) { files.open_directory(reply, number, *info); });
  }
  static void read_directory(fuse_req_t request, fuse_ino_t, std::size_t size, off_t offset,
                             fuse_file_info* info) {
    run(request, [&](FileSystem& files, Reply& reply) { files.read_directory(reply, *info, size, offset); });
  }
  static void statfs(fuse_req_t request, fuse_ino_t) {
    struct statvfs values {};
    values.f_bsize = values.f_frsize = 4096;
    values.f_namemax = 255;
    fuse_reply_statfs(request, &values);
  }
};

const fuse_lowlevel_ops& FileSystem::operations() {
  static const fuse_lowlevel_ops table = [] {
    fuse_lowlevel_ops ops{};
    ops.lookup = &Operations::look_up;
    ops.forget = &Operations::forget;
    ops.getattr = &Operations::get_attributes;
    ops.setattr = &Operations::set_attributes;
    ops.unlink = &Operations::unlink;
    ops.rename = &Operations::rename;
    ops.mknod = &Operations::mknod;
    ops.mkdir = &Operations::mkdir;
    ops.rmdir = &Operations::rmdir;
    ops.symlink = &Operations::symlink;
    ops.link = &Operations::link;
    ops.create = &Operations::create;
    ops.open = &Operations::open;
    ops.read = &Operations::read;
    ops.write = &Operations::write;
    ops.ioctl = &Operations::ioctl;
    ops.poll = &Operations::poll;
    ops.flush = &Operations::flush;
    ops.release = &Operations::release;
    ops.fsync = &Operations::fsync;
    ops.opendir = &Operations::open_directory;
    ops.readdir = &Operations::read_directory;
    ops.releasedir = &Operations::release;
    ops.statfs = &Operations::statfs;
    return ops;
  }();
  return table;
}

}  // namespace cuse_binder::frontends
