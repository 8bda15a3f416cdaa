// Keeps the mappings of clients fresh on kernels without passthrough (before Linux 6.9).
//
// There a client maps the pages that the kernel has cached of the device file. A page that is not cached is
// asked for by a READ, which is answered from the receive area; so what is cached must be dropped before a
// client is told of new data. That may wait for such a READ. Workers must therefore not do it themselves, or
// all of them could wait for READs that none of them is left to answer.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <span>
#include <thread>

#include "cuse_binder/frontends/fuse_session.h"

namespace cuse_binder::frontends {

class PageFeeder {
 public:
  PageFeeder() = default;
  PageFeeder(const PageFeeder&) = delete;
  PageFeeder& operator=(const PageFeeder&) = delete;
  ~PageFeeder() { stop(); }

  void start(fuse_session* session);
  // Until then, every answer() that was accepted is sent; afterwards none is accepted.
  void stop();

  // Whether this answer to `command` tells the client of new data.
  static bool concerns(std::uint32_t command, int error, std::span<const std::byte> out);
  // Answers the ioctl after dropping the cached pages of `inode`. False, and nothing done, if it is not
  // running.
  bool answer(fuse_req_t request, std::uint64_t inode, std::span<const std::byte> out) noexcept;

 private:
  static constexpr std::size_t kMostBytes = 48;  // a binder_write_read
  struct Answer {
    fuse_req_t request;
    std::uint64_t inode;
    std::array<std::byte, kMostBytes> bytes;
  };
  void run();

  fuse_session* session_ = nullptr;
  std::thread thread_;
  std::atomic<bool> running_{false};

  std::mutex mutex_;  // guards what follows
  std::condition_variable wanted_;
  std::deque<Answer> answers_;
  bool stopping_ = false;
};

}  // namespace cuse_binder::frontends
