// The values that pass between the protocol layer and the core while a transaction is made.
//
//   begin (lock): target, room, the hold on both      → Draft
//   copy  (no lock): the sender's bytes into the room, objects into StagedObjects
//   commit (lock): objects translated, work queued     or everything undone
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cuse_binder/base/check.h"
#include "cuse_binder/base/file.h"
#include "cuse_binder/base/result.h"
#include "cuse_binder/uapi/binder.h"

namespace cuse_binder::core {

struct Buffer;
struct Process;
struct Thread;
struct Transaction;

// BC_TRANSACTION(_SG) or BC_REPLY(_SG) in daemon memory.
struct CallRequest {
  bool reply = false;
  std::uint32_t handle = 0;
  std::uint32_t code = 0;
  std::uint32_t flags = 0;
  std::uint64_t data_size = 0;
  std::uint64_t offsets_size = 0;
  std::uint64_t buffers_size = 0;
  uid_t euid = 0;
  std::int64_t now_ms = 0;
  // Answers to BeginStatus::need_…; null or false when not asked yet.
  const base::Result<std::string>* security_context = nullptr;
  bool mapping_was_sought = false;

  bool oneway() const { return !reply && (flags & TF_ONE_WAY) != 0; }
};

enum class BeginStatus : std::uint8_t {
  draft,                  // go on: copy, then commit or abort
  refused,                // over; what the client gets is queued
  need_security_context,  // call again with the caller's label
  need_mapping,           // call again after looking for the mapping of Draft::target_owner
};

// A transaction between begin and commit: owns the reserved room, pins both ends. Ends with commit or abort.
struct Draft {
  Draft() = default;
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  ~Draft() { CB_CHECK(transaction == nullptr); }

  Transaction* transaction = nullptr;
  Thread* sender = nullptr;
  Process* target = nullptr;
  Thread* target_thread = nullptr;
  Transaction* in_reply_to = nullptr;
  Buffer* buffer = nullptr;
  bool accepts_fds = false;
  std::byte* memory = nullptr;   // our view of the room; null in tests without bytes
  std::uint64_t address = 0;     // the receiver's view of the room
  std::uint64_t room = 0;        // bytes, whole allocated range
  std::uint64_t scatter_position = 0;  // where scatter-gather buffers go, from the start of the room
  std::uint64_t scatter_size = 0;
  std::shared_ptr<class Owner> target_owner;  // with need_mapping only
};

// An object of the sender, copied once and checked for shape; its file already taken.
struct StagedObject {
  std::uint64_t position = 0;  // in the data
  flat_binder_object object{};  // (WEAK_)BINDER and (WEAK_)HANDLE only; others were placed by the protocol layer
};

struct StagedFile {
  base::FilePtr file;
  std::uint64_t position = 0;  // where the descriptor's number goes, in the room
  bool close_on_free = false;
};

struct Staged {
  std::vector<StagedObject> objects;  // in order; only those before the first error
  std::vector<StagedFile> files;
  int error = 0;  // positive errno of the first thing that was wrong after the staged objects
  int line = 0;   // where, for the log
};

}  // namespace cuse_binder::core
