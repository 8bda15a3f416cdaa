// One of the kernel's FUSE-over-io_uring queues: there is one per CPU, and a request comes to the queue of
// the CPU that its caller runs on. A queue has a ring of ours and any number of entries; an unanswered
// request keeps its entry.
//
// Two threads belong to a queue, both pinned to its CPU:
//
// * The owner, a worker, takes completions, has requests handled, and submits answers together with its next
//   wait.
// * The submitter registers entries, submits for threads that are no owners, and otherwise sleeps.
//
// Why there is a submitter: the kernel delivers the next request of an entry through the thread that
// submitted the entry last. A worker that is stuck in a client's memory delivers nothing, and whoever was
// given one of its entries would wait with it. So the reserve of free entries belongs to the submitter, which
// touches no client. An owner has no more than kLentEntries of them, enough for the usual to and fro of calls
// and replies; and as long as it has any but the one whose request it handles, it does nothing for which it
// might have to wait: that goes elsewhere (errands.h).
//
// An answer to a request of another CPU, whose worker sleeps, is left in that queue, and its worker is rung
// for: a message from ring to ring, which travels with what the answering worker submits next. The client is
// then woken, and its next request delivered, on its own CPU, and nobody else is woken for it. But then two
// parties that call each other stay on two CPUs for ever, which costs four times as much as on one. A client
// that is woken from another CPU may be moved there by the scheduler. So kInvitations in a row out of each
// kInvitePeriod such answers are submitted where they are made; once the parties have met, there are none.
#pragma once

#include <liburing.h>
#include <sys/uio.h>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

#include "cuse_binder/frontends/fuse_abi.h"

namespace cuse_binder::frontends {

struct Worker;
class UringQueue;

// The two buffers of one request slot and what we know of the request in it. Header, bookkeeping and the
// first bytes of the payload share one page: that is all that a parked ioctl keeps resident.
struct alignas(64) UringEntry {
  abi::UringReqHeader header;
  iovec buffers[2];
  UringQueue* queue;
  Worker* submitter;  // whose thread delivers the next request; guarded by the queue's mutex
  std::atomic<std::uint64_t> unique{0};  // the kernel's number of the unanswered request in it, 0 if none
  std::atomic<std::uint64_t> name{0};  // what libfuse calls that request; another one each time (entry_name)
  std::uint64_t commit_id;
  std::uint32_t uses;
  alignas(64) std::byte payload[abi::kPayloadSize];
};

// A name for a request that libfuse takes for the kernel's number: the address of its entry, the top bit,
// which the kernel's counter never reaches, and how often the entry was used, so that a late interrupt cannot
// hit its successor.
inline constexpr std::uint64_t kEntryNameMark = 1ull << 63;
std::uint64_t entry_name(const UringEntry& entry);
UringEntry* entry_of(std::uint64_t name);

class UringQueue {
 public:
  UringQueue(int fuse_fd, unsigned index) : fuse_fd_(fuse_fd), index_(index) {}
  ~UringQueue();
  UringQueue(const UringQueue&) = delete;
  UringQueue& operator=(const UringQueue&) = delete;

  static constexpr int kLentEntries = 2;
  static constexpr unsigned kInvitePeriod = 256;
  static constexpr unsigned kInvitations = 16;

  int open();  // 0 or a positive errno
  unsigned index() const { return index_; }

  // --- by the owner ---
  // Submits what the former owner had not submitted yet.
  void own(Worker& worker);
  // Takes it away from an owner that is known not to touch the ring now. By a thread that touches no client:
  // what the owner had not submitted yet is submitted here.
  void disown();
  bool owned_by(const Worker& worker) const { return owner_.load(std::memory_order_acquire) == &worker; }
  // The next completion, if one is there.
  struct Completion {
    UringEntry* entry;  // null: no request; there may be answers to submit
    int result;
    bool must_not_wait;  // requests of others may hang on this thread while it handles this one
  };
  bool reap(Completion& completion);
  unsigned completions_waiting() const;
  // Submits what is queued and waits for `wait_for` completions; 0 or a positive errno.
  int submit_and_wait(unsigned wait_for);

  // --- by anyone ---
  // Answers the request in `entry`, whose buffers hold the answer.
  struct Answerer {
    Worker* worker = nullptr;     // the calling thread, if it is a worker that owns a queue
    UringQueue* queue = nullptr;  // that queue
    bool hurry = false;           // submit at once, whoever you are
  };
  void commit(UringEntry& entry, const Answerer& by);
  // Asks for more entries.
  bool growing() const { return growing_.load(std::memory_order_acquire); }  // asked for, not registered yet
  void request_entries(unsigned n);
  // The entry that holds the unanswered request `unique`, or null.
  UringEntry* find(std::uint64_t unique);
  // Entries that the kernel can fill, as far as we know; negative numbers mean that there were surprises.
  int free_entries() const { return free_.load(std::memory_order_relaxed); }
  unsigned total_entries() const { return total_.load(std::memory_order_relaxed); }

  // --- the submitter ---
  // Registers `n` entries; 0, or the positive errno with which the kernel refused the first ones.
  int register_first(unsigned n);
  // Until stop_submitter(). `grown` is called after entries were registered on request.
  void run_submitter(const std::function<void()>& grown);
  void stop_submitter();

 private:
  // What follows is called under mutex_. `by` is the calling worker if it may touch clients, else null.
  io_uring_sqe* next_sqe(Worker* by);
  void prepare(UringEntry& entry, std::uint32_t operation, Worker* by);
  void prepare_answer(UringEntry& entry, Worker* by);
  void prepare_left_answers(Worker& owner);
  unsigned publish(Worker* by);  // shows the kernel what is queued, says how much
  bool has_lent(const Worker& owner) const;
  bool may_lend(const Worker& worker) const;
  void add_entries(unsigned n);

  // By the owner `worker`; false if it is not the owner any more.
  bool ring_for(UringQueue& other, Worker& worker);
  bool invite(UringEntry& entry, const Worker& worker);
  void submit_invited(UringEntry& entry, Worker& by);
  void submit_for(UringEntry& entry);  // lets the submitter do it
  void leave_to_submitter();
  int enter(unsigned submit, unsigned wait_for, unsigned flags);

  const int fuse_fd_;
  const unsigned index_;
  io_uring ring_{};
  bool open_ = false;
  std::atomic<Worker*> owner_{nullptr};
  std::atomic<int> free_{0};
  std::atomic<unsigned> total_{0};
  std::atomic<bool> growing_{false};
  std::atomic<bool> waiting_{false};  // the owner, for completions

  std::mutex mutex_;  // guards what follows and the submission side of ring_
  std::vector<UringEntry*> entries_;
  std::vector<iovec> slabs_;
  std::vector<UringEntry*> queued_;  // answers that are prepared, but not shown to the kernel
  unsigned to_sleeper_ = 0;          // answers by other queues' workers while the owner slept
  std::vector<UringEntry*> for_submitter_;
  std::vector<UringEntry*> for_owner_;  // answers by other queues' workers
  std::vector<UringQueue*> rung_for_;   // in messages that are not submitted yet
  std::vector<UringEntry*> invited_;    // of other queues, to be submitted by this one's owner
  unsigned entries_wanted_ = 0;
  bool submitter_stopping_ = false;
  std::condition_variable submitter_wanted_;
};

}  // namespace cuse_binder::frontends
