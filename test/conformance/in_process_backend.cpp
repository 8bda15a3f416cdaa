// Actors without any kernel: fake processes whose ioctls go straight to protocol::Session.
//
// Everything happens in the runner's thread, in the order of the case's steps; a blocked call is one that was
// not answered yet. Answers may come from threads of the driver's own (timeouts), which is what the lock is
// for.
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <stdexcept>
#include <vector>

#include "cuse_binder/client/receive_area.h"
#include "cuse_binder/protocol/driver.h"
#include "test/conformance/backend.h"
#include "test/conformance/patience.h"
#include "test/support/fake_machine.h"

namespace cuse_binder::conformance {
namespace {

using test::DescriptionPtr;
using test::FakeMachine;
using test::FakeProcess;

// An open device file. Its end is the release of the session.
class DeviceDescription final : public test::FakeDescription {
 public:
  DeviceDescription(int flags) : flags_(flags) {}
  ~DeviceDescription() override {
    if (session_) session_->release();
  }

  std::shared_ptr<protocol::Session> session_;
  int flags_;
  std::optional<protocol::Mapping> mapping_;
};

using DevicePtr = std::shared_ptr<DeviceDescription>;

// A reservation of addresses; the first bytes of it may be mapped over.
struct Reservation {
  std::byte* address = nullptr;
  std::size_t size = 0;

  explicit Reservation(std::size_t bytes) : size(bytes) {
    void* place = ::mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (place == MAP_FAILED) throw std::bad_alloc();
    address = static_cast<std::byte*>(place);
  }
  ~Reservation() { ::munmap(address, size); }
  Reservation(const Reservation&) = delete;
};

struct DeviceMapping {
  std::shared_ptr<Reservation> place;
  std::uint64_t left;  // bytes not unmapped yet
  DevicePtr device;
};

struct FakeThread {
  uid_t euid = 0;
  std::optional<Outcome> outcome;
  bool busy = false;
  bool polling = false;
  bool poll_again = false;
  // The ioctl in progress.
  DevicePtr device;
  std::uint32_t request = 0;
  std::uint64_t argument = 0;
  std::uint64_t id = 0;
  short events = 0;
  bool left_for_work = false;  // answered by `leave`; will repeat the ioctl
};

struct ProcessState {
  FakeProcess* process = nullptr;  // null once killed
  pid_t pid = 0;
  std::shared_ptr<Reservation> arena;
  std::map<int, std::shared_ptr<FakeThread>> threads;
  std::map<std::uint64_t, DeviceMapping> mappings;
};

class InProcessBackend;

class FakeRequest final : public protocol::Request {
 public:
  FakeRequest(InProcessBackend& backend, std::shared_ptr<FakeThread> thread)
      : backend_(backend), thread_(std::move(thread)) {}
  ~FakeRequest() override;
  void answer(int error, std::span<const std::byte> out) noexcept override;

  std::vector<std::byte> bytes;  // what `argument` shows

 private:
  InProcessBackend& backend_;
  std::shared_ptr<FakeThread> thread_;
  bool answered_ = false;
};

class FakePollWaiter final : public protocol::PollWaiter {
 public:
  FakePollWaiter(InProcessBackend& backend, std::shared_ptr<FakeThread> thread)
      : backend_(backend), thread_(std::move(thread)) {}
  void notify() noexcept override;

 private:
  InProcessBackend& backend_;
  std::shared_ptr<FakeThread> thread_;
};

class InProcessBackend final : public Backend {
 public:
  explicit InProcessBackend(bool borrow)
      : borrow_(borrow),
        driver_(protocol::Driver::create(machine_, machine_, machine_)),
        device_(driver_->create_device("binder")) {}

  ~InProcessBackend() override {
    for (std::size_t i = 0; i < processes_.size(); ++i) kill(static_cast<int>(i));
    device_.reset();
    driver_.reset();
  }

