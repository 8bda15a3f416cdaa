// A request other than a device ioctl, to be answered once: by one of these calls, or with EIO when it is
// dropped.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "cuse_binder/frontends/fuse_session.h"

namespace cuse_binder::frontends {

class Reply {
 public:
  explicit Reply(fuse_req_t request) : request_(request) {}
  Reply(const Reply&) = delete;
  Reply& operator=(const Reply&) = delete;
  ~Reply() {
    if (request_ != nullptr) error(EIO);
  }

  const fuse_ctx& caller() const { return *fuse_req_ctx(request_); }
  bool pending() const { return request_ != nullptr; }

  void error(int number) { fuse_reply_err(take(), number); }  // 0: success without data
  void entry(const fuse_entry_param& entry) { fuse_reply_entry(take(), &entry); }
  void attributes(const struct stat& attributes, double timeout) {
    fuse_reply_attr(take(), &attributes, timeout);
  }
  void open(const fuse_file_info& info) { fuse_reply_open(take(), &info); }
  void data(std::span<const char> bytes) { fuse_reply_buf(take(), bytes.data(), bytes.size()); }
  void statfs(const struct statvfs& values) { fuse_reply_statfs(take(), &values); }
  void poll(unsigned events) { fuse_reply_poll(take(), events); }
  void ioctl(int error, std::span<const std::byte> out) {
    fuse_reply_ioctl(take(), -error, out.data(), out.size());
  }

  // An ioctl whose caller's pointer was passed on: the kernel shall ask again with the first `in` bytes
  // there, and with room for an answer of `out` bytes that it copies back to them.
  void ioctl_again(std::uint64_t address, std::size_t in, std::size_t out) {
    const iovec from{reinterpret_cast<void*>(address), in}, to{reinterpret_cast<void*>(address), out};
    fuse_reply_ioctl_retry(take(), &from, in > 0 ? 1 : 0, &to, out > 0 ? 1 : 0);
  }

  // The request itself, for somebody else to answer.
  fuse_req_t take() { return std::exchange(request_, nullptr); }

 private:
  fuse_req_t request_;
};

}  // namespace cuse_binder::frontends
