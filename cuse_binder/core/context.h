// One binder context: everything behind one device name. The only class of the core that the outside calls.
//
// A state machine without locks, threads, clocks or system calls: values in, values and an Outbox out. The caller
// serialises (base::Guarded) and carries the Outbox out after unlocking. Process and Thread references stay valid as
// long as they are pinned (enter/leave) or, for a Process, until release().
//
// The behaviour is that of drivers/android/binder.c (Linux 7.2).
#pragma once

#include <atomic>
#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "cuse_binder/base/result.h"
#include "cuse_binder/core/call.h"
#include "cuse_binder/core/outbox.h"
#include "cuse_binder/core/process.h"
#include "cuse_binder/core/stats.h"
#include "cuse_binder/core/transaction_log.h"

namespace cuse_binder::core {

// Numbers that all contexts of a driver draw from.
struct Ids {
  std::atomic<int> object{1};
  std::atomic<std::uint64_t> sequence{1};
};

// The read half of one BINDER_WRITE_READ.
struct ReadState {
  std::uint64_t size = 0;      // of the client's buffer
  std::uint64_t consumed = 0;  // initial value, where our bytes go
  // What is to be written at `consumed`. Begins with BR_NOOP if consumed is 0 and the buffer has room for it.
  boost::container::small_vector<std::byte, 128> bytes;
  bool spawn_looper = false;  // BR_SPAWN_LOOPER goes to the first word of the client's buffer
  bool started = false;
  std::vector<base::FilePtr> files;        // ReadOutcome::descriptors: to be installed, in this order
  int delivered_id = 0;                    // of the transaction in `bytes`, for delivery_failed …
  std::uint64_t delivered_offset = 0;      // … and where its buffer is
  Transaction* delivered_call = nullptr;   // that transaction if it is a call that is now on the thread's stack

  std::uint64_t position() const { return consumed + bytes.size(); }
};

enum class ReadOutcome : std::uint8_t {
  done,         // `bytes` is complete
  blocked,      // nothing to return: park, or EAGAIN
  descriptors,  // install `files`, then call finish_descriptors
};

// A reference to the four counting commands (BC_INCREFS, BC_ACQUIRE, BC_RELEASE, BC_DECREFS).
struct CountChange {
  std::uint32_t handle;
  bool strong;
  bool increment;
};

struct FrozenInfo {
  bool found = false;
  std::uint32_t sync_recv = 0;
  std::uint32_t oneway_recv = 0;
};

// Live objects, for leak checks.
struct LiveObjects {
  std::uint64_t processes = 0, threads = 0, nodes = 0, refs = 0, transactions = 0, completions = 0, deaths = 0, freezes = 0,
                buffers = 0, parked = 0, files = 0;
};

class Context {
 public:
  Context(std::string name, Ids& ids);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  const std::string& name() const { return name_; }

  // ---- open files and threads (process_life.cpp) --------------------------------------------------------------------
  Process& open(pid_t pid, std::shared_ptr<Owner> owner, std::byte* area, bool owns_log_entry);
  // The last reference to the open file is gone. The Process disappears now, or with its last pin.
  void release(Process& process, Outbox& out);
  // Page-aligned free ranges that were used before, of a process that was idle since the last call (else none); they count as
  // untouched from now on.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> idle_ranges(Process& process);
  // First mapping wins; larger than 4 MiB counts as 4 MiB.
  void set_mapping(Process& process, ReceiveMapping mapping);
  // The thread's state, created if it is new, pinned until leave().
  Thread& enter(Process& process, pid_t tid);
  // End of an ioctl: clears must-return unless the ioctl will be continued.
  void leave(Thread& thread, bool clear_must_return, Outbox& out);
  Thread* find_thread(Process& process, pid_t tid);
  void exit_thread(Thread& thread, Outbox& out);
  // The client's thread has ended without saying so; if one of its ioctls is still being worked on, it exits with that.
  void thread_gone(Process& process, pid_t tid, Outbox& out);
  void flush(Process& process, Outbox& out);

  // ---- context manager (manager.cpp) ---------------------------------------------------------------------------------
  // 0 or an errno.
  int set_manager(Process& process, uid_t euid, const flat_binder_object* object);
  bool is_manager(const Process& process) const;
  base::Result<binder_node_info_for_ref> node_info_for_ref(Process& process, std::uint32_t handle);
  binder_node_debug_info node_debug_info(Process& process, std::uint64_t after_ptr);

