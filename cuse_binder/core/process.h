// The driver's state behind one open device file: one per *open*, not per pid. Owns threads, nodes, refs and buffers.
#pragma once

#include <sys/types.h>

#include <bitset>
#include <boost/intrusive/list.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "cuse_binder/core/buffer.h"
#include "cuse_binder/core/handle_table.h"
#include "cuse_binder/core/node.h"
#include "cuse_binder/core/outbox.h"
#include "cuse_binder/core/stats.h"
#include "cuse_binder/core/thread.h"

namespace cuse_binder::core {

class Context;

// Where and how large the client's receive mapping is; size 0: not mapped (as far as is known).
struct ReceiveMapping {
  std::uint64_t address = 0;
  std::uint64_t size = 0;
};

struct Process {
  static constexpr std::size_t kPage = 4096;
  static constexpr std::size_t kMaxPages = 1024;

  Process(pid_t opener, std::uint64_t sequence_number) : pid(opener), sequence(sequence_number) {}

  const pid_t pid;
  const std::uint64_t sequence;  // order of opens over all contexts: logs show the newest first
  bool owns_log_entry = false;
  std::shared_ptr<Owner> owner;
  std::byte* area = nullptr;  // our mapping of the receive area; null in tests that need no bytes
  int nice = 0;               // of the opener, for the logs

  std::map<pid_t, std::unique_ptr<Thread>> threads;
  std::map<std::uint64_t, std::unique_ptr<Node>> nodes;  // by ptr
  HandleTable refs;
  WorkList todo;  // for whichever thread comes first
  // Threads parked in a read that accepts process work; the one that went to sleep last is at the front.
  boost::intrusive::list<Thread, boost::intrusive::base_hook<IdleLink>, boost::intrusive::constant_time_size<false>> idle;

  ReceiveMapping mapping;
  BufferAllocator allocator;
  std::map<std::uint64_t, std::unique_ptr<Buffer>> buffers;  // by offset
  std::bitset<kMaxPages> touched_pages;
  bool touched_since_trim = false;
  std::uint32_t pages_high = 0;

  WorkList delivered_deaths;   // read, not acknowledged
  WorkList delivered_freezes;  // read, not acknowledged
  std::map<const Work*, std::unique_ptr<DeathNotification>> cleared_deaths;  // no longer their ref's, still to be told
  std::map<const Work*, std::unique_ptr<FreezeListener>> cleared_freezes;

  std::uint32_t max_threads = 0;
  std::uint32_t requested_threads = 0;          // BR_SPAWN_LOOPER sent, BC_REGISTER_LOOPER not received: 0 or 1
  std::uint32_t requested_threads_started = 0;  // never goes down

  bool dead = false;  // released; stays while pins do
  int pins = 0;       // ioctls and drafts that use it while the lock is not held
  int outstanding = 0;  // transactions and replies queued to it and not finished
  bool frozen = false;
  bool sync_received = false;
  bool oneway_received = false;
  std::unique_ptr<Waiter> drain_waiter;  // BINDER_FREEZE that waits for `outstanding` to become 0
  bool spam_detection = false;
  std::unique_ptr<PollSignal> poll_signal;
  CommandStats stats;
};

}  // namespace cuse_binder::core
