// An ioctl that came through libfuse.
//
// It may be answered by three parties that do not know of each other: the driver, the watchdog on behalf of a
// worker that is stuck, and the destructor. The first one wins.
#pragma once

#include <atomic>
#include <memory>

#include "cuse_binder/frontends/fuse_session.h"
#include "cuse_binder/protocol/request.h"

namespace cuse_binder::frontends {

class LateAnswers;
class PageFeeder;
class Watchdog;

class FuseRequest final : public protocol::Request {
 public:
  // `process` is the client that is to blame if the worker gets stuck.
  FuseRequest(fuse_req_t handle, std::uint32_t command, std::span<const std::byte> argument, pid_t process,
              Watchdog& watchdog);
  // Where mappings have to be kept fresh; `inode` is that of the open file.
  void feed_pages(PageFeeder& feeder, std::uint64_t inode) {
    feeder_ = &feeder;
    inode_ = inode;
  }
  // The argument is at `address` in the client. Bytes that an answer brings go there by way of `late`.
  void argument_is_at(std::uint64_t address, std::shared_ptr<LateAnswers> late);
  ~FuseRequest() override;
  FuseRequest(const FuseRequest&) = delete;
  FuseRequest& operator=(const FuseRequest&) = delete;

  fuse_req_t handle() const { return handle_.load(std::memory_order_relaxed); }  // null once answered
  static std::uint64_t id_of(fuse_req_t handle) { return reinterpret_cast<std::uint64_t>(handle); }

  void answer(int error, std::span<const std::byte> out) noexcept override;
  void client_access_begins() noexcept override;
  void client_access_ends() noexcept override;
  bool abandoned() const noexcept override { return abandoned_.load(std::memory_order_acquire); }

  pid_t process() const { return process_; }
  // Answers EINTR in place of the worker that is stuck with it.
  void abandon() noexcept;
  void note_interrupt() noexcept { interrupted_ = true; }
  bool interrupted() const noexcept { return interrupted_; }

  // Whether the kernel has said so to libfuse; only while it is certainly unanswered.
  bool was_interrupted() const noexcept { return fuse_req_interrupted(handle_) != 0; }

  // Requests are made and destroyed at every ioctl, often by different threads.
  static void* operator new(std::size_t size);
  static void operator delete(void* memory) noexcept;

 private:
  std::atomic<fuse_req_t> handle_;  // null once answered
  std::atomic<bool> abandoned_{false};
  std::atomic<bool> interrupted_{false};
  const pid_t process_;
  Watchdog& watchdog_;
  PageFeeder* feeder_ = nullptr;
  std::uint64_t inode_ = 0;
  std::unique_ptr<std::byte[]> large_;
  std::shared_ptr<LateAnswers> late_;
};

}  // namespace cuse_binder::frontends
