// The one implementation of Session.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "cuse_binder/client/receive_area.h"
#include "cuse_binder/core/context.h"
#include "cuse_binder/protocol/charged_file.h"
#include "cuse_binder/protocol/device_impl.h"
#include "cuse_binder/protocol/session.h"
#include "cuse_binder/protocol/write_read.h"

namespace cuse_binder::protocol {

class SessionImpl final : public Session, public core::Owner, public std::enable_shared_from_this<SessionImpl> {
 public:
  SessionImpl(std::shared_ptr<DeviceImpl> device, OpenInfo info, client::ProcessIdentity identity,
              std::unique_ptr<client::ReceiveArea> area);
  ~SessionImpl() override;
  // Second half of construction: the core keeps us alive from here until release().
  void attach(bool owns_log_entry);

  // Session
  client::ReceiveArea& receive_area() override { return *area_; }
  void set_mapping(Mapping mapping) override;
  void ioctl(std::unique_ptr<Request> request) override;
  void expect(std::uint64_t id) override {
    if (has_early_interrupts()) forget_early_interrupt(id);
  }
  bool interrupt(pid_t tid, std::uint64_t id) override;
  bool poll(pid_t tid, std::unique_ptr<PollWaiter> waiter) override;
  void flush() override;
  void release() override;
  void thread_gone(pid_t tid) override;
  pid_t pid() const override { return identity_.pid; }
  bool owns_log_entry() const override { return owns_log_entry_; }

  // core::Owner
  int pid_seen_by(const core::Owner& observer) const override;

  // For the operations.
  DeviceImpl& device() const { return *device_; }
  base::Guarded<core::Context>& context() const { return device_->context(); }
  core::Process& process() const { return *process_; }
  // Null once it was released; read under the context's lock by those who do not work for this session.
  core::Process* process_if_open() const { return process_; }
  const OpenInfo& info() const { return info_; }
  const FileCharge& file_charge() const { return file_charge_; }
  // Looks for the mapping of this client (as the target of somebody's transaction); no locks held.
  void seek_mapping();
  // Gives pages of the area back; `offset` as the core counts. Under the context's lock.
  void discard(std::uint64_t offset, std::uint64_t size);
  bool maybe_nonblocking() const { return nonblocking_.load(std::memory_order_relaxed); }
  bool is_nonblocking_now(pid_t tid);  // slow: asks the door
  // Ends a parked read with EAGAIN or EINTR; false if it is not parked (any more).
  bool end_parked(pid_t tid, std::uint64_t id, int error);
  // A freeze that this session's client waits for, so that a signal can end it.
  void set_freezing(std::uint64_t request_id, std::weak_ptr<SessionImpl> target);
  void clear_freezing(std::uint64_t request_id);
  // Ends an operation's read half that found nothing while its thread was being interrupted; under the context's lock.
  bool take_early_interrupt(std::uint64_t id);
  void forget_early_interrupt(std::uint64_t id);
  bool has_early_interrupts() const { return early_interrupts_pending_.load(std::memory_order_relaxed) > 0; }
  // Keeps a suspended operation until its thread repeats the ioctl.
  void keep_suspended(pid_t tid, std::unique_ptr<WriteRead> operation);
  std::unique_ptr<WriteRead> take_suspended(pid_t tid);
  WriteRead* suspended(pid_t tid);  // under suspended_mutex()
  std::mutex& suspended_mutex() { return suspended_mutex_; }
  // An operation is being worked on; release() waits for the last one (it never blocks: the last one releases).
  void begin_work() { working_.fetch_add(1, std::memory_order_relaxed); }
  void end_work();

 private:
  std::unique_ptr<WriteRead> take_parked(core::Context& context, pid_t tid, std::uint64_t id, core::Outbox& out);
  void simple_ioctl(Request& request);
  void release_now();

  const std::shared_ptr<DeviceImpl> device_;
  const OpenInfo info_;
  const client::ProcessIdentity identity_;
  const std::unique_ptr<client::ReceiveArea> area_;
  const FileCharge file_charge_ = std::make_shared<std::atomic<int>>(0);
  core::Process* process_ = nullptr;
  std::uint64_t area_offset_ = 0;  // where the client's mapping begins in the area
  bool owns_log_entry_ = false;
  std::atomic<bool> nonblocking_;

  std::atomic<int> working_{0};
  std::atomic<bool> release_wanted_{false};
  std::atomic<bool> released_{false};

  // Signals that came before the read they interrupt was parked. Innermost lock.
  std::atomic<int> early_interrupts_pending_{0};
  std::mutex early_mutex_;
  std::vector<std::uint64_t> early_interrupts_;
  std::map<std::uint64_t, std::weak_ptr<SessionImpl>> freezing_;  // same lock

  std::atomic<int> suspended_count_{0};
  std::mutex suspended_mutex_;
  std::map<pid_t, std::unique_ptr<WriteRead>> suspended_;
};

}  // namespace cuse_binder::protocol
