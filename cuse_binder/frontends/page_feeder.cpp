#include "cuse_binder/frontends/page_feeder.h"

#include <pthread.h>
#include <signal.h>

#include <cstring>
#include <new>

#include "cuse_binder/uapi/binder.h"

namespace cuse_binder::frontends {

void PageFeeder::start(fuse_session* session) {
  session_ = session;
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  thread_ = std::thread([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
  running_ = true;
}

void PageFeeder::stop() {
  {
    const std::lock_guard lock(mutex_);
    running_ = false;
    stopping_ = true;
  }
  wanted_.notify_one();
  if (thread_.joinable()) thread_.join();
}

bool PageFeeder::concerns(std::uint32_t command, int error, std::span<const std::byte> out) {
  if (command != BINDER_WRITE_READ || error != 0 || out.size() != kMostBytes) return false;
  binder_write_read bwr;
  static_assert(sizeof bwr == kMostBytes);
  std::memcpy(&bwr, out.data(), sizeof bwr);
  return bwr.read_consumed > 0;
}

bool PageFeeder::answer(fuse_req_t request, std::uint64_t inode, std::span<const std::byte> out) noexcept {
  if (!running_) return false;
  Answer answer{request, inode, {}};
  std::memcpy(answer.bytes.data(), out.data(), out.size());
  try {
    const std::lock_guard lock(mutex_);
    if (!running_) return false;
    answers_.push_back(answer);
  } catch (const std::bad_alloc&) {
    return false;
  }
  wanted_.notify_one();
  return true;
}

void PageFeeder::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wanted_.wait(lock, [this] { return stopping_ || !answers_.empty(); });
    if (answers_.empty()) return;
    const Answer answer = answers_.front();
    answers_.pop_front();
    lock.unlock();
    fuse_lowlevel_notify_inval_inode(session_, answer.inode, 0, 0);  // ENOENT: nothing is cached
    fuse_reply_ioctl(answer.request, 0, answer.bytes.data(), answer.bytes.size());
    lock.lock();
  }
}

}  // namespace cuse_binder::frontends
