// An open device file of any door: takes ioctl, poll, flush and release to its Session.
//
// How the client's argument and mapping travel is the door's: see MountedFile and CuseFile.
#pragma once

#include <atomic>
#include <memory>

#include "cuse_binder/base/result.h"
#include "cuse_binder/frontends/fuse_request.h"
#include "cuse_binder/frontends/open_file.h"
#include "cuse_binder/frontends/watchdog.h"
#include "cuse_binder/protocol/driver.h"

namespace cuse_binder::frontends {

// What all device files of a door use; outlives them.
struct FileServices {
  Watchdog& watchdog;
  // Called by libfuse when a request of the open file `handle` is interrupted.
  void (*interrupted)(fuse_req_t request, void* handle);
  // The door is being closed: requests that come now are refused.
  const std::atomic<bool>& closing;
  std::atomic<std::uint64_t>& ioctls;
};

class DeviceFile : public OpenFile {
 public:
  const std::shared_ptr<protocol::Session>& session() const { return session_; }

  void poll(Reply& reply, fuse_pollhandle* waiter) override;
  void flush() override;
  void release() override;

  // Hands a request to the driver, in a worker.
  static void serve(std::unique_ptr<FuseRequest> request,
                    const std::shared_ptr<protocol::Session>& session) noexcept;

 protected:
  DeviceFile(std::shared_ptr<protocol::Session> session, const FileServices& services);

  // What every door knows of an opener.
  static protocol::OpenInfo open_info(const fuse_ctx& caller, bool nonblocking);
  // ESRCH for openers that the daemon cannot see.
  static base::Result<std::shared_ptr<protocol::Session>> open_session(protocol::Device& device,
                                                                       protocol::OpenInfo info);

  pid_t process() const { return process_; }
  const FileServices& services() const { return services_; }
  // Counts an ioctl; true if it was refused because the door is being closed.
  bool refuse(Reply& reply);
  // Takes the ioctl of `reply` over; null if there is no memory, and then it was answered.
  std::unique_ptr<FuseRequest> make_request(Reply& reply, std::uint32_t command,
                                            std::span<const std::byte> argument);
  // Serves the request, now or later; this file may be gone when it returns.
  void hand_over(std::unique_ptr<FuseRequest> request);
  // A thread of the client sits in a request on this file.
  virtual void seen(pid_t) {}
  // The last request has come.
  virtual void ended() {}

 private:
  const FileServices& services_;
  const std::shared_ptr<protocol::Session> session_;
  const pid_t process_;
  std::atomic<bool> released_{false};
};

}  // namespace cuse_binder::frontends
