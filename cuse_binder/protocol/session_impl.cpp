#include "cuse_binder/protocol/session_impl.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "cuse_binder/base/log.h"
#include "cuse_binder/protocol/argument.h"
#include "cuse_binder/protocol/driver_impl.h"
#include "cuse_binder/protocol/freeze_operation.h"
#include "cuse_binder/protocol/handover.h"
#include "cuse_binder/protocol/poll_signal.h"

namespace cuse_binder::protocol {

SessionImpl::SessionImpl(std::shared_ptr<DeviceImpl> device, OpenInfo info, client::ProcessIdentity identity,
                         std::unique_ptr<client::ReceiveArea> area)
    : device_(std::move(device)),
      info_(std::move(info)),
      identity_(std::move(identity)),
      area_(std::move(area)),
      nonblocking_(info_.nonblocking) {}

SessionImpl::~SessionImpl() { CB_CHECK(process_ == nullptr); }

void SessionImpl::attach(bool owns_log_entry) {
  owns_log_entry_ = owns_log_entry;
  const auto context = device_->context().lock();
  process_ = &context->open(identity_.pid, shared_from_this(), area_->data(), owns_log_entry);
}

int SessionImpl::pid_seen_by(const core::Owner& observer) const {
  return client::visible_pid(identity_, static_cast<const SessionImpl&>(observer).identity_);
}

void SessionImpl::set_mapping(Mapping mapping) {
  if (mapping.area_offset >= area_->size()) return;  // shows nothing of the area
  mapping.size = std::min<std::uint64_t>(mapping.size, area_->size() - mapping.area_offset);
  const auto context = device_->context().lock();
  if (process_ == nullptr || process_->mapping.size != 0) return;
  area_offset_ = mapping.area_offset;
  process_->area = area_->data() + mapping.area_offset;
  context->set_mapping(*process_, {mapping.address, mapping.size});
}

void SessionImpl::discard(std::uint64_t offset, std::uint64_t size) { area_->discard(area_offset_ + offset, size); }

void SessionImpl::seek_mapping() {
  if (!info_.find_mapping) return;
  if (const auto mapping = info_.find_mapping()) set_mapping(*mapping);
}

bool SessionImpl::is_nonblocking_now(pid_t tid) {
  if (!info_.is_nonblocking) return nonblocking_;
  const bool now = info_.is_nonblocking(tid);
  nonblocking_.store(now, std::memory_order_relaxed);
  return now;
}

// ---- work and release -------------------------------------------------------------------------------------------------------

void SessionImpl::end_work() {
  if (working_.fetch_sub(1) == 1 && release_wanted_.load()) release_now();
}

void SessionImpl::release() {
  release_wanted_.store(true);
  if (working_.load() == 0) release_now();
}

void SessionImpl::release_now() {
  if (released_.exchange(true)) return;
  const auto self = shared_from_this();
  std::map<pid_t, std::unique_ptr<WriteRead>> suspended;
  {
    const std::lock_guard lock(suspended_mutex_);
    suspended.swap(suspended_);
    suspended_count_ = 0;
  }
  core::Outbox out;
  {
    const auto context = device_->context().lock();
    context->release(*process_, out);
    process_ = nullptr;
  }
  device_->driver().drop_open(identity_.pid);
  for (auto& [tid, operation] : suspended) WriteRead::give_up(std::move(operation));
  carry_out(out);
}

void SessionImpl::flush() {
  begin_work();
  core::Outbox out;
  {
    const auto context = device_->context().lock();
    if (process_ != nullptr) context->flush(*process_, out);
  }
  carry_out(out);
  end_work();
}

void SessionImpl::thread_gone(pid_t tid) {
  begin_work();
  // A repetition that can no longer come.
  if (suspended_count_.load() > 0) {
    if (auto operation = take_suspended(tid)) WriteRead::give_up(std::move(operation));
  }
  core::Outbox out;
  {
    const auto context = device_->context().lock();
    if (process_ != nullptr) context->thread_gone(*process_, tid, out);
  }
  carry_out(out);
  end_work();
}

// ---- signals ------------------------------------------------------------------------------------------------------------------

bool SessionImpl::interrupt(pid_t tid, std::uint64_t id) {
  std::shared_ptr<SessionImpl> frozen;
  {
    const std::lock_guard lock(early_mutex_);
    const auto it = freezing_.find(id);
    if (it != freezing_.end()) frozen = it->second.lock();
  }
  if (frozen && FreezeOperation::interrupt(*frozen, id)) return true;

  begin_work();
  core::Outbox out;
  std::unique_ptr<WriteRead> parked;
  {
    const auto context = device_->context().lock();
    parked = take_parked(*context, tid, id, out);
    if (!parked) {
      // Being worked on: remembered until it parks or is answered.
      const std::lock_guard lock(early_mutex_);
      if (std::find(early_interrupts_.begin(), early_interrupts_.end(), id) == early_interrupts_.end()) {
        early_interrupts_.push_back(id);
        early_interrupts_pending_.fetch_add(1);
      }
    }
  }
  const bool found = parked != nullptr;
  if (found) WriteRead::end(std::move(parked), EINTR);
  carry_out(out);
  end_work();
  return found;
}

std::unique_ptr<WriteRead> SessionImpl::take_parked(core::Context& context, pid_t tid, std::uint64_t id, core::Outbox& out) {
  if (process_ == nullptr) return nullptr;
  core::Thread* thread = context.find_thread(*process_, tid);
  if (thread == nullptr || !thread->waiter || static_cast<WriteRead&>(*thread->waiter).request().id != id) return nullptr;
  return std::unique_ptr<WriteRead>(static_cast<WriteRead*>(context.interrupt(*thread, out).release()));
}

bool SessionImpl::end_parked(pid_t tid, std::uint64_t id, int error) {
  begin_work();
  core::Outbox out;
  std::unique_ptr<WriteRead> parked;
  {
    const auto context = device_->context().lock();
    parked = take_parked(*context, tid, id, out);
  }
  const bool found = parked != nullptr;
  if (found) WriteRead::end(std::move(parked), error);
  carry_out(out);
  end_work();
  return found;
}

bool SessionImpl::take_early_interrupt(std::uint64_t id) {
  const std::lock_guard lock(early_mutex_);
  const auto it = std::find(early_interrupts_.begin(), early_interrupts_.end(), id);
  if (it == early_interrupts_.end()) return false;
  early_interrupts_.erase(it);
  early_interrupts_pending_.fetch_sub(1);
  return true;
}

void SessionImpl::forget_early_interrupt(std::uint64_t id) { static_cast<void>(take_early_interrupt(id)); }

void SessionImpl::set_freezing(std::uint64_t request_id, std::weak_ptr<SessionImpl> target) {
  const std::lock_guard lock(early_mutex_);
  freezing_[request_id] = std::move(target);
}

void SessionImpl::clear_freezing(std::uint64_t request_id) {
  const std::lock_guard lock(early_mutex_);
  freezing_.erase(request_id);
}

// ---- suspended operations -----------------------------------------------------------------------------------------------------

void SessionImpl::keep_suspended(pid_t tid, std::unique_ptr<WriteRead> operation) {
  const std::lock_guard lock(suspended_mutex_);
  suspended_[tid] = std::move(operation);
  suspended_count_ = static_cast<int>(suspended_.size());
}

WriteRead* SessionImpl::suspended(pid_t tid) {
  const auto it = suspended_.find(tid);
  return it == suspended_.end() ? nullptr : it->second.get();
}

std::unique_ptr<WriteRead> SessionImpl::take_suspended(pid_t tid) {
  const std::lock_guard lock(suspended_mutex_);
  const auto it = suspended_.find(tid);
  if (it == suspended_.end()) return nullptr;
  std::unique_ptr<WriteRead> operation = std::move(it->second);
  suspended_.erase(it);
  suspended_count_ = static_cast<int>(suspended_.size());
  return operation;
}

// ---- ioctl --------------------------------------------------------------------------------------------------------------------

void SessionImpl::ioctl(std::unique_ptr<Request> request) {
  const auto self = shared_from_this();
  begin_work();
  fetch_argument(device_->driver().services(), *request);
  if (request->abandoned()) {  // while its argument was fetched: as if it had never come
    end_work();
    return;
  }
  if (request->command == BINDER_WRITE_READ && request->argument.size() >= sizeof(binder_write_read)) {
    std::unique_ptr<WriteRead> suspended;
    if (suspended_count_.load() > 0) suspended = take_suspended(request->tid);
    if (suspended && suspended->is_repetition(*request)) {
      WriteRead::repeat(std::move(suspended), std::move(request));
    } else {
      if (suspended) WriteRead::give_up(std::move(suspended));
      WriteRead::start(std::make_unique<WriteRead>(self, std::move(request)));
    }
  } else if (request->command == BINDER_FREEZE && request->argument.size() >= sizeof(binder_freeze_info)) {
    FreezeOperation::start(self, std::move(request));
  } else {
    simple_ioctl(*request);
  }
  end_work();
}

bool SessionImpl::poll(pid_t tid, std::unique_ptr<PollWaiter> waiter) {
  begin_work();
  core::Outbox out;
  bool ready = true;
  {
    const auto context = device_->context().lock();
    if (process_ != nullptr) {
      core::Thread& thread = context->enter(*process_, tid);
      ready = context->poll(thread, waiter ? std::make_unique<StoredPoll>(std::move(waiter)) : nullptr);
      context->leave(thread, false, out);
    }
  }
  carry_out(out);
  end_work();
  return ready;
}

namespace {

template <typename T>
bool load(const Request& request, T& value) {
  if (request.argument.size() < sizeof value) return false;
  std::memcpy(&value, request.argument.data(), sizeof value);
  return true;
}

template <typename T>
void store(std::array<std::byte, 64>& out, std::size_t& size, const T& value) {
  static_assert(sizeof value <= 64);
  std::memcpy(out.data(), &value, sizeof value);
  size = sizeof value;
}

}  // namespace

// The ioctls that neither wait nor touch other processes' clients: one locked section each.
void SessionImpl::simple_ioctl(Request& request) {
  std::array<std::byte, 64> result;
  std::size_t result_size = 0;
  core::Outbox out;
  int error = 0;
  // BINDER_GET_FROZEN_INFO looks at every context; it must not hold ours meanwhile.
  if (request.command == BINDER_GET_FROZEN_INFO) {
    binder_frozen_status_info info{};
    if (!load(request, info)) {
      error = EFAULT;
    } else {
      core::FrozenInfo frozen;
      for (const auto& device : device_->driver().devices()) {
        const auto context = device->context().lock();
        context->for_each_process([&](core::Process& process) {
          if (process.pid == static_cast<pid_t>(info.pid)) context->frozen_info(process, frozen);
        });
      }
      if (frozen.found) {
        info.sync_recv = frozen.sync_recv;
        info.async_recv = frozen.oneway_recv;
        store(result, result_size, info);
      } else {
        error = EINVAL;
      }
    }
  }
  {
    const auto context = device_->context().lock();
    core::Thread& thread = context->enter(*process_, request.tid);
    switch (request.command) {
      case BINDER_GET_FROZEN_INFO:
        break;
      case BINDER_VERSION: {
        binder_version version{};
        version.protocol_version = BINDER_CURRENT_PROTOCOL_VERSION;
        store(result, result_size, version);
        break;
      }
      case BINDER_SET_MAX_THREADS: {
        std::uint32_t max_threads;
        if (load(request, max_threads)) {
          process_->max_threads = max_threads;
        } else {
          error = EINVAL;
        }
        break;
      }
      case BINDER_SET_CONTEXT_MGR:
        error = context->set_manager(*process_, request.euid, nullptr);
        break;
      case BINDER_SET_CONTEXT_MGR_EXT: {
        flat_binder_object object;
        error = load(request, object) ? context->set_manager(*process_, request.euid, &object) : EINVAL;
        break;
      }
      case BINDER_THREAD_EXIT:
        context->exit_thread(thread, out);
        break;
      case BINDER_GET_NODE_DEBUG_INFO: {
        binder_node_debug_info info;
        if (load(request, info)) {
          store(result, result_size, context->node_debug_info(*process_, info.ptr));
        } else {
          error = EFAULT;
        }
        break;
      }
      case BINDER_GET_NODE_INFO_FOR_REF: {
        binder_node_info_for_ref info;
        if (!load(request, info)) {
          error = EFAULT;
        } else if (info.strong_count != 0 || info.weak_count != 0 || info.reserved1 != 0 || info.reserved2 != 0 ||
                   info.reserved3 != 0) {
          error = EINVAL;
        } else if (const auto found = context->node_info_for_ref(*process_, info.handle); found.ok()) {
          store(result, result_size, found.value());
        } else {
          error = found.error();
        }
        break;
      }
      case BINDER_ENABLE_ONEWAY_SPAM_DETECTION: {
        std::uint32_t enable;
        if (load(request, enable)) {
          process_->spam_detection = enable != 0;
        } else {
          error = EFAULT;
        }
        break;
      }
      case BINDER_GET_EXTENDED_ERROR: {
        const core::ExtendedError record = std::exchange(thread.extended_error, core::ExtendedError{});
        binder_extended_error answer{};
        answer.id = record.id;
        answer.command = record.command;
        answer.param = record.param;
        store(result, result_size, answer);
        break;
      }
      case BINDER_WRITE_READ:  // only when their arguments could not be copied in
      case BINDER_FREEZE:
        error = EFAULT;
        break;
      default:
        error = EINVAL;
        break;
    }
    context->leave(thread, true, out);
  }
  {
    const Handover::Scope scope(out);
    answer_waiting(device_->driver().services(), request, error, std::span(result).first(result_size));
  }
  carry_out(out);
}

}  // namespace cuse_binder::protocol
