#include "test/libbinder/in_process_driver.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <map>
#include <mutex>
#include <vector>

#include "cuse_binder/client/descriptor_file.h"
#include "cuse_binder/client/receive_area.h"

namespace cuse_binder::test {
namespace {

using android::status_t;

// Process n has the pid n × this, and threads from there on.
constexpr pid_t kThreadsOfProcess = 100000;

thread_local bool t_is_in_driver = false;

// One ioctl; its thread waits for the answer.
class Call {
 public:
  void answered(int error, std::span<const std::byte> out) noexcept {
    const std::lock_guard lock(mutex_);
    error_ = error;
    size_ = std::min(out.size(), bytes_.size());
    if (size_ > 0) std::memcpy(bytes_.data(), out.data(), size_);
    done_ = true;
    changed_.notify_one();
  }

  int wait(void* argument) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return done_; });
    if (size_ > 0) std::memcpy(argument, bytes_.data(), size_);
    return error_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool done_ = false;
  int error_ = 0;
  std::size_t size_ = 0;
  std::array<std::byte, 64> bytes_;
};

class CallRequest final : public protocol::Request {
 public:
  explicit CallRequest(std::shared_ptr<Call> call) : call_(std::move(call)) {}
  ~CallRequest() override {
    if (call_ != nullptr) std::abort();  // a driver that drops a request leaves a client hanging for ever
  }
  void answer(int error, std::span<const std::byte> out) noexcept override {
    if (const std::shared_ptr<Call> call = std::exchange(call_, nullptr)) call->answered(error, out);
  }

 private:
  std::shared_ptr<Call> call_;
};

class EventWaiter final : public protocol::PollWaiter {
 public:
  explicit EventWaiter(std::shared_ptr<base::UniqueFd> event) : event_(std::move(event)) {}
  void notify() noexcept override { (void)eventfd_write(event_->get(), 1); }

 private:
  std::shared_ptr<base::UniqueFd> event_;
};

class InProcessDevice final : public android::internal::DriverDevice {
 public:
  InProcessDevice(pid_t pid, std::shared_ptr<protocol::Session> session,
                  std::shared_ptr<protocol::Mapping> mapping, InProcessDriver::OnEnd on_end)
      : pid_(pid), session_(std::move(session)), mapping_(std::move(mapping)), on_end_(std::move(on_end)) {}

  // Nobody uses it any more: what the driver holds now, it holds at the end.
  ~InProcessDevice() override {
    close();
    std::vector<binder_node_debug_info> nodes;
    binder_node_debug_info node{};
    while (call(BINDER_GET_NODE_DEBUG_INFO, &node) == 0 && node.ptr != 0) nodes.push_back(node);
    session_->release();
    if (area_ != MAP_FAILED) munmap(area_, area_size_);
    on_end_(std::move(nodes));
  }

  status_t ioctl(unsigned long request, void* argument) override {
    {
      const std::lock_guard lock(mutex_);
      if (closed_) return -EBADF;
      ++in_driver_;
    }
    t_is_in_driver = true;
    const status_t status = call(request, argument);
    rearm();
    t_is_in_driver = false;
    const std::lock_guard lock(mutex_);
    --in_driver_;
    left_.notify_all();
    return status;
  }

  status_t map(size_t size) override {
    area_size_ = size;
    area_ = mmap(nullptr, size, PROT_READ, MAP_SHARED, session_->receive_area().fd(), 0);
    if (area_ == MAP_FAILED) return -errno;
    *mapping_ = protocol::Mapping{reinterpret_cast<std::uint64_t>(area_), size};
    return 0;
  }

