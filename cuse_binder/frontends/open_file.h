// An open file of the mount, from OPEN to RELEASE: a device file, binder-control, or a text.
//
// The kernel's file handle is the object's address. Calls below come while the kernel holds the file open,
// and release() is the last one; so they need no lookup.
#pragma once

#include <cstdint>
#include <span>

#include "cuse_binder/frontends/reply.h"

namespace cuse_binder::frontends {

class OpenFile {
 public:
  OpenFile() = default;
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  virtual ~OpenFile() = default;

  std::uint64_t handle() const { return reinterpret_cast<std::uint64_t>(this); }
  static OpenFile& of(const fuse_file_info& info) { return *reinterpret_cast<OpenFile*>(info.fh); }

  virtual void read(Reply& reply, std::size_t, off_t) { reply.error(EINVAL); }
  virtual void write(Reply& reply) { reply.error(EINVAL); }
  virtual void ioctl(Reply& reply, std::uint32_t, std::span<const std::byte>) { reply.error(ENOTTY); }
  virtual void poll(Reply& reply, fuse_pollhandle* waiter);  // takes over `waiter`, which may be null
  virtual void flush() {}
  virtual void release() {}  // also called when the mount ends first; then twice
};

}  // namespace cuse_binder::frontends
