// A call, a oneway call or a reply on its way.
//
// Synchronous calls are on two stacks: the caller's from sending (link: from_parent), the receiver's from delivery
// (link: to_parent). The chain of from_parent is the chain of calls in whose service this one was made; it outlives
// the threads in it and is how an error finds the next living caller.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "cuse_binder/base/file.h"
#include "cuse_binder/core/buffer.h"
#include "cuse_binder/core/work.h"

namespace cuse_binder::core {

struct Process;
struct Thread;

// A file that becomes a descriptor of the receiver when the transaction is read.
struct FileFixup {
  base::FilePtr file;
  std::uint64_t position;  // where the number goes, in bytes from the start of the buffer
  bool close_on_free;      // element of an fd array
};

struct Transaction final : Work {
  explicit Transaction(int debug_id) : Work(WorkKind::transaction), id(debug_id) {}

  bool oneway() const { return !reply && (flags & TF_ONE_WAY) != 0; }

  const int id;
  bool reply = false;
  Thread* from = nullptr;  // the waiting caller; null for oneway calls, replies and callers that are gone
  pid_t from_pid = 0;      // for the logs
  pid_t from_tid = 0;
  Process* to_process = nullptr;
  Thread* to_thread = nullptr;
  pid_t to_pid = 0;
  Transaction* from_parent = nullptr;
  Transaction* to_parent = nullptr;
  Buffer* buffer = nullptr;  // null when the receiver has freed it already
  std::uint32_t code = 0;
  std::uint32_t flags = 0;
  int nice = 0;              // of the sender, for the logs
  uid_t sender_euid = 0;
  std::int64_t started_ms = 0;
  bool has_security_context = false;
  std::uint64_t security_context_position = 0;  // from the start of the buffer
  bool spam_suspect = false;
  std::vector<FileFixup> files;
};

}  // namespace cuse_binder::core