  // ---- references (references.cpp) -----------------------------------------------------------------------------------
  // 0 or EINVAL (a hard error).
  int change_count(Thread& thread, CountChange change, Outbox& out);
  void increment_done(Thread& thread, std::uint64_t ptr, std::uint64_t cookie, bool strong, Outbox& out);

  // ---- transactions (transactions.cpp) ---------------------------------------------------------------------------------
  BeginStatus begin(Thread& sender, const CallRequest& request, Draft& draft, Outbox& out);
  void commit(Draft& draft, Staged staged, Outbox& out);
  // Frees the delivered buffer at this address. Descriptors of fd arrays come back: they must be closed in the client.
  struct FreedBuffer {
    bool found = false;
    std::vector<int> close;
  };
  FreedBuffer free_buffer(Thread& thread, std::uint64_t address, Outbox& out);

  // ---- loopers and reading (delivery.cpp) -------------------------------------------------------------------------------
  void register_looper(Thread& thread, Outbox& out);
  void enter_looper(Thread& thread, Outbox& out);
  void exit_looper(Thread& thread);
  ReadOutcome read(Thread& thread, ReadState& state, Outbox& out);
  // True if it is the first noted park since take_recent_parks().
  bool park(Thread& thread, std::unique_ptr<Waiter> waiter);
  // Threads that parked since the last call; each once. (Whether their file is non-blocking by now is looked up later, off
  // the way of the call.)
  struct RecentPark {
    std::uint64_t process;  // Process::sequence
    pid_t tid;
  };
  std::vector<RecentPark> take_recent_parks();
  Process* find_process(std::uint64_t sequence);
  // After a read that returned without taking work: what is left for everybody wakes another thread.
  void wake_for_leftover(Process& process, Outbox& out);
  // Takes the parked read back (a signal); null if the thread has none. Work assigned to the thread stays with it.
  std::unique_ptr<Waiter> interrupt(Thread& thread, Outbox& out);
  // Descriptors were installed (numbers in order of the transaction's files), or could not be (error set).
  ReadOutcome finish_descriptors(Thread& thread, ReadState& state, int error, std::span<const int> numbers, Outbox& out);
  // The bytes could not be written to the client.
  void delivery_failed(Thread& thread, ReadState& state, Outbox& out);
  bool poll(Thread& thread, std::unique_ptr<PollSignal> signal);

  // ---- death and freeze notifications (notifications.cpp) ---------------------------------------------------------------
  void request_death(Thread& thread, std::uint32_t handle, std::uint64_t cookie, Outbox& out);
  void clear_death(Thread& thread, std::uint32_t handle, std::uint64_t cookie, Outbox& out);
  void dead_binder_done(Thread& thread, std::uint64_t cookie, Outbox& out);
  // 0 or EINVAL.
  int request_freeze(Thread& thread, std::uint32_t handle, std::uint64_t cookie, Outbox& out);
  int clear_freeze(Thread& thread, std::uint32_t handle, std::uint64_t cookie, Outbox& out);
  int freeze_done(Thread& thread, std::uint64_t cookie, Outbox& out);

  // ---- freezer (freezer.cpp) -----------------------------------------------------------------------------------------------
  void thaw(Process& process, Outbox& out);
  void begin_freeze(Process& process);
  // True when nothing is outstanding; else `waiter` is kept and comes back through an Outbox when that is so.
  bool drained(Process& process, std::unique_ptr<Waiter>& waiter);
  std::unique_ptr<Waiter> stop_draining(Process& process);
  // 0, or EAGAIN when something is still pending: then the process is not frozen.
  int finish_freeze(Process& process, Outbox& out);
  void cancel_freeze(Process& process);
  void frozen_info(const Process& process, FrozenInfo& info) const;

  // ---- inspection (dump.cpp) ----------------------------------------------------------------------------------------------
  template <typename F>
  void for_each_process(F&& f) {
    for (auto& [sequence, process] : processes_) f(*process);
  }
  struct DumpOptions {
    bool all = true;      // false: only what is in flight ("transactions")
    bool hashed = false;  // ptr and cookie as hashes
    std::uint64_t hash_key = 0;
    std::int64_t now_ms = 0;
  };
  std::string dump_dead_nodes(const DumpOptions& options) const;
  std::string dump_process(const Process& process, const DumpOptions& options) const;
  std::string dump_process_stats(const Process& process) const;
  const CommandStats& command_stats() const { return stats_; }
  const ObjectStats& object_stats() const { return objects_; }
  void count_command(Process& process, std::uint32_t command) {
    stats_.count_command(command);
    process.stats.count_command(command);
  }
  TransactionLog& log() { return log_; }
  TransactionLog& failed_log() { return failed_log_; }
  LiveObjects live_objects() const;
  // The whole state as text, for debuggers: (gdb) printf "%s", this->debug_state()
  const char* debug_state() const;
  // Aborts with a message when the state contradicts itself (tests).
  void check_invariants() const;

