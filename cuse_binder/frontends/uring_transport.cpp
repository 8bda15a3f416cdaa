// FUSE over io_uring: one queue and one pinned worker per CPU, entries registered on demand, and one thread
// that goes on reading /dev/fuse, where INIT, FORGET and INTERRUPT still come.
//
// libfuse names a request by its `unique` only. The messages it is given here carry the address of their
// entry instead of the kernel's number, so that a reply finds its entry without a table. INTERRUPT messages
// are translated likewise.
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <fstream>
#include <future>
#include <optional>
#include <vector>

#include "cuse_binder/base/log.h"
#include "cuse_binder/frontends/cpu.h"
#include "cuse_binder/frontends/device_reader.h"
#include "cuse_binder/frontends/errands.h"
#include "cuse_binder/frontends/fuse_transport.h"
#include "cuse_binder/frontends/uring_queue.h"
#include "cuse_binder/frontends/worker.h"

namespace cuse_binder::frontends {
namespace {

constexpr unsigned kInitialEntries = 16;
constexpr int kLowWater = 8;  // fewer free entries than that: register more
constexpr unsigned kGrowth = 16;
constexpr std::size_t kEarlyInterrupts = 256;

class UringTransport final : public FuseTransport {
 public:
  UringTransport(TransportParts parts, std::function<void(unsigned)> nudge)
      : parts_(std::move(parts)),
        nudge_(std::move(nudge)),
        errands_(parts_.workers, parts_.no_longer_stuck) {}

  std::string_view name() const override { return "uring"; }
  int start() override;
  ssize_t send(iovec* pieces, int count) noexcept override;
  void hurry() noexcept override { hurry_ = true; }
  void stop() noexcept override;
  void retire(Worker& worker) noexcept override;
  void replace(Worker& worker) override;

 private:
  struct Queue {
    explicit Queue(int fuse_fd, unsigned index) : ring(fuse_fd, index) {}
    UringQueue ring;
    bool nudge_answered = false;  // by the owner; see check_exhausted()
  };

  void submit_for(Queue& queue, std::promise<int>& registered);
  void spawn_owner();
  void serve_places(Worker& worker);
  bool serve_until_replaced(Worker& worker, Queue& queue, std::vector<std::byte>& buffer);
  void handle(Worker& worker, Queue& queue, const UringQueue::Completion& completion,
              std::vector<std::byte>& buffer);
  void keep_entries(Queue& queue);
  void check_exhausted(Queue& queue);
  Queue* wait_for_place(Worker& worker);
  void read_device(Worker& worker);
  void interrupt(std::byte* message, std::size_t size);
  bool take_early_interrupt(std::uint64_t unique, fuse_interrupt_in& found, fuse_in_header& header);

  const TransportParts parts_;
  const std::function<void(unsigned)> nudge_;
  std::vector<std::unique_ptr<Queue>> queues_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> hurry_{false};
  std::atomic<Worker*> reader_{nullptr};  // of /dev/fuse
  Errands errands_;

  std::mutex spare_mutex_;
  std::condition_variable spare_wanted_;
  unsigned spares_ = 0;        // workers that wait for a place
  std::deque<Queue*> vacant_;  // queues whose owner was given up

