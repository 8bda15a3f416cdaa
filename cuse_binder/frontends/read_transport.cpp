// Requests by read(2) on /dev/fuse, by a few threads that all do the same.
#include <unistd.h>

#include <vector>

#include "cuse_binder/frontends/device_reader.h"
#include "cuse_binder/frontends/fuse_transport.h"
#include "cuse_binder/frontends/worker.h"

namespace cuse_binder::frontends {
namespace {

class ReadTransport final : public FuseTransport {
 public:
  ReadTransport(TransportParts parts, unsigned readers) : parts_(std::move(parts)), wanted_(readers) {}

  std::string_view name() const override { return "read"; }

  int start() override {
    for (unsigned i = 0; i < wanted_; ++i) spawn_reader();
    return 0;
  }

  ssize_t send(iovec* pieces, int count) noexcept override {
    count_syscall();
    return writev(parts_.fuse_fd, pieces, count);
  }

  void stop() noexcept override { stopping_ = true; }

  void retire(Worker& worker) noexcept override {
    if (worker.serves == this) worker.replaced = true;  // it ends when its request is done
  }

  void replace(Worker& worker) override {
    if (worker.serves == this) spawn_reader();
  }

 private:
  void spawn_reader() {
    parts_.workers.spawn([this](Worker& worker) { serve(worker); });
  }

  void serve(Worker& worker) {
    worker.serves = this;
    std::vector<std::byte> buffer(abi::kMessageSize);
    while (!stopping_.load(std::memory_order_relaxed)) {
      const ssize_t size = read_message(parts_.fuse_fd, buffer, worker);
      if (size < 0) {
        if (!stopping_) parts_.lost();
        break;
      }
      if (size == 0) continue;
      Worker::count(worker.requests);
      parts_.sink.handle(buffer.data(), static_cast<std::size_t>(size));
      if (worker.replaced) break;
    }
  }

  const TransportParts parts_;
  const unsigned wanted_;
  std::atomic<bool> stopping_{false};
};

}  // namespace

std::unique_ptr<FuseTransport> make_read_transport(TransportParts parts, unsigned readers) {
  return std::make_unique<ReadTransport>(std::move(parts), readers);
}

void FuseTransport::count_syscall() {
  if (Worker* worker = WorkerSet::current()) {
    Worker::count(worker->syscalls);
  } else {
    other_syscalls_.fetch_add(1, std::memory_order_relaxed);
  }
}

}  // namespace cuse_binder::frontends
