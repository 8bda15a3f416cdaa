// A connection to the kernel's FUSE or CUSE: libfuse's session, the transport below it, and what libfuse 3.14
// does not know yet.
//
// libfuse offers hooks for its reads and writes. Reads are not needed: the transport gives whole messages to
// fuse_session_process_buf(). In the hook for writes two replies are completed, INIT (passthrough, io_uring)
// and OPEN (the backing file), and then everything goes to the transport.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "cuse_binder/base/result.h"
#include "cuse_binder/base/unique_fd.h"
#include "cuse_binder/frontends/fuse_mount.h"
#include "cuse_binder/frontends/fuse_session.h"
#include "cuse_binder/frontends/fuse_transport.h"
#include "cuse_binder/frontends/worker.h"

namespace cuse_binder::frontends {

class FuseChannel final : private MessageSink {
 public:
  struct Options {
    TransportChoice transport = TransportChoice::auto_select;
    unsigned readers = 0;
    std::function<void(unsigned cpu)> nudge;  // see make_uring_transport
    bool passthrough = true;                  // use it if the kernel offers it
    std::function<void()> negotiated;         // INIT is done; before any other request is taken
    std::function<void()> lost;               // the connection has ended; once, from a worker
    // Called by a worker that was declared stuck, when it has finished its request.
    std::function<void(Worker&)> no_longer_stuck;
  };

  // `operations` get the channel as fuse_req_userdata(); `context` is for them. `workers` is borrowed.
  static base::Result<std::unique_ptr<FuseChannel>> create(base::UniqueFd fuse_fd,
                                                           const fuse_lowlevel_ops& operations, void* context,
                                                           WorkerSet& workers, Options options);
  // The same for a character device: `cuse_fd` is an open /dev/cuse, `name` becomes the device's. Arguments
  // of ioctls come as the caller's pointers ("unrestricted"). Always read and write, never passthrough.
  static base::Result<std::unique_ptr<FuseChannel>> create_cuse(base::UniqueFd cuse_fd,
                                                                const cuse_lowlevel_ops& operations,
                                                                const std::string& name, void* context,
                                                                WorkerSet& workers, Options options);
  ~FuseChannel();  // after WorkerSet::join_all()

  // Answers the kernel's INIT, which is the first message, and begins to serve. A positive errno on failure;
  // EEXIST if the kernel did not make the character device, which it does when another has its name.
  int start();
  void hurry() noexcept {
    if (transport_) transport_->hurry();
  }
  void stop() noexcept;

  void* context() const { return context_; }
  FuseTransport& transport() { return *transport_; }
  fuse_session* session() { return session_; }
  // What INIT agreed on.
  bool passthrough() const { return passthrough_; }

  // Registers a file that mmap of an open file shall reach: an id, or a negative errno.
  int open_backing(int fd);
  void close_backing(int id) noexcept;
  // fuse_reply_open() with that backing file (0: none).
  int reply_open(fuse_req_t request, const fuse_file_info& info, int backing_id) noexcept;

 private:
  FuseChannel(base::UniqueFd fuse_fd, void* context, WorkerSet& workers, Options options);
  void handle(std::byte* message, std::size_t size) noexcept override;
  static ssize_t write_hook(int fd, iovec* pieces, int count, void* channel);
  ssize_t send(iovec* pieces, int count) noexcept;
  int adopt(fuse_session* session);
  int negotiate(std::span<const std::byte> init);
  bool hung_up() const;
  void complete_init(iovec* pieces, int count) noexcept;
  int begin_transport();
  void report_lost();

  const int fd_;  // owned by session_
  void* const context_;
  WorkerSet& workers_;
  Options options_;
  fuse_session* session_ = nullptr;
  bool is_cuse_ = false;
  std::unique_ptr<FuseTransport> transport_;
  std::atomic<bool> lost_{false};
  std::uint64_t init_unique_ = 0;    // while INIT is being answered
  std::uint64_t offered_flags_ = 0;  // by the kernel, in INIT
  bool passthrough_ = false;
  bool over_uring_ = false;
};

}  // namespace cuse_binder::frontends
