#include <iterator>

#include "cuse_binder/base/guarded.h"
#include "cuse_binder/base/log.h"
#include "cuse_binder/protocol/elsewhere.h"
#include "cuse_binder/protocol/handover.h"
#include "cuse_binder/protocol/poll_signal.h"
#include "cuse_binder/protocol/resumable.h"

namespace cuse_binder::protocol {
namespace {

template <typename List>
void append(List& to, List& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  from.clear();
}

// What this thread is carrying out now. One read completed may allow the next: the agenda keeps that a loop, not a recursion.
thread_local core::Outbox* agenda = nullptr;

void log_complaints(core::Outbox& out) {
  for (const core::Complaint& complaint : out.complaints) {
    CB_LOG_LIMITED(base::Layer::core, spdlog::level::info, "{}:{} {} {:#x}", complaint.pid, complaint.tid, complaint.what,
                   complaint.detail);
  }
  out.complaints.clear();
}

}  // namespace

void merge(core::Outbox& to, core::Outbox& from) {
  append(to.resume, from.resume);
  append(to.notify, from.notify);
  append(to.files, from.files);
  append(to.owners, from.owners);
  append(to.complaints, from.complaints);
}

void carry_out(core::Outbox& out) {
  CB_DCHECK(!base::holds_lock());
  if (out.resume.empty() && out.notify.empty() && out.files.empty() && out.owners.empty() && out.complaints.empty()) return;
  if (agenda != nullptr) {
    merge(*agenda, out);
    return;
  }
  agenda = &out;
  while (!out.resume.empty() || !out.notify.empty()) {
    if (!out.resume.empty()) {
      const uid_t euid = static_cast<Resumable&>(*out.resume.front()).euid();
      if (continue_elsewhere(euid, out, [](core::Outbox owed) { carry_out(owed); })) {
        out = core::Outbox{};
        break;
      }
      std::unique_ptr<core::Waiter> waiter = std::move(out.resume.front());
      out.resume.erase(out.resume.begin());
      const Handover::Scope scope(out);
      std::unique_ptr<Resumable> next(static_cast<Resumable*>(waiter.release()));
      Resumable& self = *next;
      self.resumed(std::move(next));
      continue;
    }
    std::unique_ptr<core::PollSignal> signal = std::move(out.notify.front());
    out.notify.erase(out.notify.begin());
    static_cast<StoredPoll&>(*signal).waiter->notify();
  }
  agenda = nullptr;
  log_complaints(out);
  out.files.clear();
  // The last owner may destroy its device and context with it.
  const auto owners = std::move(out.owners);
  out.owners.clear();
}

}  // namespace cuse_binder::protocol