  // Interrupts of requests whose completion no worker has taken yet.
  std::mutex early_mutex_;
  std::atomic<std::size_t> early_count_{0};
  std::deque<std::pair<fuse_in_header, fuse_interrupt_in>> early_;
};

// What happened before an answer happened before any request that a client makes because of it. The kernel
// sees to that, by way of another ring as a rule, where the thread sanitizer cannot look: it is told.
#if defined(__SANITIZE_THREAD__)
std::atomic<std::uint64_t> answers{0};
void before_answer() {
  answers.fetch_add(1, std::memory_order_release);
}
void after_request() {
  static_cast<void>(answers.load(std::memory_order_acquire));
}
#else
void before_answer() {}
void after_request() {}
#endif

// The calling thread, if it is a worker that serves queues; `hurry` while it handles a request whose answer
// it must submit by itself and at once.
thread_local UringQueue::Answerer answerer;

int UringTransport::start() {
  for (unsigned cpu = 0; cpu < possible_cpus(); ++cpu) {  // the kernel wants all of them before it begins
    queues_.push_back(std::make_unique<Queue>(parts_.fuse_fd, cpu));
    if (const int error = queues_.back()->ring.open()) return error;
  }
  std::vector<std::future<int>> results;
  for (auto& queue : queues_) {
    auto registered = std::make_shared<std::promise<int>>();
    results.push_back(registered->get_future());
    parts_.workers.spawn(
        [this, place = queue.get(), registered](Worker&) { submit_for(*place, *registered); });
  }
  int error = 0;
  for (auto& result : results) error = std::max(error, result.get());
  if (error != 0) {
    stop();
    parts_.workers.join_all();
    return error;
  }
  for (auto& queue : queues_) vacant_.push_back(queue.get());
  // One more than there are places: it takes the first one that becomes vacant.
  for (std::size_t i = 0; i <= queues_.size(); ++i) spawn_owner();
  parts_.workers.spawn([this](Worker& worker) { read_device(worker); });
  errands_.start();
  return 0;
}

void UringTransport::stop() noexcept {
  stopping_ = true;
  errands_.stop();
  for (auto& queue : queues_) queue->ring.stop_submitter();
  const std::lock_guard lock(spare_mutex_);
  spare_wanted_.notify_all();
}

void UringTransport::submit_for(Queue& queue, std::promise<int>& registered) {
  pin_to_cpu(queue.ring.index());
  int error = ENOMEM;
  try {
    error = queue.ring.register_first(kInitialEntries);
  } catch (const std::bad_alloc&) {
  }
  registered.set_value(error);
  if (error != 0) return;
  queue.ring.run_submitter([&] { nudge_(queue.ring.index()); });
}

void UringTransport::spawn_owner() {
  parts_.workers.spawn([this](Worker& worker) { serve_places(worker); });
}

// A worker that was replaced does not end: entries that it submitted are delivered through it.
void UringTransport::serve_places(Worker& worker) {
  answerer.worker = &worker;
  std::vector<std::byte> buffer(abi::kMessageSize);
  while (Queue* queue = wait_for_place(worker)) {
    pin_to_cpu(queue->ring.index());
    answerer.queue = &queue->ring;
    queue->ring.own(worker);
    if (!serve_until_replaced(worker, *queue, buffer)) return;
  }
}

// False when the mount has ended.
bool UringTransport::serve_until_replaced(Worker& worker, Queue& queue, std::vector<std::byte>& buffer) {
  while (!stopping_.load(std::memory_order_relaxed)) {
    UringQueue::Completion completion;
    while (queue.ring.reap(completion)) {
      if (completion.entry == nullptr) continue;
      if (completion.result != 0) {
        if (stopping_) return false;
        // Registering more entries may fail for want of memory; anything else means that the connection has
        // ended.
        if (completion.result == -ENOMEM || completion.result == -EAGAIN) continue;
        parts_.lost();
        return false;
      }
      keep_entries(queue);
      handle(worker, queue, completion, buffer);
      if (!queue.ring.owned_by(worker)) return true;
      if (queue.nudge_answered) check_exhausted(queue);
    }
    if (queue.ring.completions_waiting() > 0) continue;
    const int error = queue.ring.submit_and_wait(1);
    if (error != 0 && error != EINTR && error != EAGAIN && error != EBUSY) {
      base::log(base::Layer::frontend).error("io_uring_enter: {}", std::strerror(error));
      parts_.lost();
      return false;
    }
  }
  return false;
}

void UringTransport::handle(Worker& worker, Queue& queue, const UringQueue::Completion& completion,
                            std::vector<std::byte>& buffer) {
  after_request();
  Worker::count(worker.requests);
  UringEntry& entry = *completion.entry;
  fuse_in_header in;
  std::memcpy(&in, entry.header.in_out, sizeof in);
  const std::size_t payload = std::min<std::size_t>(entry.header.entry.payload_size, abi::kPayloadSize);
  const std::size_t operation =
      std::min<std::size_t>(in.len - sizeof in - payload, sizeof entry.header.op_in);
  const std::uint64_t unique = in.unique;
  in.unique = entry.name.load(std::memory_order_relaxed);
  std::memcpy(buffer.data(), &in, sizeof in);
  std::memcpy(buffer.data() + sizeof in, entry.header.op_in, operation);
  std::memcpy(buffer.data() + sizeof in + operation, entry.payload, payload);
  answerer.hurry = queue.nudge_answered = in.opcode == FUSE_STATFS;
  std::optional<protocol::Elsewhere::Scope> elsewhere;
  if (completion.must_not_wait) elsewhere.emplace(errands_);

  if (early_count_.load(std::memory_order_acquire) > 0) {
    struct {
      fuse_in_header header;
      fuse_interrupt_in interrupt;
    } early;
    if (take_early_interrupt(unique, early.interrupt, early.header)) {
      early.interrupt.unique = in.unique;  // libfuse remembers it until the request comes, which is now
      parts_.sink.handle(reinterpret_cast<std::byte*>(&early), sizeof early);
    }
  }
  parts_.sink.handle(buffer.data(), in.len);
  answerer.hurry = false;
}

// The kernel must always find a free entry: it does not move a request that had to wait for one into an entry
// that is registered later, only into one that is answered.
void UringTransport::keep_entries(Queue& queue) {
  const int free = queue.ring.free_entries() - static_cast<int>(queue.ring.completions_waiting());
  if (free < kLowWater && !queue.ring.growing()) {
    queue.ring.request_entries(std::max(kGrowth, queue.ring.total_entries() / 2));
  }
}

// After entries had run low, the kernel is made to send a request of no importance on this queue (any STATFS
// is taken for one). If the answer to it brought a request with it that had to wait, there may be more of
// them: once again.
void UringTransport::check_exhausted(Queue& queue) {
  queue.nudge_answered = false;
  if (queue.ring.completions_waiting() > 0) nudge_(queue.ring.index());
}

ssize_t UringTransport::send(iovec* pieces, int count) noexcept {
  before_answer();
  auto* out = static_cast<fuse_out_header*>(pieces[0].iov_base);
  if ((out->unique & kEntryNameMark) == 0) {  // a notification, or an answer to what came by /dev/fuse
    count_syscall();
    return writev(parts_.fuse_fd, pieces, count);
  }
  UringEntry& entry = *entry_of(out->unique);
  fuse_out_header answer = *out;
  answer.unique = entry.unique.load(std::memory_order_relaxed);
  std::size_t size = 0;
  for (int i = 1; i < count; ++i) {
    if (pieces[i].iov_len > sizeof entry.payload - size) {
      answer.error = -EIO;
      size = 0;
      break;
    }
    std::memcpy(entry.payload + size, pieces[i].iov_base, pieces[i].iov_len);
    size += pieces[i].iov_len;
  }
  answer.len = static_cast<std::uint32_t>(sizeof answer + size);
  std::memcpy(entry.header.in_out, &answer, sizeof answer);
  entry.header.entry.payload_size = static_cast<std::uint32_t>(size);
  UringQueue::Answerer by = answerer;
  by.hurry = by.hurry || hurry_.load(std::memory_order_relaxed);
  entry.queue->commit(entry, by);
  return out->len;
}

void UringTransport::retire(Worker& worker) noexcept {
  if (&worker == reader_) worker.replaced = true;
  errands_.retire(worker);
  for (auto& queue : queues_) {
    if (!queue->ring.owned_by(worker)) continue;
    queue->ring.disown();
    worker.replaced = true;
    const std::lock_guard lock(spare_mutex_);
    vacant_.push_back(queue.get());
    spare_wanted_.notify_one();
  }
}

void UringTransport::replace(Worker& worker) {
  if (&worker == reader_) parts_.workers.spawn([this](Worker& next) { read_device(next); });
  errands_.replace(worker);
  bool spare;
  {
    const std::lock_guard lock(spare_mutex_);
    spare = spares_ > vacant_.size();
  }
  if (!spare) spawn_owner();
}

UringTransport::Queue* UringTransport::wait_for_place(Worker& worker) {
  std::unique_lock lock(spare_mutex_);
  ++spares_;
  spare_wanted_.wait(lock, [this] { return stopping_ || !vacant_.empty(); });
  --spares_;
  if (stopping_) return nullptr;
  Queue* queue = vacant_.front();
  vacant_.pop_front();
  worker.replaced = false;
  return queue;
}

void UringTransport::read_device(Worker& worker) {
  reader_ = &worker;
  std::vector<std::byte> buffer(abi::kMessageSize);
  while (!stopping_.load(std::memory_order_relaxed)) {
    const ssize_t size = read_message(parts_.fuse_fd, buffer, worker);
    if (size < 0) {
      if (!stopping_) parts_.lost();
      return;
    }
    if (size == 0) continue;
    after_request();
    Worker::count(worker.requests);
    fuse_in_header in;
    std::memcpy(&in, buffer.data(), sizeof in);
    if (in.opcode == FUSE_INTERRUPT) {
      interrupt(buffer.data(), static_cast<std::size_t>(size));
    } else {
      parts_.sink.handle(buffer.data(), static_cast<std::size_t>(size));
    }
    if (worker.replaced) return;
  }
}

void UringTransport::interrupt(std::byte* message, std::size_t size) {
  fuse_in_header header;
  fuse_interrupt_in target;
  if (size < sizeof header + sizeof target) return;
  std::memcpy(&header, message, sizeof header);
  std::memcpy(&target, message + sizeof header, sizeof target);
  UringEntry* entry = nullptr;
  {
    // Under early_mutex_, so that a worker that takes the completion now sees either the early interrupt or
    // us the entry.
    const std::lock_guard lock(early_mutex_);
    for (auto& queue : queues_) {
      if (entry == nullptr) entry = queue->ring.find(target.unique);
    }
    if (entry == nullptr) {
      early_.emplace_back(header, target);
      if (early_.size() > kEarlyInterrupts) early_.pop_front();  // of requests that were answered meanwhile
      early_count_.store(early_.size(), std::memory_order_release);
      return;
    }
  }
  target.unique = entry->name.load(std::memory_order_relaxed);
  std::memcpy(message + sizeof header, &target, sizeof target);
  parts_.sink.handle(message, size);
}

bool UringTransport::take_early_interrupt(std::uint64_t unique, fuse_interrupt_in& found,
                                          fuse_in_header& header) {
  const std::lock_guard lock(early_mutex_);
  for (auto early = early_.begin(); early != early_.end(); ++early) {
    if (early->second.unique != unique) continue;
    header = early->first;
    found = early->second;
    early_.erase(early);
    early_count_.store(early_.size(), std::memory_order_release);
    return true;
  }
  return false;
}

}  // namespace

bool uring_enabled() {
  std::ifstream parameter("/sys/module/fuse/parameters/enable_uring");
  char value = 'N';
  parameter >> value;
  return value == 'Y';
}

std::unique_ptr<FuseTransport> make_uring_transport(TransportParts parts,
                                                    std::function<void(unsigned)> nudge) {
  return std::make_unique<UringTransport>(std::move(parts), std::move(nudge));
}

}  // namespace cuse_binder::frontends
