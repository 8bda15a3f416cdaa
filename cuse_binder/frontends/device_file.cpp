#include "cuse_binder/frontends/device_file.h"

#include <poll.h>

#include <cerrno>
#include <cstring>
#include <new>

#include "cuse_binder/base/log.h"
#include "cuse_binder/frontends/mapping_finder.h"
#include "cuse_binder/frontends/worker.h"
#include "cuse_binder/protocol/elsewhere.h"
#include "cuse_binder/uapi/binder.h"

namespace cuse_binder::frontends {
namespace {

// Wakes poll(2) and epoll in the kernel; the handle dies with it.
class FusePollWaiter final : public protocol::PollWaiter {
 public:
  explicit FusePollWaiter(fuse_pollhandle* handle) : handle_(handle) {}
  ~FusePollWaiter() override { fuse_pollhandle_destroy(handle_); }
  void notify() noexcept override { fuse_lowlevel_notify_poll(handle_); }

 private:
  fuse_pollhandle* const handle_;
};

// Whether the driver will read commands from the client's memory first of all.
bool carries_commands(const FuseRequest& request) {
  binder_write_read bwr;
  if (request.command != BINDER_WRITE_READ || request.argument.size() < sizeof bwr) return false;
  std::memcpy(&bwr, request.argument.data(), sizeof bwr);
  return bwr.write_consumed < bwr.write_size;
}

}  // namespace

void OpenFile::poll(Reply& reply, fuse_pollhandle* waiter) {
  if (waiter != nullptr) fuse_pollhandle_destroy(waiter);
  reply.poll(POLLIN | POLLOUT);  // as files without a poll operation
}

DeviceFile::DeviceFile(std::shared_ptr<protocol::Session> session, const FileServices& services)
    : services_(services), session_(std::move(session)), process_(session_->pid()) {}

protocol::OpenInfo DeviceFile::open_info(const fuse_ctx& caller, bool nonblocking) {
  protocol::OpenInfo info;
  info.tid = caller.pid;
  info.euid = caller.uid;
  info.nonblocking = nonblocking;
  info.is_nonblocking = [nonblocking](pid_t tid) { return is_nonblocking_now(tid, nonblocking); };
  info.is_interrupted = has_signal;
  return info;
}

base::Result<std::shared_ptr<protocol::Session>> DeviceFile::open_session(protocol::Device& device,
                                                                          protocol::OpenInfo info) {
  if (info.tid == 0) {
    CB_LOG_LIMITED(base::Layer::frontend, spdlog::level::warn,
                   "a client that is not visible in the daemon's pid namespace tried to open {}",
                   device.name());
    return base::Errno{ESRCH};
  }
  return device.open(std::move(info));
}

bool DeviceFile::refuse(Reply& reply) {
  services_.ioctls.fetch_add(1, std::memory_order_relaxed);
  if (!services_.closing.load(std::memory_order_relaxed)) return false;
  reply.error(ENOTCONN);
  return true;
}

std::unique_ptr<FuseRequest> DeviceFile::make_request(Reply& reply, std::uint32_t command,
                                                      std::span<const std::byte> argument) {
  seen(reply.caller().pid);
  const fuse_req_t handle = reply.take();
  try {
    return std::make_unique<FuseRequest>(handle, command, argument, process_, services_.watchdog);
  } catch (const std::bad_alloc&) {
    fuse_reply_err(handle, ENOMEM);
    return nullptr;
  }
}

void DeviceFile::hand_over(std::unique_ptr<FuseRequest> request) {
  const auto session = session_;  // this file may be released as soon as the request is answered
  void* const file = reinterpret_cast<void*>(handle());
  Worker* worker = WorkerSet::current();
  // From here on an interrupt must find the request: here, postponed, or parked in the session.
  if (worker != nullptr) worker->current = request->id;
  session->expect(request->id);
  fuse_req_interrupt_func(request->handle(), services_.interrupted, file);
  if (services_.watchdog.must_wait(process_) && services_.watchdog.postpone(request, session)) {
    if (worker != nullptr) worker->current = 0;
    return;
  }
  // An interrupt that comes while the request is on its way elsewhere is noted by the session.
  if (carries_commands(*request) &&
      protocol::continue_elsewhere(
          request->euid, request,
          [session, process = process_, &watchdog = services_.watchdog](std::unique_ptr<FuseRequest> later) {
            if (!watchdog.must_wait(process) || !watchdog.postpone(later, session))
              serve(std::move(later), session);
          })) {
    if (worker != nullptr) worker->current = 0;
    return;
  }
  serve(std::move(request), session);
}

void DeviceFile::serve(std::unique_ptr<FuseRequest> request,
                       const std::shared_ptr<protocol::Session>& session) noexcept {
  Worker* worker = WorkerSet::current();
  const std::uint64_t id = request->id;
  const pid_t tid = request->tid;
  if (worker != nullptr) worker->current = id;
  try {
    session->ioctl(std::move(request));  // if it throws, the request's destructor has answered
  } catch (const std::exception& error) {
    CB_LOG_LIMITED(base::Layer::frontend, spdlog::level::err, "ioctl of thread {}: {}", tid, error.what());
  }
  if (worker == nullptr) return;
  worker->current = 0;
  if (worker->interrupted == id) {  // it came while the request was not parked yet; perhaps it is now
    worker->interrupted = 0;
    session->interrupt(tid, id);
  }
}

void DeviceFile::poll(Reply& reply, fuse_pollhandle* handle) {
  std::unique_ptr<protocol::PollWaiter> waiter;
  if (handle != nullptr) waiter = std::make_unique<FusePollWaiter>(handle);
  const pid_t tid = reply.caller().pid;
  seen(tid);
  reply.poll(session_->poll(tid, std::move(waiter)) ? POLLIN : 0);
}

void DeviceFile::flush() {
  session_->flush();
}

void DeviceFile::release() {
  if (released_.exchange(true)) return;
  ended();
  session_->release();
}

}  // namespace cuse_binder::frontends
