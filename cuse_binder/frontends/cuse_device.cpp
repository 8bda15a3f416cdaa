#include "cuse_binder/frontends/cuse_device.h"

#include <fcntl.h>

#include <cerrno>

#include "cuse_binder/frontends/request_guard.h"

namespace cuse_binder::frontends {

struct CuseOperations {
  static CuseDevice& device(fuse_req_t request) {
    return *static_cast<CuseDevice*>(static_cast<FuseChannel*>(fuse_req_userdata(request))->context());
  }
  static CuseFile& file(const fuse_file_info* info) { return static_cast<CuseFile&>(OpenFile::of(*info)); }

  static void open(fuse_req_t request, fuse_file_info* info) {
    guard_request(request, [&](Reply& reply) { device(request).open(reply, *info); });
  }
  // As the kernel's driver, which has neither.
  static void read(fuse_req_t request, std::size_t, off_t, fuse_file_info*) {
    fuse_reply_err(request, EINVAL);
  }
  static void write(fuse_req_t request, const char*, std::size_t, off_t, fuse_file_info*) {
    fuse_reply_err(request, EINVAL);
  }
  static void ioctl(fuse_req_t request, int command, void* argument, fuse_file_info* info, unsigned,
                    const void* in, std::size_t in_size, std::size_t out_size) {
    guard_request(request, [&](Reply& reply) {
      file(info).ioctl(reply,
                       {static_cast<std::uint32_t>(command), reinterpret_cast<std::uintptr_t>(argument),
                        std::span(static_cast<const std::byte*>(in), in_size), out_size});
    });
  }
  static void poll(fuse_req_t request, fuse_file_info* info, fuse_pollhandle* waiter) {
    guard_request(request, [&](Reply& reply) { file(info).poll(reply, waiter); });
  }
  static void release(fuse_req_t request, fuse_file_info* info) {
    guard_request(request, [&](Reply& reply) {
      device(request).release(*info);
      reply.error(0);
    });
  }

  static const cuse_lowlevel_ops& table() {
    static const cuse_lowlevel_ops table = [] {
      cuse_lowlevel_ops ops{};
      ops.open = &open;
      ops.read = &read;
      ops.write = &write;
      ops.ioctl = &ioctl;
      ops.poll = &poll;
      ops.release = &release;
      return ops;
    }();
    return table;
  }
};

CuseDevice::CuseDevice(Parts parts)
    : parts_(std::move(parts)),
      services_{{parts_.crew.watchdog(), &CuseDevice::interrupted, files_.closing(), ioctls_}, parts_.areas} {
}

CuseDevice::~CuseDevice() {
  remove();
}

int CuseDevice::start(base::UniqueFd cuse_fd) {
  FuseChannel::Options options;
  options.readers = parts_.readers;
  options.lost = parts_.lost;
  options.no_longer_stuck = [this](Worker& worker) { parts_.crew.no_longer_stuck(worker); };
  auto channel = FuseChannel::create_cuse(std::move(cuse_fd), CuseOperations::table(), parts_.name, this,
                                          parts_.crew.workers(), std::move(options));
  if (!channel) return channel.error();
  channel_ = std::move(channel.value());
  const int error = channel_->start();
  serves_.store(error == 0, std::memory_order_release);
  return error;
}

void CuseDevice::close_files() {
  files_.close(&parts_.crew.watchdog());
}

void CuseDevice::stop() noexcept {
  if (channel_) channel_->stop();
}

void CuseDevice::remove() {
  files_.clear();
  serves_ = false;
  channel_.reset();
}

void CuseDevice::open(Reply& reply, fuse_file_info info) {
  if (files_.closing()) return reply.error(ENOTCONN);
  auto file = CuseFile::open(reply.caller(), (info.flags & O_NONBLOCK) != 0, *parts_.context, services_);
  if (!file) return reply.error(file.error());
  const std::shared_ptr<CuseFile> opened(std::move(file.value()));
  info.fh = opened->handle();
  if (!files_.add_device(opened)) {
    opened->release();
    return reply.error(ENOTCONN);
  }
  // If the opener was killed meanwhile, there will be no RELEASE.
  if (fuse_reply_open(reply.take(), &info) != 0) release(info);
}

void CuseDevice::release(const fuse_file_info& info) {
  if (const auto file = files_.take(info.fh)) file->release();
}

void CuseDevice::interrupted(fuse_req_t request, void* handle) noexcept {
  CuseDevice& self = CuseOperations::device(request);
  self.files_.interrupt(reinterpret_cast<std::uint64_t>(handle), fuse_req_ctx(request)->pid,
                        FuseRequest::id_of(request), self.parts_.crew.watchdog());
}

}  // namespace cuse_binder::frontends