  int pollDescriptor() const override {
    const std::lock_guard lock(mutex_);
    if (event_ == nullptr) {
      event_ = std::make_shared<base::UniqueFd>(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
      poller_ = thread();
    }
    return event_->get();
  }

  bool hasFeature(const std::string&) const override { return true; }
  bool hasSecurityContexts() const override { return true; }

  // Calls that are being made come back with what they got; there are no new ones.
  void close() override {
    std::unique_lock lock(mutex_);
    closed_ = true;
    while (in_driver_ > 0) {
      lock.unlock();
      session_->flush();  // wakes those that wait in the driver
      lock.lock();
      // One may just have been on its way there.
      left_.wait_for(lock, std::chrono::milliseconds(5), [this] { return in_driver_ == 0; });
    }
  }

 private:
  status_t call(unsigned long request, void* argument) {
    auto call = std::make_shared<Call>();
    auto message = std::make_unique<CallRequest>(call);
    message->tid = thread();
    message->euid = geteuid();
    message->command = static_cast<std::uint32_t>(request);
    message->id = ++last_id_;
    message->argument = std::span(message->argument_room).first(_IOC_SIZE(request));
    if ((_IOC_DIR(request) & _IOC_WRITE) != 0) {
      std::memcpy(message->argument_room.data(), argument, _IOC_SIZE(request));
    }
    session_->ioctl(std::move(message));
    return -call->wait(argument);
  }

  // The calling thread as one of this process.
  pid_t thread() const {
    const std::lock_guard lock(threads_mutex_);
    const auto [entry, is_new] = threads_.try_emplace(gettid(), pid_ + static_cast<pid_t>(threads_.size()));
    return entry->second;
  }

  // Level-triggered, as a descriptor would be.
  void rearm() {
    std::shared_ptr<base::UniqueFd> event;
    {
      const std::lock_guard lock(mutex_);
      event = event_;
      if (event == nullptr || thread() != poller_) return;
    }
    eventfd_t count;
    (void)eventfd_read(event->get(), &count);
    if (session_->poll(poller_, std::make_unique<EventWaiter>(event))) (void)eventfd_write(event->get(), 1);
  }

  const pid_t pid_;
  const std::shared_ptr<protocol::Session> session_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable left_;
  bool closed_ = false;
  int in_driver_ = 0;  // calls that are being made
  mutable std::shared_ptr<base::UniqueFd> event_;
  mutable pid_t poller_ = 0;
  const std::shared_ptr<protocol::Mapping> mapping_;
  const InProcessDriver::OnEnd on_end_;
  mutable std::mutex threads_mutex_;
  mutable std::map<pid_t, pid_t> threads_;  // by the system's number
  void* area_ = MAP_FAILED;
  size_t area_size_ = 0;
  std::atomic<std::uint64_t> last_id_{0};
};

std::size_t copy(bool from_client, std::span<const iovec> local,
                 std::span<const client::RemotePiece> remote) {
  std::size_t done = 0;
  for (const client::RemotePiece& piece : remote) {
    // Where in `local` this piece begins, and so on; the pieces of both sides are split differently.
    std::uint64_t left = piece.size;
    std::uint64_t address = piece.address;
    while (left > 0) {
      std::size_t skip = done;
      std::size_t index = 0;
      while (skip >= local[index].iov_len) skip -= local[index++].iov_len;
      iovec here{static_cast<char*>(local[index].iov_base) + skip,
                 std::min<std::size_t>(left, local[index].iov_len - skip)};
      iovec there{reinterpret_cast<void*>(address), here.iov_len};
      // By system call, so that an address that is none is an error.
      const ssize_t n = from_client ? process_vm_readv(getpid(), &here, 1, &there, 1, 0)
                                    : process_vm_writev(getpid(), &here, 1, &there, 1, 0);
      if (n <= 0) return done;
      done += static_cast<std::size_t>(n);
      address += static_cast<std::uint64_t>(n);
      left -= static_cast<std::uint64_t>(n);
    }
  }
  return done;
}

}  // namespace

InProcessDriver::InProcessDriver()
    : driver_(protocol::Driver::create(*this, *this, *this)), device_(driver_->create_device("binder")) {}

InProcessDriver::~InProcessDriver() = default;

bool InProcessDriver::is_in_driver() {
  return t_is_in_driver;
}

std::unique_ptr<android::internal::DriverDevice> InProcessDriver::open(OnEnd on_end) {
  const pid_t pid = (last_pid_ += kThreadsOfProcess);
  auto mapping = std::make_shared<protocol::Mapping>();
  protocol::OpenInfo info;
  info.tid = pid;
  info.euid = geteuid();
  info.find_mapping = [mapping]() -> std::optional<protocol::Mapping> {
    if (mapping->size == 0) return std::nullopt;
    return *mapping;
  };
  auto session = device_->open(std::move(info));
  if (!session) {
    errno = session.error();
    return nullptr;
  }
  return std::make_unique<InProcessDevice>(pid, session.value(), std::move(mapping), std::move(on_end));
}

std::string InProcessDriver::leftovers() {
  const protocol::DriverCounters c = driver_->counters();
  std::string left;
  const auto count = [&](const char* what, std::uint64_t number) {
    if (number != 0) left += std::to_string(number) + " " + what + "; ";
  };
  count("processes", c.processes);
  count("threads", c.threads);
  count("nodes", c.nodes);
  count("references", c.references);
  count("transactions", c.transactions_alive);
  count("buffers", c.buffers);
  count("death notifications", c.deaths);
  count("freeze notifications", c.freezes);
  count("parked reads", c.parked_reads);
  count("files", c.files);
  return left;
}

std::size_t InProcessDriver::read(pid_t, std::span<const iovec> local,
                                  std::span<const client::RemotePiece> remote) noexcept {
  return copy(true, local, remote);
}

std::size_t InProcessDriver::write(pid_t, std::span<const iovec> local,
                                   std::span<const client::RemotePiece> remote) noexcept {
  return copy(false, local, remote);
}

base::Result<base::FilePtr> InProcessDriver::take(pid_t, int fd) {
  base::UniqueFd copy(fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!copy) return base::Errno{EBADF};
  return base::FilePtr(std::make_unique<client::DescriptorFile>(std::move(copy)));
}

void InProcessDriver::run(pid_t, client::DescriptorWork work, std::function<void()>,
                          std::function<void(client::DescriptorOutcome)> done) {
  client::DescriptorOutcome outcome;
  for (const base::File* file : work.install) {
    outcome.installed.push_back(
        fcntl(static_cast<const client::DescriptorFile*>(file)->fd(), F_DUPFD_CLOEXEC, 0));
  }
  for (const int fd : work.close) ::close(fd);
  done(std::move(outcome));
}

base::Result<client::ProcessIdentity> InProcessDriver::process_of(pid_t tid) {
  client::ProcessIdentity identity;
  identity.pid = tid / kThreadsOfProcess * kThreadsOfProcess;
  identity.namespace_pids = {identity.pid};
  identity.namespaces = {1};
  identity.pid_namespace = 1;
  identity.command = "party";
  return identity;
}

base::Result<std::string> InProcessDriver::security_context(pid_t) {
  return std::string("u:r:test:s0\0", 12);
}

int InProcessDriver::nice_of(pid_t) {
  return 0;
}

}  // namespace cuse_binder::test
