#include "cuse_binder/frontends/uring_queue.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

#include "cuse_binder/base/log.h"
#include "cuse_binder/frontends/worker.h"

namespace cuse_binder::frontends {
namespace {

constexpr unsigned kSubmissionSlots = 256;
constexpr unsigned kCompletionSlots = 4096;  // more completions than that wait inside the kernel

// Bits of an entry's address that say nothing: alignment below, and above what user space can have.
constexpr std::uint64_t kLowBits = alignof(UringEntry) - 1;
constexpr unsigned kHighShift = 57;
constexpr std::uint64_t kHighBits = 0x3full << kHighShift;

// user_data of messages between rings. In the ring that is rung: this number. In the one that rings, where
// only a failure completes: the queue that was rung for, marked.
constexpr std::uint64_t kBell = 2;
constexpr std::uint64_t kBellFailed = 1;
static_assert(alignof(UringEntry) > kBell && alignof(UringQueue) > kBellFailed);

}  // namespace

std::uint64_t entry_name(const UringEntry& entry) {
  const std::uint64_t use = entry.uses;
  return kEntryNameMark | reinterpret_cast<std::uint64_t>(&entry) | (use & kLowBits) |
         (((use / (kLowBits + 1)) << kHighShift) & kHighBits);
}

UringEntry* entry_of(std::uint64_t name) {
  return reinterpret_cast<UringEntry*>(name & ~(kEntryNameMark | kLowBits | kHighBits));
}

int UringQueue::open() {
  io_uring_params params{};
  params.flags = IORING_SETUP_SQE128 | IORING_SETUP_CQSIZE;
  params.cq_entries = kCompletionSlots;
  const int error = io_uring_queue_init_params(kSubmissionSlots, &ring_, &params);
  if (error < 0) return -error;
  open_ = true;
  // Slots are used in order, so the kernel's indirection never changes. Newer liburing does without it.
  for (unsigned i = 0; ring_.sq.array != nullptr && i < params.sq_entries; ++i) ring_.sq.array[i] = i;
  return 0;
}

UringQueue::~UringQueue() {
  if (open_) io_uring_queue_exit(&ring_);
  for (const iovec& slab : slabs_) munmap(slab.iov_base, slab.iov_len);
}

void UringQueue::own(Worker& worker) {
  const std::lock_guard lock(mutex_);
  owner_.store(&worker, std::memory_order_release);
}

void UringQueue::disown() {
  std::vector<UringEntry*> invited;
  {
    const std::lock_guard lock(mutex_);
    owner_.store(nullptr, std::memory_order_release);
    invited.swap(invited_);
    enter(publish(nullptr), 0, 0);
  }
  for (UringEntry* entry : invited) entry->queue->submit_for(*entry);
  leave_to_submitter();
}

unsigned UringQueue::completions_waiting() const {
  return __atomic_load_n(ring_.cq.ktail, __ATOMIC_ACQUIRE) - *ring_.cq.khead;
}

bool UringQueue::reap(Completion& completion) {
  const unsigned head = *ring_.cq.khead;
  if (head == __atomic_load_n(ring_.cq.ktail, __ATOMIC_ACQUIRE)) return false;
  const io_uring_cqe& cqe = ring_.cq.cqes[head & ring_.cq.ring_mask];
  const std::uint64_t about = cqe.user_data;
  completion = {nullptr, cqe.res, false};
  __atomic_store_n(ring_.cq.khead, head + 1, __ATOMIC_RELEASE);
  if (about == kBell) return true;
  if (about & kBellFailed) {
    completion.result = 0;
    reinterpret_cast<UringQueue*>(about & ~kBellFailed)->leave_to_submitter();
    return true;
  }
  auto* entry = reinterpret_cast<UringEntry*>(about);
  completion.entry = entry;
  free_.fetch_sub(1, std::memory_order_relaxed);
  // Pairs with the thread that submitted the entry: the way through the kernel orders the two, but only the
  // kernel knows.
  static_cast<void>(entry->unique.load(std::memory_order_acquire));
  if (completion.result == 0) {
    fuse_in_header in;
    std::memcpy(&in, entry->header.in_out, sizeof in);
    entry->commit_id = entry->header.entry.commit_id;
    ++entry->uses;
    entry->name.store(entry_name(*entry), std::memory_order_relaxed);
    entry->unique.store(in.unique, std::memory_order_release);
  }
  const std::lock_guard lock(mutex_);
  if (entry->submitter != nullptr) entry->submitter->lent.fetch_sub(1, std::memory_order_relaxed);
  entry->submitter = nullptr;
  const Worker* owner = owner_.load(std::memory_order_relaxed);
  completion.must_not_wait = owner != nullptr && has_lent(*owner);
  return true;
}

// What has completed does not hang on the owner any more: who takes its place would find it.
bool UringQueue::has_lent(const Worker& owner) const {
  int lent = owner.lent.load(std::memory_order_relaxed);
  const unsigned tail = __atomic_load_n(ring_.cq.ktail, __ATOMIC_ACQUIRE);
  for (unsigned head = *ring_.cq.khead; lent > 0 && head != tail; ++head) {
    const std::uint64_t about = ring_.cq.cqes[head & ring_.cq.ring_mask].user_data;
    if (about == kBell || (about & kBellFailed) != 0) continue;
    if (reinterpret_cast<const UringEntry*>(about)->submitter == &owner) --lent;
  }
  return lent > 0;
}

bool UringQueue::may_lend(const Worker& worker) const {
  return worker.lent.load(std::memory_order_relaxed) + static_cast<int>(queued_.size()) < kLentEntries;
}

void UringQueue::add_entries(unsigned n) {
  const std::size_t size = n * sizeof(UringEntry);
  void* memory =
      mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  slabs_.push_back({memory, size});
  for (unsigned i = 0; i < n; ++i) {
    auto* entry = new (static_cast<std::byte*>(memory) + i * sizeof(UringEntry)) UringEntry;
    entry->queue = this;
    entry->buffers[0] = {&entry->header, sizeof entry->header};
    entry->buffers[1] = {entry->payload, sizeof entry->payload};
    entry->submitter = nullptr;
    entry->commit_id = 0;
    entry->uses = 0;
    entries_.push_back(entry);
    prepare(*entry, abi::kUringRegister, nullptr);
  }
  free_.fetch_add(static_cast<int>(n), std::memory_order_relaxed);
  total_.fetch_add(n, std::memory_order_relaxed);
}

io_uring_sqe* UringQueue::next_sqe(Worker* by) {
  for (;;) {
    if (io_uring_sqe* sqe = io_uring_get_sqe(&ring_)) {
      std::memset(static_cast<void*>(sqe), 0, 2 * sizeof *sqe);
      return sqe;
    }
    enter(publish(by), 0, 0);  // all slots are taken
  }
}

void UringQueue::prepare(UringEntry& entry, std::uint32_t operation, Worker* by) {
  io_uring_sqe* sqe = next_sqe(by);
  sqe->opcode = IORING_OP_URING_CMD;
  sqe->fd = fuse_fd_;
  sqe->addr = reinterpret_cast<std::uint64_t>(entry.buffers);
  sqe->len = 2;
  sqe->cmd_op = operation;
  sqe->user_data = reinterpret_cast<std::uint64_t>(&entry);
  abi::UringCmdReq command{};
  command.queue = static_cast<std::uint16_t>(index_);
  command.commit_id = entry.commit_id;
  std::memcpy(sqe->cmd, &command, sizeof command);
  entry.unique.store(0, std::memory_order_release);  // the last that we touch of it
}

unsigned UringQueue::publish(Worker* by) {
  rung_for_.clear();
  for (UringEntry* entry : queued_) entry->submitter = by;
  if (by != nullptr) by->lent.fetch_add(static_cast<int>(queued_.size()), std::memory_order_relaxed);
  queued_.clear();
  io_uring_sq& sq = ring_.sq;
  sq.sqe_head = sq.sqe_tail;
  __atomic_store_n(sq.ktail, sq.sqe_tail, __ATOMIC_RELEASE);
  return sq.sqe_tail - __atomic_load_n(sq.khead, __ATOMIC_ACQUIRE);
}

int UringQueue::enter(unsigned submit, unsigned wait_for, unsigned flags) {
  if (Worker* worker = WorkerSet::current()) Worker::count(worker->syscalls);
  const int result = io_uring_enter(static_cast<unsigned>(ring_.ring_fd), submit, wait_for, flags, nullptr);
  return result < 0 ? -result : 0;
}

int UringQueue::submit_and_wait(unsigned wait_for) {
  std::vector<UringEntry*> invited;
  Worker* owner;
  {
    const std::lock_guard lock(mutex_);
    owner = owner_.load(std::memory_order_relaxed);
    invited.swap(invited_);
  }
  for (UringEntry* entry : invited) entry->queue->submit_invited(*entry, *owner);
  unsigned submit;
  {
    const std::lock_guard lock(mutex_);
    prepare_left_answers(*owner);
    submit = publish(owner);
    waiting_ = true;  // from now on answers are left with a message
  }
  // Another thread may submit ours meanwhile: the kernel then finds less than promised and returns early.
  const int error = enter(submit, wait_for, IORING_ENTER_GETEVENTS);
  waiting_.store(false, std::memory_order_relaxed);
  return error;
}

void UringQueue::prepare_answer(UringEntry& entry, Worker* by) {
  prepare(entry, abi::kUringCommitAndFetch, by);
  queued_.push_back(&entry);
  free_.fetch_add(1, std::memory_order_relaxed);
}

void UringQueue::prepare_left_answers(Worker& owner) {
  for (UringEntry* entry : for_owner_) {
    if (may_lend(owner)) {
      prepare_answer(*entry, &owner);
    } else {
      for_submitter_.push_back(entry);
    }
  }
  for_owner_.clear();
  if (!for_submitter_.empty()) submitter_wanted_.notify_one();
}

void UringQueue::commit(UringEntry& entry, const Answerer& by) {
  enum { submitter, owner, sleeping_owner, guest } whose = submitter;
  {
    const std::lock_guard lock(mutex_);
    const bool own = by.worker != nullptr && owned_by(*by.worker);
    if (by.hurry) {
      prepare_answer(entry, nullptr);
      enter(publish(nullptr), 0, 0);
      return;
    }
    if (own && may_lend(*by.worker)) {
      prepare_answer(entry, by.worker);
      return;
    }
    if (!own && owner_.load(std::memory_order_relaxed) != nullptr) {
      if (!waiting_.load(std::memory_order_relaxed)) {
        whose = owner;  // it looks before it sleeps; should it get stuck before that, disown() looks
      } else if (by.worker != nullptr) {
        whose = to_sleeper_++ % kInvitePeriod < kInvitations ? guest : sleeping_owner;
      }
    }
    if (whose == owner || whose == sleeping_owner) for_owner_.push_back(&entry);
  }
  if (whose == guest && by.queue->invite(entry, *by.worker)) return;
  if (whose == submitter || whose == guest) {
    submit_for(entry);
  } else if (whose == sleeping_owner && !by.queue->ring_for(*this, *by.worker)) {
    leave_to_submitter();
  }
}

bool UringQueue::invite(UringEntry& entry, const Worker& worker) {
  const std::lock_guard lock(mutex_);
  if (!owned_by(worker)) return false;
  invited_.push_back(&entry);
  return true;
}

void UringQueue::submit_invited(UringEntry& entry, Worker& by) {
  const std::lock_guard lock(mutex_);
  enter(publish(nullptr), 0, 0);  // what is queued here is the owner's, who has not the same limit
  prepare_answer(entry, &by);
  enter(publish(&by), 0, 0);
}

void UringQueue::submit_for(UringEntry& entry) {
  {
    const std::lock_guard lock(mutex_);
    for_submitter_.push_back(&entry);
  }
  submitter_wanted_.notify_one();
}

bool UringQueue::ring_for(UringQueue& other, Worker& worker) {
  const std::lock_guard lock(mutex_);
  if (!owned_by(worker)) return false;  // who owns it now may be asleep
  if (std::find(rung_for_.begin(), rung_for_.end(), &other) != rung_for_.end()) return true;
  io_uring_sqe* sqe = next_sqe(&worker);
  sqe->opcode = IORING_OP_MSG_RING;
  sqe->flags = IOSQE_CQE_SKIP_SUCCESS;
  sqe->fd = other.ring_.ring_fd;
  sqe->off = kBell;  // what the other ring gets
  sqe->user_data = reinterpret_cast<std::uint64_t>(&other) | kBellFailed;
  rung_for_.push_back(&other);
  return true;
}

void UringQueue::leave_to_submitter() {
  {
    const std::lock_guard lock(mutex_);
    for_submitter_.insert(for_submitter_.end(), for_owner_.begin(), for_owner_.end());
    for_owner_.clear();
  }
  submitter_wanted_.notify_one();
}

void UringQueue::request_entries(unsigned n) {
  {
    const std::lock_guard lock(mutex_);
    entries_wanted_ = std::max(entries_wanted_, n);
    growing_ = true;
  }
  submitter_wanted_.notify_one();
}

int UringQueue::register_first(unsigned n) {
  const std::lock_guard lock(mutex_);
  add_entries(n);
  if (const int error = enter(publish(nullptr), 0, 0)) return error;
  // A refused registration completes at once; others stay for the owner.
  const unsigned tail = __atomic_load_n(ring_.cq.ktail, __ATOMIC_ACQUIRE);
  for (unsigned head = *ring_.cq.khead; head != tail; ++head) {
    const int result = ring_.cq.cqes[head & ring_.cq.ring_mask].res;
    if (result < 0) return -result;
  }
  return 0;
}

void UringQueue::run_submitter(const std::function<void()>& grown) {
  std::unique_lock lock(mutex_);
  for (;;) {
    submitter_wanted_.wait(
        lock, [this] { return submitter_stopping_ || entries_wanted_ > 0 || !for_submitter_.empty(); });
    if (submitter_stopping_) return;
    for (UringEntry* entry : for_submitter_) prepare_answer(*entry, nullptr);
    for_submitter_.clear();
    const bool growing = entries_wanted_ > 0;
    if (growing) {
      try {
        add_entries(entries_wanted_);
      } catch (const std::bad_alloc&) {
        CB_LOG_LIMITED(base::Layer::frontend, spdlog::level::err, "no memory for more parked requests");
      }
      entries_wanted_ = 0;
    }
    enter(publish(nullptr), 0, 0);
    if (!growing) continue;
    growing_.store(false, std::memory_order_release);
    lock.unlock();
    grown();
    lock.lock();
  }
}

void UringQueue::stop_submitter() {
  const std::lock_guard lock(mutex_);
  submitter_stopping_ = true;
  submitter_wanted_.notify_all();
}

UringEntry* UringQueue::find(std::uint64_t unique) {
  const std::lock_guard lock(mutex_);
  for (UringEntry* entry : entries_) {
    if (entry->unique.load(std::memory_order_acquire) == unique) return entry;
  }
  return nullptr;
}

}  // namespace cuse_binder::frontends