  int spawn(const std::string& name) override {
    ProcessState state;
    state.arena = std::make_shared<Reservation>(kArenaSize + 4096);
    if (::mprotect(state.arena->address, kArenaSize, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc();
    return adopt(std::move(state), name);
  }

  int fork_child(int parent, const std::string& name) override {
    ProcessState state;
    state.arena = at(parent).arena;
    const int child = adopt(std::move(state), name);
    FakeProcess& from = alive(parent);
    for (const int fd : from.open_fds()) {
      // Numbers are kept: the tables are filled in ascending order and holes are filled with something.
      DescriptionPtr filler = std::make_shared<test::PathDescription>();
      std::vector<int> holes;
      int number = alive(child).install(filler);
      while (number != fd) {
        holes.push_back(number);
        number = alive(child).install(filler);
      }
      for (const int hole : holes) alive(child).close(hole);
      alive(child).close(fd);
      holes.clear();
      while ((number = alive(child).install(from.find(fd), from.is_close_on_exec(fd))) != fd)
        holes.push_back(number);
      for (const int hole : holes) alive(child).close(hole);
    }
    return child;
  }

  void kill(int number) override {
    ProcessState& state = at(number);
    if (!state.process) return;
    for (auto& [index, thread] : state.threads) interrupt(state.pid + index, *thread);
    pump();
    for (const int fd : state.process->open_fds()) close(state, fd);
    state.mappings.clear();
    state.threads.clear();
    state.process = nullptr;
    machine_.remove_process(state.pid);
    pump();
  }

  pid_t pid(int process) override { return at(process).pid; }
  pid_t tid(ThreadRef ref) override { return at(ref.process).pid + ref.thread; }
  std::span<std::byte> arena(int process) override { return {at(process).arena->address, kArenaSize}; }

  void start(ThreadRef ref, const Call& call) override {
    std::shared_ptr<FakeThread> thread = thread_of(ref);
    {
      const std::lock_guard lock(mutex_);
      if (thread->busy) throw std::runtime_error("a thread was given a second call while it is in one");
      thread->outcome.reset();
      thread->busy = true;
    }
    if (!at(ref.process).process) {
      finish(*thread, {-1, ESRCH});
      return;
    }
    execute(ref, thread, call);
    pump();
  }

  std::optional<Outcome> outcome(ThreadRef ref, std::chrono::milliseconds patience) override {
    std::shared_ptr<FakeThread> thread = thread_of(ref);
    const auto deadline = std::chrono::steady_clock::now() + patience;
    for (;;) {
      pump();
      std::unique_lock lock(mutex_);
      if (thread->outcome) return thread->outcome;
      if (std::chrono::steady_clock::now() >= deadline) return std::nullopt;
      changed_.wait_for(lock, std::chrono::milliseconds(2));
    }
  }

  bool sleeps(ThreadRef ref) override {
    pump();
    const std::lock_guard lock(mutex_);
    return thread_of(ref)->busy;
  }

  void signal(ThreadRef ref) override {
    interrupt(tid(ref), *thread_of(ref));
    pump();
  }

  void stop_and_continue(int number) override {
    for (auto& [index, thread] : at(number).threads) interrupt(at(number).pid + index, *thread);
    pump();
  }

  std::string log(const std::string& file) override {
    using protocol::LogFile;
    if (file.starts_with("proc/")) return driver_->process_log_text(std::atoi(file.c_str() + 5));
    static const std::map<std::string, LogFile> files = {
        {"state", LogFile::state},
        {"state_hashed", LogFile::state_hashed},
        {"stats", LogFile::stats},
        {"transactions", LogFile::transactions},
        {"transactions_hashed", LogFile::transactions_hashed},
        {"transaction_log", LogFile::transaction_log},
        {"failed_transaction_log", LogFile::failed_transaction_log}};
    const auto found = files.find(file);
    return found == files.end() ? "" : driver_->log_text(found->second);
  }

  std::string leftovers() override {
    pump();
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
    count("open file descriptions", static_cast<std::uint64_t>(test::FakeDescription::alive()));
    return left;
  }

  bool set_security_label(const std::string& label) override {
    machine_.set_security_label(label);
    return true;
  }
  bool asynchronous() const override { return false; }

  // --- called by requests and waiters, from any thread

  void answered(FakeThread& thread, int error, std::span<const std::byte> out) noexcept {
    if ((_IOC_DIR(thread.request) & _IOC_READ) != 0 && !out.empty()) {
      // The argument was readable when the ioctl began; it lies in the arena.
      std::memcpy(reinterpret_cast<void*>(thread.argument), out.data(),
                  std::min<std::size_t>(out.size(), _IOC_SIZE(thread.request)));
    }
    const std::lock_guard lock(mutex_);
    thread.id = 0;
    if (thread.left_for_work) return;
    thread.outcome = error == 0 ? Outcome{0, 0} : Outcome{-1, error};
    thread.busy = false;
    thread.device.reset();
    changed_.notify_all();
  }

  void notified(FakeThread& thread) noexcept {
    const std::lock_guard lock(mutex_);
    thread.poll_again = true;
    changed_.notify_all();
  }

 private:
  ProcessState& at(int number) { return processes_.at(static_cast<std::size_t>(number)); }
  FakeProcess& alive(int number) { return *at(number).process; }

  int adopt(ProcessState state, const std::string& name) {
    state.process = &machine_.add_process(name);
    state.pid = state.process->pid();
    state.process->add_range(reinterpret_cast<std::uint64_t>(state.arena->address), kArenaSize,
                             test::Access::read_write);
    processes_.push_back(std::move(state));
    return static_cast<int>(processes_.size()) - 1;
  }

  std::shared_ptr<FakeThread> thread_of(ThreadRef ref) {
    auto& slot = at(ref.process).threads[ref.thread];
    if (!slot) slot = std::make_shared<FakeThread>();
    return slot;
  }

  void finish(FakeThread& thread, Outcome outcome) {
    const std::lock_guard lock(mutex_);
    thread.outcome = outcome;
    thread.busy = false;
    changed_.notify_all();
  }

  static Outcome from_errno(int error) { return error == 0 ? Outcome{0, 0} : Outcome{-1, error}; }
  static Outcome from_result(long value) {
    return value < 0 ? Outcome{-1, static_cast<int>(-value)} : Outcome{value, 0};
  }

  void execute(ThreadRef ref, const std::shared_ptr<FakeThread>& thread, const Call& call) {
    ProcessState& state = at(ref.process);
    FakeProcess& process = *state.process;
    const auto& a = call.args;
    const auto fd = static_cast<int>(a[0]);
    const DescriptionPtr description = process.find(fd);
    const DevicePtr device = std::dynamic_pointer_cast<DeviceDescription>(description);
    switch (call.sys) {
      case Sys::open_device:
        return finish(*thread, open(ref, *thread, static_cast<int>(a[0])));
      case Sys::close:
        return finish(*thread, from_errno(close(state, fd)));
      case Sys::ioctl:
        if (!device) return finish(*thread, {-1, description ? ENOTTY : EBADF});
        return ioctl(tid(ref), thread, device, static_cast<std::uint32_t>(a[1]), a[2]);
      case Sys::mmap:
        return finish(*thread, device ? map(state, device, a[1]) : Outcome{-1, EBADF});
      case Sys::munmap:
        return finish(*thread, unmap(state, a[0], a[1]));
      case Sys::poll:
        return poll(tid(ref), thread, device, static_cast<short>(a[1]), static_cast<int>(a[2]));
      case Sys::read:
        return finish(*thread, description
                                   ? from_result(description->read(reinterpret_cast<void*>(a[1]), a[2]))
                                   : Outcome{-1, EBADF});
      case Sys::write:
        return finish(*thread, description
                                   ? from_result(description->write(reinterpret_cast<void*>(a[1]), a[2]))
                                   : Outcome{-1, EBADF});
      case Sys::dup:
        return finish(*thread,
                      description ? from_result(process.install(description, false)) : Outcome{-1, EBADF});
      case Sys::pipe: {
        auto [reading, writing] = test::PipeEnd::make();
        const int fds[2] = {process.install(reading), process.install(writing)};
        std::memcpy(reinterpret_cast<void*>(a[0]), fds, sizeof fds);
        return finish(*thread, from_errno(fds[1] < 0 ? EMFILE : 0));
      }
      case Sys::open_path:
        return finish(*thread, from_result(process.install(std::make_shared<test::PathDescription>())));
      case Sys::fcntl:
        return finish(*thread, fcntl(process, fd, static_cast<int>(a[1]), a[2]));
      case Sys::set_fd_limit:
        return finish(*thread, {static_cast<std::int64_t>(process.set_fd_limit(a[0])), 0});
      case Sys::set_euid:
        thread->euid = static_cast<uid_t>(a[0]);
        return finish(*thread, {0, 0});
      case Sys::peek:
        if (process.accessible(a[0], false) < a[2]) return finish(*thread, {-1, EFAULT});
        std::memcpy(reinterpret_cast<void*>(a[1]), reinterpret_cast<const void*>(a[0]), a[2]);
        return finish(*thread, {0, 0});
      case Sys::same_file: {
        const DescriptionPtr other = process.find(static_cast<int>(a[1]));
        if (!description || !other) return finish(*thread, {-1, EBADF});
        return finish(*thread, {description == other, 0});
      }
      case Sys::exit_thread:
        return;  // it never answers again, and nobody tells the driver
      case Sys::lseek:
        return finish(*thread, {-1, ESPIPE});
      case Sys::mprotect:
        return finish(*thread, {-1, EACCES});
    }
  }

  Outcome open(ThreadRef ref, FakeThread& thread, int flags) {
    auto device = std::make_shared<DeviceDescription>(flags);
    std::weak_ptr<DeviceDescription> weak = device;
    protocol::OpenInfo info;
    info.tid = tid(ref);
    info.euid = thread.euid;
    info.nonblocking = (flags & O_NONBLOCK) != 0;
    info.find_mapping = [weak]() -> std::optional<protocol::Mapping> {
      const DevicePtr self = weak.lock();
      return self ? self->mapping_ : std::nullopt;
    };
    info.is_nonblocking = [weak](pid_t) {
      const DevicePtr self = weak.lock();
      return self && (self->flags_ & O_NONBLOCK) != 0;
    };
    auto session = device_->open(std::move(info));
    if (!session) return {-1, session.error()};
    device->session_ = session.value();
    return from_result(alive(ref.process).install(device, (flags & O_CLOEXEC) != 0));
  }

  int close(ProcessState& state, int fd) {
    const DevicePtr device = std::dynamic_pointer_cast<DeviceDescription>(state.process->find(fd));
    const int error = state.process->close(fd);
    if (device) device->session_->flush();
    return error;
  }

  Outcome map(ProcessState& state, const DevicePtr& device, std::uint64_t size) {
    auto place = std::make_shared<Reservation>(size);
    client::ReceiveArea& area = device->session_->receive_area();
    const std::size_t backed = std::min<std::size_t>(size, area.size());
    if (::mmap(place->address, backed, PROT_READ, MAP_SHARED | MAP_FIXED, area.fd(), 0) == MAP_FAILED)
      return {-1, errno};
    const auto address = reinterpret_cast<std::uint64_t>(place->address);
    state.process->add_range(address, backed, test::Access::read_only);
    state.mappings[address] = DeviceMapping{place, size, device};
    device->mapping_ = protocol::Mapping{address, size};
    return {static_cast<std::int64_t>(address), 0};
  }

  Outcome unmap(ProcessState& state, std::uint64_t address, std::uint64_t size) {
    state.process->remove_range(address, size);
    for (auto mapping = state.mappings.begin(); mapping != state.mappings.end(); ++mapping) {
      if (address < mapping->first || address >= mapping->first + mapping->second.place->size) continue;
      mapping->second.left -= std::min(size, mapping->second.left);
      if (mapping->second.left == 0) state.mappings.erase(mapping);
      return {0, 0};
    }
    return {0, 0};
  }

  static Outcome fcntl(FakeProcess& process, int fd, int command, std::uint64_t argument) {
    const DescriptionPtr description = process.find(fd);
    if (!description) return {-1, EBADF};
    const DevicePtr device = std::dynamic_pointer_cast<DeviceDescription>(description);
    switch (command) {
      case F_GETFD:
        return {process.is_close_on_exec(fd) ? FD_CLOEXEC : 0, 0};
      case F_GETFL:
        return {device ? device->flags_ : 0, 0};
      case F_SETFL:
        if (device) device->flags_ = static_cast<int>(argument);
        return {0, 0};
      default:
        return {-1, EINVAL};
    }
  }

  // As the kernel does for a restricted ioctl: the argument travels by value.
  void ioctl(pid_t tid, const std::shared_ptr<FakeThread>& thread, const DevicePtr& device,
             std::uint32_t request, std::uint64_t argument) {
    const std::size_t size = _IOC_SIZE(request);
    FakeProcess* process = machine_.process_of_thread(tid);
    if (_IOC_DIR(request) != _IOC_NONE && process->accessible(argument, true) < size)
      return finish(*thread, {-1, EFAULT});
    auto message = std::make_unique<FakeRequest>(*this, thread);
    message->bytes.assign(size, std::byte{0});
    if ((_IOC_DIR(request) & _IOC_WRITE) != 0)
      std::memcpy(message->bytes.data(), reinterpret_cast<void*>(argument), size);
    message->tid = tid;
    message->euid = thread->euid;
    message->command = request;
    message->argument = message->bytes;
    {
      const std::lock_guard lock(mutex_);
      thread->device = device;
      thread->request = request;
      thread->argument = argument;
      thread->id = message->id = ++last_id_;
      thread->left_for_work = false;
    }
    device->session_->ioctl(std::move(message));
  }

  void poll(pid_t tid, const std::shared_ptr<FakeThread>& thread, const DevicePtr& device, short events,
            int timeout) {
    if (!device) return finish(*thread, {0, 0});
    if (timeout == 0) {
      const bool readable = device->session_->poll(tid, nullptr);
      return finish(*thread, {readable ? events & POLLIN : 0, 0});
    }
    {
      const std::lock_guard lock(mutex_);
      thread->device = device;
      thread->polling = true;
      thread->poll_again = true;
      thread->events = events;
      thread->id = static_cast<std::uint64_t>(tid);
    }
    (void)continue_poll(tid, thread);
  }

  // Asks again if something may have changed. True if it did ask.
  bool continue_poll(pid_t tid, const std::shared_ptr<FakeThread>& thread) {
    DevicePtr device;
    {
      const std::lock_guard lock(mutex_);
      if (!thread->polling || !thread->poll_again) return false;
      thread->poll_again = false;
      device = thread->device;
    }
    if (!device->session_->poll(tid, std::make_unique<FakePollWaiter>(*this, thread))) return true;
    {
      const std::lock_guard lock(mutex_);
      thread->polling = false;
      thread->device.reset();
    }
    finish(*thread, {thread->events & POLLIN, 0});
    return true;
  }

  void interrupt(pid_t tid, FakeThread& thread) {
    DevicePtr device;
    std::uint64_t id = 0;
    {
      const std::lock_guard lock(mutex_);
      if (!thread.busy || !thread.device) return;
      if (thread.polling) {
        thread.polling = false;
        thread.device.reset();
        thread.outcome = Outcome{-1, EINTR};
        thread.busy = false;
        return;
      }
      device = thread.device;
      id = thread.id;
    }
    (void)device->session_->interrupt(tid, id);
  }

  // Carries out what is due: descriptor work, repeated ioctls, polls that were woken.
  void pump() {
    bool busy = true;
    while (busy) {
      busy = false;
      while (std::optional<FakeMachine::Job> job = machine_.take_job()) {
        busy = true;
        carry_out(*job);
      }
      for (std::size_t i = 0; i < processes_.size(); ++i) {
        auto threads = processes_[i].threads;
        for (auto& [index, thread] : threads) busy = continue_poll(processes_[i].pid + index, thread) || busy;
      }
    }
  }

  void carry_out(FakeMachine::Job& job) {
    std::shared_ptr<FakeThread> thread;
    for (ProcessState& state : processes_) {
      if (state.process && job.tid >= state.pid && job.tid < state.pid + FakeProcess::kThreads) {
        thread = state.threads[job.tid - state.pid];
      }
    }
    if (!thread || !borrow_) {
      job.done(machine_.carry_out(job));
      return;
    }
    std::uint32_t request = 0;
    std::uint64_t argument = 0;
    DevicePtr device;
    {
      const std::lock_guard lock(mutex_);
      thread->left_for_work = true;
      request = thread->request;
      argument = thread->argument;
      device = thread->device;
    }
    job.leave();
    {
      const std::lock_guard lock(mutex_);
      if (thread->id != 0) throw std::runtime_error("`leave` was called and the ioctl is still unanswered");
    }
    job.done(machine_.carry_out(job));
    ioctl(job.tid, thread, device, request, argument);
  }

  const bool borrow_;
  FakeMachine machine_;
  std::unique_ptr<protocol::Driver> driver_;
  std::shared_ptr<protocol::Device> device_;
  std::vector<ProcessState> processes_;
  std::mutex mutex_;  // guards the FakeThreads; nothing is called under it
  std::condition_variable changed_;
  std::uint64_t last_id_ = 0;
};

FakeRequest::~FakeRequest() {
  // A driver that drops a request leaves a client hanging for ever.
  if (!answered_) std::abort();
}

void FakeRequest::answer(int error, std::span<const std::byte> out) noexcept {
  if (std::exchange(answered_, true)) return;
  backend_.answered(*thread_, error, out);
}

void FakePollWaiter::notify() noexcept {
  backend_.notified(*thread_);
}

}  // namespace

std::unique_ptr<Backend> make_in_process_backend() {
  return std::make_unique<InProcessBackend>(std::getenv("CONFORMANCE_LEAVE") != nullptr);
}

}  // namespace cuse_binder::conformance
