#include "cuse_binder/protocol/write_read.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include "cuse_binder/protocol/argument.h"
#include "cuse_binder/protocol/driver_impl.h"
#include "cuse_binder/protocol/elsewhere.h"
#include "cuse_binder/protocol/handover.h"
#include "cuse_binder/protocol/now.h"
#include "cuse_binder/protocol/session_impl.h"
#include "cuse_binder/protocol/stager.h"

namespace cuse_binder::protocol {
namespace {

constexpr std::uint32_t kNoop = BR_NOOP;

binder_write_read load_argument(const Request& request) {
  binder_write_read bwr;
  std::memcpy(&bwr, request.argument.data(), sizeof bwr);
  return bwr;
}

}  // namespace

WriteRead::WriteRead(std::shared_ptr<SessionImpl> session, std::unique_ptr<Request> request)
    : session_(std::move(session)),
      request_(std::move(request)),
      bwr_(load_argument(*request_)),
      commands_(bwr_.write_buffer, bwr_.write_size, bwr_.write_consumed) {
  state_.size = bwr_.read_size;
  state_.consumed = bwr_.read_consumed;
}

WriteRead::~WriteRead() { CB_CHECK(thread_ == nullptr); }

core::Thread& WriteRead::thread(core::Context& context) {
  if (thread_ == nullptr) thread_ = &context.enter(session_->process(), request_->tid);
  return *thread_;
}

void WriteRead::leave_thread(core::Context& context) {
  if (thread_ == nullptr) return;
  context.leave(*std::exchange(thread_, nullptr), true, out_);
}

void WriteRead::start(std::unique_ptr<WriteRead> self) { run(std::move(self)); }

void WriteRead::run(std::unique_ptr<WriteRead> self) {
  const Next next = self->write_commands();
  self->bwr_.write_consumed = self->commands_.position();
  switch (next) {
    case Next::go_on:
    case Next::transaction:
    case Next::stop:
      if (self->bwr_.read_size > 0) {
        read(std::move(self));
      } else {
        // Every ioctl makes its thread known, also one that asks for nothing.
        if (self->thread_ == nullptr) (void)self->thread(*self->session_->context().lock());
        self->finish(0);
      }
      return;
    case Next::closing: {
      client::DescriptorWork work;
      work.close = std::move(self->closing_);
      suspend(std::move(self), std::move(work), {});
      return;
    }
    case Next::fault:
    case Next::invalid:
      self->bwr_.read_consumed = 0;
      self->finish(next == Next::fault ? EFAULT : EINVAL);
      return;
  }
}

// ---- write half -----------------------------------------------------------------------------------------------------------

WriteRead::Next WriteRead::write_commands() {
  ClientAccess access(session_->device().driver().services(), *request_);
  while (!commands_.at_end()) {
    if (!commands_.buffered()) {
      const Handover::Scope scope(out_);
      if (!commands_.fetch(access)) {
        // With a return error unread nothing is processed, so nothing can fault.
        const auto context = session_->context().lock();
        return thread(*context).return_error.pending() ? Next::stop : Next::fault;
      }
    }
    Next next;
    core::BeginStatus status = core::BeginStatus::refused;
    {
      const auto context = session_->context().lock();
      next = execute_buffered(*context);
      if (next == Next::transaction) status = begin(*context);
    }
    if (next == Next::go_on) continue;
    if (next != Next::transaction) return next;
    while (status == core::BeginStatus::need_security_context || status == core::BeginStatus::need_mapping) {
      status = answer_and_begin(status);
    }
    if (status != core::BeginStatus::draft) continue;
    stage();
    if (commands_.at_end() && bwr_.read_size > 0) return Next::go_on;  // read() commits: one locked section less
    const auto context = session_->context().lock();
    commit(*context);
  }
  return Next::go_on;
}

// Executes commands until one needs the lock released: a transaction, descriptors to close, more bytes to fetch.
WriteRead::Next WriteRead::execute_buffered(core::Context& context) {
  core::Thread& caller = thread(context);
  while (!commands_.at_end() && commands_.buffered()) {
    if (caller.return_error.pending()) return Next::stop;  // nothing is processed until it was read
    context.count_command(session_->process(), commands_.command());
    const Next next = execute(context, caller);
    if (next == Next::transaction || next == Next::fault || next == Next::invalid) return next;
    commands_.accept();
    if (next == Next::closing) return next;
  }
  return Next::go_on;
}

WriteRead::Next WriteRead::execute(core::Context& context, core::Thread& caller) {
  const auto hard = [](int error) { return error == 0 ? Next::go_on : Next::invalid; };
  switch (const std::uint32_t command = commands_.command()) {
    case BC_TRANSACTION:
    case BC_REPLY:
    case BC_TRANSACTION_SG:
    case BC_REPLY_SG:
      return Next::transaction;
    case BC_FREE_BUFFER: {
      auto freed = context.free_buffer(caller, commands_.payload<std::uint64_t>(), out_);
      if (freed.close.empty()) return Next::go_on;
      closing_ = std::move(freed.close);
      return Next::closing;
    }
    case BC_INCREFS:
    case BC_ACQUIRE:
    case BC_RELEASE:
    case BC_DECREFS: {
      const core::CountChange change{commands_.payload<std::uint32_t>(), command == BC_ACQUIRE || command == BC_RELEASE,
                                     command == BC_ACQUIRE || command == BC_INCREFS};
      return hard(context.change_count(caller, change, out_));
    }
    case BC_INCREFS_DONE:
    case BC_ACQUIRE_DONE:
      context.increment_done(caller, commands_.payload<std::uint64_t>(), commands_.payload<std::uint64_t>(8),
                             command == BC_ACQUIRE_DONE, out_);
      return Next::go_on;
    case BC_REGISTER_LOOPER:
      context.register_looper(caller, out_);
      return Next::go_on;
    case BC_ENTER_LOOPER:
      context.enter_looper(caller, out_);
      return Next::go_on;
    case BC_EXIT_LOOPER:
      context.exit_looper(caller);
      return Next::go_on;
    case BC_REQUEST_DEATH_NOTIFICATION:
      context.request_death(caller, commands_.payload<std::uint32_t>(), commands_.payload<std::uint64_t>(4), out_);
      return Next::go_on;
    case BC_CLEAR_DEATH_NOTIFICATION:
      context.clear_death(caller, commands_.payload<std::uint32_t>(), commands_.payload<std::uint64_t>(4), out_);
      return Next::go_on;
    case BC_DEAD_BINDER_DONE:
      context.dead_binder_done(caller, commands_.payload<std::uint64_t>(), out_);
      return Next::go_on;
    case uapi::kBcRequestFreezeNotification:
      return hard(context.request_freeze(caller, commands_.payload<std::uint32_t>(), commands_.payload<std::uint64_t>(4), out_));
    case uapi::kBcClearFreezeNotification:
      return hard(context.clear_freeze(caller, commands_.payload<std::uint32_t>(), commands_.payload<std::uint64_t>(4), out_));
    case uapi::kBcFreezeNotificationDone:
      return hard(context.freeze_done(caller, commands_.payload<std::uint64_t>(), out_));
    default:  // BC_ATTEMPT_ACQUIRE and BC_ACQUIRE_RESULT among them: never implemented by any driver
      return Next::invalid;
  }
}

core::BeginStatus WriteRead::begin(core::Context& context) {
  const std::uint32_t command = commands_.command();
  const auto data = commands_.payload<binder_transaction_data>();
  call_ = core::CallRequest{};
  call_.reply = command == BC_REPLY || command == BC_REPLY_SG;
  call_.handle = data.target.handle;
  call_.code = data.code;
  call_.flags = data.flags;
  call_.data_size = data.data_size;
  call_.offsets_size = data.offsets_size;
  if (command == BC_TRANSACTION_SG || command == BC_REPLY_SG) {
    call_.buffers_size = commands_.payload<std::uint64_t>(sizeof data);
  }
  call_.euid = request_->euid;
  call_.now_ms = now_ms();
  data_ = data.data.ptr.buffer;
  offsets_ = data.data.ptr.offsets;
  commands_.accept();  // consumed, whatever becomes of it
  return context.begin(thread(context), call_, draft_, out_);
}

// Finds out what begin() wants to know, and begins again.
core::BeginStatus WriteRead::answer_and_begin(core::BeginStatus wanted) {
  if (wanted == core::BeginStatus::need_security_context) {
    label_.emplace(session_->device().driver().services().identity.security_context(request_->tid));
    call_.security_context = &*label_;
  } else {
    if (draft_.target_owner) static_cast<SessionImpl&>(*draft_.target_owner).seek_mapping();
    draft_.target_owner.reset();
    call_.mapping_was_sought = true;
  }
  const auto context = session_->context().lock();
  return context->begin(thread(*context), call_, draft_, out_);
}

void WriteRead::stage() {
  {
    const Handover::Scope scope(out_);
    ClientAccess access(session_->device().driver().services(), *request_);
    staged_ = Stager(access, session_->file_charge(), call_, draft_, data_, offsets_).run();
  }
  if (request_->abandoned() && staged_.error == 0) {
    staged_.error = EFAULT;
    staged_.line = __LINE__;
  }
  session_->device().driver().services().counters.transactions.fetch_add(1, std::memory_order_relaxed);
  staged_ready_ = true;
}

void WriteRead::commit(core::Context& context) {
  if (!std::exchange(staged_ready_, false)) return;
  context.commit(draft_, std::move(staged_), out_);
  staged_ = core::Staged{};
}

// ---- read half ------------------------------------------------------------------------------------------------------------

// The kernel stores BR_NOOP before it looks for work, so that an unwritable buffer is a fault which loses nothing. Here
// that store is made when a thread shows a buffer for the first time; later it goes together with the work.
bool WriteRead::read_buffer_is_known(core::Context& context) {
  if (state_.started || state_.consumed != 0 || state_.size < sizeof kNoop) return true;
  return noop_written_ || thread(context).read_buffer == bwr_.read_buffer;
}

bool WriteRead::check_read_buffer() {
  ClientAccess access(session_->device().driver().services(), *request_);
  const Handover::Scope scope(out_);
  if (!access.write(bwr_.read_buffer, &kNoop, sizeof kNoop)) return false;
  noop_written_ = true;
  return true;
}

// On a thread that must not wait for the client, `step` goes on elsewhere. False if this thread may.
template <typename Step>
bool WriteRead::elsewhere(std::unique_ptr<WriteRead>& self, Step step) {
  const uid_t euid = self->request_->euid;
  if (Elsewhere::needed_for(euid) == nullptr) return false;
  const std::shared_ptr<SessionImpl> session = self->session_;
  session->begin_work();
  const bool gone = continue_elsewhere(euid, self, [session, step](std::unique_ptr<WriteRead> operation) {
    step(std::move(operation));
    session->end_work();
  });
  if (!gone) session->end_work();
  return gone;
}

void WriteRead::read(std::unique_ptr<WriteRead> self) {
  const std::shared_ptr<SessionImpl> session = self->session_;
  core::Outbox out;
  Action action = Action::check_buffer;
  while (action == Action::check_buffer) {
    {
      const auto context = session->context().lock();
      self->commit(*context);
      if (self->read_buffer_is_known(*context)) {
        if (self->noop_written_) self->thread(*context).read_buffer = self->bwr_.read_buffer;
        const core::ReadOutcome outcome = context->read(self->thread(*context), self->state_, self->out_);
        action = decide(self, *context, outcome, out, true);
      }
    }
    if (action == Action::check_buffer && elsewhere(self, &WriteRead::read)) return;
    if (action == Action::check_buffer && !self->check_read_buffer()) {
      self->finish(EFAULT);
      return;
    }
  }
  if (action == Action::parked) {
    carry_out(out);
  } else if (!elsewhere(self, [action](std::unique_ptr<WriteRead> operation) { act(std::move(operation), action); })) {
    act(std::move(self), action);
  }
}

// Under the lock: what becomes of the read. When it parks, `self` is the core's from here on and `out` is what it owes.
WriteRead::Action WriteRead::decide(std::unique_ptr<WriteRead>& self, core::Context& context, core::ReadOutcome outcome,
                                    core::Outbox& out, bool ask_nonblocking) {
  core::Thread& caller = *self->thread_;
  if (caller.dead) return Action::interrupted;
  switch (outcome) {
    case core::ReadOutcome::done:
      self->leave_thread(context);
      return Action::deliver;
    case core::ReadOutcome::descriptors:
      return Action::install;
    case core::ReadOutcome::blocked:
      break;
  }
  if (self->session_->has_early_interrupts() && self->session_->take_early_interrupt(self->request_->id)) {
    return Action::interrupted;
  }
  if (ask_nonblocking && self->session_->maybe_nonblocking()) return Action::would_block;
  out = std::move(self->out_);
  self->out_ = core::Outbox{};
  SessionImpl& session = *self->session_;  // outlives this: the caller of decide() holds it
  if (context.park(caller, std::move(self)) && session.info().is_nonblocking) session.device().look_at_parks_later();
  return Action::parked;
}

void WriteRead::act(std::unique_ptr<WriteRead> self, Action action) {
  switch (action) {
    case Action::parked:
    case Action::check_buffer:
      return;
    case Action::deliver:
      self->deliver();
      return;
    case Action::interrupted:
      end(std::move(self), EINTR);
      return;
    case Action::install: {
      self->installing_ = true;
      std::vector<base::FilePtr> files = std::move(self->state_.files);
      self->state_.files.clear();
      client::DescriptorWork work;
      for (const base::FilePtr& file : files) work.install.push_back(&static_cast<const ChargedFile&>(*file).file());
      suspend(std::move(self), std::move(work), std::move(files));
      return;
    }
    case Action::would_block: {
      if (self->session_->is_nonblocking_now(self->request_->tid)) {
        if (!self->noop_written_ && self->state_.consumed == 0 && self->state_.size >= sizeof kNoop) {
          ClientAccess access(self->session_->device().driver().services(), *self->request_);
          const Handover::Scope scope(self->out_);
          access.write(self->bwr_.read_buffer, &kNoop, sizeof kNoop);
        }
        {
          const auto context = self->session_->context().lock();
          context->wake_for_leftover(self->session_->process(), self->out_);
        }
        self->finish(EAGAIN);
        return;
      }
      // O_NONBLOCK was cleared since: look once more, and park this time.
      core::Outbox out;
      Action next;
      {
        const std::shared_ptr<SessionImpl> session = self->session_;
        const auto context = session->context().lock();
        const core::ReadOutcome outcome = context->read(*self->thread_, self->state_, self->out_);
        next = decide(self, *context, outcome, out, false);
      }
      if (next == Action::parked) {
        carry_out(out);
      } else {
        act(std::move(self), next);
      }
      return;
    }
  }
}

void WriteRead::resumed(std::unique_ptr<Resumable> owner) {
  std::unique_ptr<WriteRead> self(static_cast<WriteRead*>(owner.release()));
  const std::shared_ptr<SessionImpl> session = session_;
  session->begin_work();
  read(std::move(self));
  session->end_work();
}

// From threads that must not wait for the client (the timer, the end of the daemon): the door sees to the copying.
void WriteRead::end(std::unique_ptr<WriteRead> self, int error) {
  self->leave_and_forget();
  self->request_->answer(error, std::as_bytes(std::span(&self->bwr_, 1)));
  carry_out(self->out_);
}

// Writes what was taken into the client and answers. The thread was left already.
void WriteRead::deliver() {
  const std::uint32_t spawn = BR_SPAWN_LOOPER;
  const bool spawn_in_front = state_.spawn_looper && state_.consumed > 0;
  if (state_.spawn_looper && !spawn_in_front && state_.bytes.size() >= sizeof spawn) {
    std::memcpy(state_.bytes.data(), &spawn, sizeof spawn);
  }
  iovec local[3];
  client::RemotePiece remote[3];
  std::size_t pieces = 0;
  std::size_t total = 0;
  const auto add = [&](std::uint64_t address, const void* bytes, std::size_t size) {
    local[pieces] = {const_cast<void*>(bytes), size};  // NOLINT: iovec has no const form
    remote[pieces++] = {address, size};
    total += size;
  };
  if (!state_.bytes.empty()) add(bwr_.read_buffer + state_.consumed, state_.bytes.data(), state_.bytes.size());
  if (spawn_in_front) add(bwr_.read_buffer, &spawn, sizeof spawn);
  const std::size_t returns = total;
  binder_write_read result = bwr_;
  result.read_consumed = state_.position();
  // Where the argument is ours to write, it goes along: an access less.
  if (request_->argument_address) add(*request_->argument_address, &result, sizeof result);
  std::size_t done = 0;
  if (total > 0) {
    ClientAccess access(session_->device().driver().services(), *request_);
    const Handover::Scope scope(out_);
    done = access.write({local, pieces}, {remote, pieces});
  }
  const bool written = returns == 0 || (done >= returns && !request_->abandoned());
  if (written) {
    bwr_ = result;
    result_written_ = request_->argument_address.has_value();
  } else {
    const auto context = session_->context().lock();
    if (core::Thread* caller = context->find_thread(session_->process(), request_->tid)) {
      context->delivery_failed(*caller, state_, out_);
      caller->read_buffer = 0;
    }
  }
  finish(written && done == total ? 0 : EFAULT);
}

// Answers, then does what the operation owes to others. Only files are closed first: when the ioctl returns, its caller may
// rely on a dropped transaction holding no descriptors any more.
void WriteRead::finish(int error) {
  leave_and_forget();
  if (result_written_) {
    request_->answer(error, {});
  } else if (!request_->argument_address) {
    request_->answer(error, std::as_bytes(std::span(&bwr_, 1)));
  } else {
    const Handover::Scope scope(out_);
    answer_waiting(session_->device().driver().services(), *request_, error, std::as_bytes(std::span(&bwr_, 1)));
  }
  carry_out(out_);
}

void WriteRead::leave_and_forget() {
  if (thread_ != nullptr) {
    const auto context = session_->context().lock();
    leave_thread(*context);
  }
  if (session_->has_early_interrupts()) session_->forget_early_interrupt(request_->id);
  out_.files.clear();
}

// ---- descriptor work in the client ------------------------------------------------------------------------------------------

void WriteRead::suspend(std::unique_ptr<WriteRead> self, client::DescriptorWork work, std::vector<base::FilePtr> files) {
  const std::shared_ptr<SessionImpl> session = self->session_;
  const pid_t tid = self->request_->tid;
  core::Outbox out = std::move(self->out_);
  self->out_ = core::Outbox{};
  self->left = false;
  self->ready = false;
  session->keep_suspended(tid, std::move(self));
  carry_out(out);
  // The files live as long as the work does, whatever becomes of the client.
  const auto kept = std::make_shared<std::vector<base::FilePtr>>(std::move(files));
  session->device().driver().services().files.run(
      tid, std::move(work),
      [session, tid] {
        const std::lock_guard lock(session->suspended_mutex());
        if (WriteRead* operation = session->suspended(tid)) operation->let_go();
      },
      [session, tid, kept](client::DescriptorOutcome outcome) {
        kept->clear();
        std::unique_ptr<WriteRead> operation;
        {
          const std::lock_guard lock(session->suspended_mutex());
          WriteRead* waiting = session->suspended(tid);
          if (waiting == nullptr) return;  // the session ended meanwhile
          waiting->outcome = std::move(outcome);
          waiting->ready = true;
          if (waiting->left) return;  // goes on with the repetition
        }
        operation = session->take_suspended(tid);
        if (operation) go_on(std::move(operation));
      });
}

void WriteRead::let_go() {
  left = true;
  if (session_->has_early_interrupts()) session_->forget_early_interrupt(request_->id);
  request_->answer(0, std::as_bytes(std::span(&bwr_, 1)));
}

bool WriteRead::is_repetition(const Request& request) const {
  return ready && request.command == request_->command && request.argument.size() >= sizeof bwr_ &&
         std::memcmp(request.argument.data(), &bwr_, sizeof bwr_) == 0;
}

void WriteRead::repeat(std::unique_ptr<WriteRead> self, std::unique_ptr<Request> request) {
  self->request_ = std::move(request);
  go_on(std::move(self));
}

void WriteRead::go_on(std::unique_ptr<WriteRead> self) {
  if (elsewhere(self, &WriteRead::go_on)) return;
  const std::shared_ptr<SessionImpl> session = self->session_;
  session->begin_work();
  if (!self->installing_) {
    run(std::move(self));
  } else {
    self->installing_ = false;
    core::Outbox out;
    Action action;
    {
      const auto context = session->context().lock();
      const core::ReadOutcome outcome = context->finish_descriptors(*self->thread_, self->state_, self->outcome.error,
                                                                    self->outcome.installed, self->out_);
      action = decide(self, *context, outcome, out, true);
    }
    if (action == Action::parked) {
      carry_out(out);
    } else {
      act(std::move(self), action);
    }
  }
  session->end_work();
}

void WriteRead::give_up(std::unique_ptr<WriteRead> self) {
  {
    const auto context = self->session_->context().lock();
    if (self->installing_ && !self->thread_->dead) {
      context->finish_descriptors(*self->thread_, self->state_, ESRCH, {}, self->out_);
    }
    self->leave_thread(*context);
  }
  if (!self->left) self->request_->answer(EINTR, std::as_bytes(std::span(&self->bwr_, 1)));
  carry_out(self->out_);
}

}  // namespace cuse_binder::protocol
