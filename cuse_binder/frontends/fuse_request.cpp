#include "cuse_binder/frontends/fuse_request.h"

#include <cerrno>
#include <cstring>
#include <new>
#include <thread>
#include <vector>

#include "cuse_binder/frontends/late_answers.h"
#include "cuse_binder/frontends/page_feeder.h"
#include "cuse_binder/frontends/watchdog.h"
#include "cuse_binder/frontends/worker.h"

namespace cuse_binder::frontends {
namespace {

// Memory of destroyed requests, for the next ones of the same thread.
class FreeList {
 public:
  ~FreeList() {
    for (void* memory : memories_) ::operator delete(memory);
  }
  void* take() {
    if (memories_.empty()) return nullptr;
    void* memory = memories_.back();
    memories_.pop_back();
    return memory;
  }
  bool give(void* memory) noexcept {
    if (memories_.size() >= kMost) return false;
    if (memories_.capacity() < kMost) {
      try {
        memories_.reserve(kMost);
      } catch (const std::bad_alloc&) {
        return false;
      }
    }
    memories_.push_back(memory);
    return true;
  }

 private:
  static constexpr std::size_t kMost = 64;
  std::vector<void*> memories_;
};

thread_local FreeList free_list;

}  // namespace

void* FuseRequest::operator new(std::size_t size) {
  if (void* memory = free_list.take()) return memory;
  return ::operator new(size);
}

void FuseRequest::operator delete(void* memory) noexcept {
  if (!free_list.give(memory)) ::operator delete(memory);
}

FuseRequest::FuseRequest(fuse_req_t handle, std::uint32_t command_number, std::span<const std::byte> bytes,
                         pid_t process, Watchdog& watchdog)
    : handle_(handle), process_(process), watchdog_(watchdog) {
  const fuse_ctx* context = fuse_req_ctx(handle);
  tid = context->pid;
  euid = context->uid;
  command = command_number;
  id = id_of(handle);
  std::byte* copy = argument_room.data();
  if (bytes.size() > argument_room.size()) {
    large_ = std::make_unique<std::byte[]>(bytes.size());
    copy = large_.get();
  }
  if (!bytes.empty()) std::memcpy(copy, bytes.data(), bytes.size());
  argument = {copy, bytes.size()};
}

void FuseRequest::argument_is_at(std::uint64_t address, std::shared_ptr<LateAnswers> late) {
  argument_address = address;
  late_ = std::move(late);
}

FuseRequest::~FuseRequest() {
  // Nobody wants it any more, and an unanswered request would hang its client for ever.
  if (const fuse_req_t handle = handle_.exchange(nullptr)) fuse_reply_ioctl(handle, -EINTR, nullptr, 0);
}

void FuseRequest::answer(int error, std::span<const std::byte> out) noexcept {
  const fuse_req_t handle = handle_.exchange(nullptr, std::memory_order_acq_rel);
  if (handle == nullptr) return;
  if (feeder_ != nullptr && PageFeeder::concerns(command, error, out) && feeder_->answer(handle, inode_, out))
    return;
  if (late_ != nullptr && !out.empty()) return late_->answer(handle, *argument_address, error, out);
  fuse_reply_ioctl(handle, -error, out.data(), out.size());
}

void FuseRequest::abandon() noexcept {
  const fuse_req_t handle = handle_.exchange(nullptr, std::memory_order_acq_rel);
  if (handle == nullptr) return;
  abandoned_.store(true, std::memory_order_release);
  fuse_reply_ioctl(handle, -EINTR, nullptr, 0);
}

void FuseRequest::client_access_begins() noexcept {
  Worker* worker = WorkerSet::current();
  if (worker == nullptr) return;
  Worker::count(worker->accesses);
  worker->access.store(this, std::memory_order_seq_cst);
  watchdog_.access_began();
}

void FuseRequest::client_access_ends() noexcept {
  Worker* worker = WorkerSet::current();
  if (worker == nullptr) return;
  FuseRequest* expected = this;
  while (!worker->access.compare_exchange_weak(expected, nullptr)) {
    expected = this;
    std::this_thread::yield();  // somebody looks at us; that takes microseconds
  }
}

}  // namespace cuse_binder::frontends
