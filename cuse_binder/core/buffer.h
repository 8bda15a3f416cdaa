// The lease of a range of a receive area, and everything its release undoes (binder_transaction_buffer_release).
//
// The list of objects is kept here and not read back from the receiver's memory, which its client may be able to write.
#pragma once

#include <cstdint>
#include <vector>

#include "cuse_binder/core/buffer_allocator.h"

namespace cuse_binder::core {

struct Node;
struct Process;
struct Transaction;

// One reference that a buffer holds for its receiver.
struct HeldObject {
  enum class Kind : std::uint8_t { node, handle } kind;
  bool strong;
  std::uint64_t value;  // ptr of the receiver's own node, or the receiver's handle
};

enum class BufferState : std::uint8_t {
  reserved,   // a draft is being copied into it
  queued,     // belongs to a transaction that nobody has read
  delivered,  // the receiver knows its address and may free it
  lost,       // its delivery faulted: stays allocated until the process ends (the kernel's behaviour)
};

struct Buffer {
  Process* receiver = nullptr;
  Chunk* chunk = nullptr;
  BufferState state = BufferState::reserved;
  int id = 0;  // of its transaction
  bool clear_on_free = false;
  bool oneway_in_progress = false;     // freeing it lets the next oneway of its node go
  Transaction* transaction = nullptr;  // until it is finished
  Node* target = nullptr;              // of a call: held strongly
  std::uint64_t data_size = 0;
  std::uint64_t offsets_size = 0;
  std::uint64_t extra_size = 0;  // scatter-gather room and security context
  std::vector<HeldObject> objects;
  std::vector<int> closing_fds;  // of fd arrays: closed in the receiver when it frees the buffer
};

}  // namespace cuse_binder::core
