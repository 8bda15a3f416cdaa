#include "cuse_binder/protocol/freeze_operation.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "cuse_binder/protocol/driver_impl.h"
#include "cuse_binder/protocol/session_impl.h"

namespace cuse_binder::protocol {
namespace {

// A signal that comes while a request is on its way is not always announced (OpenInfo::is_interrupted): hence a look.
constexpr std::chrono::milliseconds kLook{20};

}  // namespace

void FreezeOperation::start(std::shared_ptr<SessionImpl> caller, std::unique_ptr<Request> request) {
  binder_freeze_info info;
  std::memcpy(&info, request->argument.data(), sizeof info);
  core::Outbox out;
  {
    // Like every ioctl it makes the caller's thread state and clears must-return.
    const auto context = caller->context().lock();
    core::Thread& thread = context->enter(caller->process(), request->tid);
    context->leave(thread, true, out);
  }
  carry_out(out);
  std::unique_ptr<FreezeOperation> self(new FreezeOperation(caller, std::move(request), info));
  std::vector<std::pair<std::uint64_t, std::shared_ptr<SessionImpl>>> found;
  for (const auto& device : caller->device().driver().devices()) {
    const auto context = device->context().lock();
    context->for_each_process([&](core::Process& process) {
      if (process.pid != static_cast<pid_t>(info.pid)) return;
      found.emplace_back(process.sequence, static_cast<SessionImpl&>(*process.owner).shared_from_this());
    });
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  for (auto& [sequence, session] : found) self->targets_.push_back(std::move(session));
  if (self->targets_.empty()) {
    self->answer(EINVAL);
    return;
  }
  go_on(std::move(self));
}

void FreezeOperation::answer(int error) {
  caller_->clear_freezing(request_->id);
  if (caller_->has_early_interrupts()) caller_->forget_early_interrupt(request_->id);
  request_->answer(error, {});
}

void FreezeOperation::go_on(std::unique_ptr<FreezeOperation> self) {
  core::Outbox out;
  while (self->next_ < self->targets_.size()) {
    const std::shared_ptr<SessionImpl> target = self->targets_[self->next_];
    const std::shared_ptr<SessionImpl> caller = self->caller_;
    if (self->info_.enable == 0) {
      const auto context = target->context().lock();
      if (target->process_if_open() != nullptr) context->thaw(*target->process_if_open(), out);
    } else {
      const std::uint64_t id = self->request_->id;
      const pid_t tid = self->request_->tid;
      DriverImpl& driver = caller->device().driver();
      std::uint64_t timer = 0;
      bool waits = false;
      if (self->info_.timeout_ms > 0) {
        caller->set_freezing(id, target);
        // Armed before the operation can be given away.
        const std::weak_ptr<SessionImpl> weak = target;
        timer = driver.timer().after(std::chrono::milliseconds(self->info_.timeout_ms), [weak, id] {
          const auto frozen = weak.lock();
          if (!frozen) return;
          if (auto operation = take_waiting(*frozen, id, false)) {
            core::Outbox more;
            if (operation->finish_target(more)) go_on(std::move(operation));
            carry_out(more);
          }
        });
        self->timer_ = timer;
      }
      {
        const auto context = target->context().lock();
        if (core::Process* process = target->process_if_open()) {
          context->begin_freeze(*process);
          if (self->info_.timeout_ms > 0) {
            std::unique_ptr<core::Waiter> waiter = std::move(self);
            waits = !context->drained(*process, waiter);
            if (!waits) self.reset(static_cast<FreezeOperation*>(waiter.release()));
          }
        }
      }
      if (waits) {
        carry_out(out);
        // A signal that came before there was anything to interrupt.
        if (caller->has_early_interrupts() && caller->take_early_interrupt(id)) interrupt(*target, id);
        if (!caller->info().is_interrupted) return;
        driver.timer().after(kLook, [tid, id, waiting = std::weak_ptr(caller), frozen = std::weak_ptr(target)] {
          const auto session = waiting.lock();
          const auto drained = frozen.lock();
          if (session && drained && session->info().is_interrupted(tid)) interrupt(*drained, id);
        });
        return;
      }
      if (timer != 0) driver.timer().cancel(timer);
      if (!self->finish_target(out)) {
        carry_out(out);
        return;
      }
      continue;
    }
    ++self->next_;
  }
  self->answer(0);
  carry_out(out);
}

bool FreezeOperation::finish_target(core::Outbox& out) {
  const std::shared_ptr<SessionImpl> target = targets_[next_++];
  int error = 0;
  {
    const auto context = target->context().lock();
    if (core::Process* process = target->process_if_open()) error = context->finish_freeze(*process, out);
  }
  if (error == 0) return true;
  answer(error);
  return false;
}

void FreezeOperation::resumed(std::unique_ptr<Resumable> owner) {
  std::unique_ptr<FreezeOperation> self(static_cast<FreezeOperation*>(owner.release()));
  caller_->device().driver().timer().cancel(timer_);
  core::Outbox out;
  if (finish_target(out)) go_on(std::move(self));
  carry_out(out);
}

std::unique_ptr<FreezeOperation> FreezeOperation::take_waiting(SessionImpl& target, std::uint64_t request_id, bool cancel) {
  const auto context = target.context().lock();
  core::Process* process = target.process_if_open();
  if (process == nullptr || !process->drain_waiter) return nullptr;
  if (static_cast<FreezeOperation&>(*process->drain_waiter).request_->id != request_id) return nullptr;
  if (cancel) context->cancel_freeze(*process);
  return std::unique_ptr<FreezeOperation>(static_cast<FreezeOperation*>(context->stop_draining(*process).release()));
}

bool FreezeOperation::interrupt(SessionImpl& target, std::uint64_t request_id) {
  auto operation = take_waiting(target, request_id, true);
  if (!operation) return false;
  operation->caller_->device().driver().timer().cancel(operation->timer_);
  operation->answer(EINTR);
  return true;
}

}  // namespace cuse_binder::protocol