 private:
  friend class ContextTestPeer;

  int new_id() { return ids_.object.fetch_add(1, std::memory_order_relaxed); }

  // process_life.cpp
  void free_thread_if_unpinned(Thread& thread);
  void unpin(Process& process, Outbox& out);
  void recheck(Node& node, Outbox& out);
  void release_nodes(Process& process, Outbox& out);
  void release_refs(Process& process, Outbox& out);
  void wake(Thread& thread, Outbox& out);
  void wake_process(Process& process, Outbox& out);
  Thread* select_thread(Process& process);
  void push_process_work(Process& process, Work& work, Outbox& out);
  void cancel(Work& work, std::uint32_t error, Outbox& out);

  // references.cpp
  Node& new_node(Process& process, std::uint64_t ptr, std::uint64_t cookie, std::uint32_t flags);
  Node* find_node(Process& process, std::uint64_t ptr);
  Ref* find_ref(Thread& thread, std::uint32_t handle, bool need_strong, Outbox& out);
  bool increment_node(Node& node, bool strong, bool internal, Thread* teller);
  void decrement_node(Node& node, bool strong, bool internal, Outbox& out);
  void unpin(Node& node, Outbox& out);
  void free_node_if_unused(Node& node);
  Ref* increment_ref_for_node(Process& holder, Node& node, bool strong, Thread* teller, Outbox& out);
  bool increment_ref(Ref& ref, bool strong, Thread* teller);
  void decrement_ref(Ref& ref, bool strong, Outbox& out);
  void remove_ref(Ref& ref, Outbox& out);

  // transactions.cpp
  struct Refusal {
    std::uint32_t command;
    int error;  // positive errno or 0
    int line;
  };
  void refuse(Thread& sender, int id, Transaction* in_reply_to, Refusal refusal, Outbox& out);
  void end_draft(Draft& draft, Outbox& out);
  void abort(Draft& draft, Refusal refusal, Outbox& out);
  int translate(Draft& draft, const StagedObject& staged, Outbox& out);
  std::uint32_t queue_call(Transaction& transaction, Process& target, Thread* target_thread, Outbox& out);
  void drop_outdated(Transaction& newer, Node& node, Outbox& out);
  void drop_files(Transaction& transaction, Outbox& out);
  void free_transaction(Transaction& transaction, Outbox& out);
  void fail_call(Transaction& transaction, std::uint32_t error, Outbox& out);
  static void pop_call(Thread& caller, Transaction& transaction);
  void release_buffer(Buffer& buffer, Outbox& out);
  void drop_objects(Buffer& buffer, Outbox& out);

  // delivery.cpp
  ReadOutcome deliver_items(Thread& thread, ReadState& state, bool take_process_work, bool& retry, Outbox& out);
  void deliver_transaction(Thread& thread, ReadState& state, Transaction& transaction, Outbox& out);
  void deliver_node(Process& process, ReadState& state, Node& node);
  void finish_read(Thread& thread, ReadState& state, Outbox& out);
  void put(Process& process, ReadState& state, std::uint32_t command, const void* payload = nullptr, std::size_t size = 0);

  // notifications.cpp
  void push_clear_done(Thread& thread, DeathNotification& death, Outbox& out);
  void announce_freeze(Process& process, bool frozen, Outbox& out);

  void check_process(const Process& process) const;

  const std::string name_;
  Ids& ids_;
  std::map<std::uint64_t, std::unique_ptr<Process>, std::greater<>> processes_;  // by sequence, newest first
  std::map<const Process*, std::unique_ptr<Process>> released_;                 // dead, still pinned
  std::map<std::uint64_t, std::unique_ptr<Node>, std::greater<>> dead_nodes_;   // by death, newest first
  std::uint64_t node_deaths_ = 0;
  std::vector<std::unique_ptr<Thread>> exited_threads_;                          // dead, still pinned
  Node* manager_ = nullptr;
  bool manager_euid_known_ = false;
  uid_t manager_euid_ = 0;
  CommandStats stats_;
  ObjectStats objects_;
  TransactionLog log_;
  TransactionLog failed_log_;
  std::uint64_t live_buffers_ = 0;
  std::uint64_t parked_ = 0;
  std::vector<RecentPark> recent_parks_;
  std::uint64_t files_ = 0;
};

}  // namespace cuse_binder::core
