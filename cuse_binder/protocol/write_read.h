// One BINDER_WRITE_READ from its arrival to its answer.
//
//   write half: commands, one after the other        ─┐ may suspend: descriptors to be closed in the client
//   read half: take work, or park until there is some ─┤ may suspend: descriptors to be installed in the client
//   answer                                             ┘
//
// While it is parked the core owns it (it *is* the core's Waiter); while it is suspended its session does; otherwise the
// thread that works on it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "cuse_binder/base/guarded.h"
#include "cuse_binder/core/context.h"
#include "cuse_binder/protocol/client_access.h"
#include "cuse_binder/protocol/command_reader.h"
#include "cuse_binder/protocol/request.h"
#include "cuse_binder/protocol/resumable.h"

namespace cuse_binder::protocol {

class SessionImpl;

class WriteRead final : public Resumable {
 public:
  WriteRead(std::shared_ptr<SessionImpl> session, std::unique_ptr<Request> request);
  ~WriteRead() override;

  // Each takes the operation over and ends with it answered, parked or suspended.
  static void start(std::unique_ptr<WriteRead> self);
  uid_t euid() const override { return request_->euid; }
  void resumed(std::unique_ptr<Resumable> self) override;       // the core gave the parked read back: there may be work
  static void end(std::unique_ptr<WriteRead> self, int error);  // a signal: nothing is read
  // The client's thread repeats the ioctl after descriptor work was done in it.
  static void repeat(std::unique_ptr<WriteRead> self, std::unique_ptr<Request> request);
  // The repetition will not come: undoes what was suspended.
  static void give_up(std::unique_ptr<WriteRead> self);
  // Descriptor work is over and the request was not answered for it.
  static void go_on(std::unique_ptr<WriteRead> self);

  // Lets the thread leave its ioctl for descriptor work.
  void let_go();
  Request& request() { return *request_; }
  // Whether `request` is the repetition of this suspended operation.
  bool is_repetition(const Request& request) const;

  // For the session, while suspended.
  bool left = false;  // the request was answered so that the thread could do descriptor work; a repetition will come
  bool ready = false;
  client::DescriptorOutcome outcome;

 private:
  enum class Next : std::uint8_t { go_on, transaction, stop, closing, fault, invalid };
  enum class Action : std::uint8_t { check_buffer, parked, deliver, would_block, install, interrupted };

  template <typename Step>
  static bool elsewhere(std::unique_ptr<WriteRead>& self, Step step);
  static void run(std::unique_ptr<WriteRead> self);
  static void read(std::unique_ptr<WriteRead> self);
  static Action decide(std::unique_ptr<WriteRead>& self, core::Context& context, core::ReadOutcome outcome, core::Outbox& out,
                       bool nonblocking);
  static void act(std::unique_ptr<WriteRead> self, Action action);
  static void suspend(std::unique_ptr<WriteRead> self, client::DescriptorWork work, std::vector<base::FilePtr> files);

  core::Thread& thread(core::Context& context);  // enters on first use
  Next write_commands();
  Next execute_buffered(core::Context& context);
  Next execute(core::Context& context, core::Thread& thread);
  // A transaction in three steps; the middle one without the lock. begin: nothing more to do if the answer is not `draft`.
  core::BeginStatus begin(core::Context& context);
  core::BeginStatus answer_and_begin(core::BeginStatus wanted);
  void stage();
  void commit(core::Context& context);
  bool read_buffer_is_known(core::Context& context);
  bool check_read_buffer();
  void deliver();
  void finish(int error);
  void leave_and_forget();
  void leave_thread(core::Context& context);

  std::shared_ptr<SessionImpl> session_;
  std::unique_ptr<Request> request_;
  binder_write_read bwr_{};
  CommandReader commands_;
  core::Thread* thread_ = nullptr;
  core::ReadState state_;
  core::Outbox out_;
  core::CallRequest call_;  // of the transaction in progress
  std::optional<base::Result<std::string>> label_;
  core::Draft draft_;
  core::Staged staged_;
  std::uint64_t data_ = 0;  // its bytes in the sender
  std::uint64_t offsets_ = 0;
  bool staged_ready_ = false;  // only the commit is missing
  std::vector<int> closing_;
  bool installing_ = false;
  bool noop_written_ = false;
  bool result_written_ = false;  // bwr_ is in the client already, together with what was read
};

}  // namespace cuse_binder::protocol
