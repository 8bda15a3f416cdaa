// One BINDER_FREEZE: applies to every open file of a pid, newest first, and may wait for each to drain.
//
// While it waits, the core owns it (as the waiter of the process that is being frozen).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "cuse_binder/protocol/request.h"
#include "cuse_binder/protocol/resumable.h"
#include "cuse_binder/uapi/binder.h"

namespace cuse_binder::protocol {

class SessionImpl;

class FreezeOperation final : public Resumable {
 public:
  static void start(std::shared_ptr<SessionImpl> caller, std::unique_ptr<Request> request);
  // A signal for the request that waits for `target`. False if it is over already.
  static bool interrupt(SessionImpl& target, std::uint64_t request_id);

  uid_t euid() const override { return request_->euid; }
  void resumed(std::unique_ptr<Resumable> self) override;

 private:
  FreezeOperation(std::shared_ptr<SessionImpl> caller, std::unique_ptr<Request> request, const binder_freeze_info& info)
      : caller_(std::move(caller)), request_(std::move(request)), info_(info) {}

  static void go_on(std::unique_ptr<FreezeOperation> self);
  // The present target has drained, timed out or ended. False: the operation failed and is answered.
  bool finish_target(core::Outbox& out);
  void answer(int error);
  static std::unique_ptr<FreezeOperation> take_waiting(SessionImpl& target, std::uint64_t request_id, bool cancel);

  std::shared_ptr<SessionImpl> caller_;
  std::unique_ptr<Request> request_;
  const binder_freeze_info info_;
  std::vector<std::shared_ptr<SessionImpl>> targets_;
  std::size_t next_ = 0;
  std::uint64_t timer_ = 0;
};

}  // namespace cuse_binder::protocol
