// How requests come from the kernel and answers go back. Below libfuse: it goes on speaking the protocol, and
// nothing above knows which transport runs.
//
// Two implementations: read and write on /dev/fuse, and FUSE over io_uring.
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

namespace cuse_binder::frontends {

struct Worker;
class WorkerSet;

// Takes one complete request, as read(2) on /dev/fuse would give it.
class MessageSink {
 public:
  virtual void handle(std::byte* message, std::size_t size) noexcept = 0;

 protected:
  ~MessageSink() = default;
};

class FuseTransport {
 public:
  virtual ~FuseTransport() = default;

  virtual std::string_view name() const = 0;
  // Begins to serve from threads of `workers`. A positive errno if the kernel will not have it; nothing runs
  // then.
  virtual int start() = 0;
  // Sends a reply or a notification, from any thread; as writev(2).
  virtual ssize_t send(iovec* pieces, int count) noexcept = 0;
  // The mount is about to be aborted: from now on answers do not wait for other threads.
  virtual void hurry() noexcept {}
  // Asks the threads to end; WorkerSet::join_all() waits for them.
  virtual void stop() noexcept = 0;
  // `worker` is stuck in a client's memory. retire() takes its place away and is called while it cannot leave
  // that memory; replace() finds somebody else for the place, afterwards.
  virtual void retire(Worker& worker) noexcept = 0;
  virtual void replace(Worker& worker) = 0;
  // System calls made by threads that are not workers.
  std::uint64_t other_syscalls() const { return other_syscalls_.load(std::memory_order_relaxed); }

 protected:
  void count_syscall();

 private:
  std::atomic<std::uint64_t> other_syscalls_{0};
};

struct TransportParts {
  int fuse_fd;  // borrowed
  MessageSink& sink;
  WorkerSet& workers;
  std::function<void()> lost;  // the connection has ended; called once or more often, from a worker
  // Called by a worker that was declared stuck, when it is done with what it was stuck in.
  std::function<void(Worker&)> no_longer_stuck;
};

std::unique_ptr<FuseTransport> make_read_transport(TransportParts parts, unsigned readers);

// `nudge(cpu)` makes the kernel send some request from that CPU soon; never blocks.
std::unique_ptr<FuseTransport> make_uring_transport(TransportParts parts,
                                                    std::function<void(unsigned cpu)> nudge);
// Whether the running kernel has FUSE over io_uring switched on.
bool uring_enabled();

}  // namespace cuse_binder::frontends
