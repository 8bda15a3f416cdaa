#include "test/fuzz/session_program.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>

#include "cuse_binder/base/check.h"
#include "cuse_binder/client/receive_area.h"
#include "cuse_binder/protocol/driver.h"
#include "test/fuzz/command_writer.h"
#include "test/fuzz/fuzz_client.h"
#include "test/fuzz/fuzz_machine.h"
#include "test/fuzz/input.h"

namespace cuse_binder::fuzz {
namespace {

constexpr std::size_t kSlots = 3;
constexpr int kMaxDepth = 3;
constexpr std::size_t kMaxSteps = 400;

class FuzzRequest;

struct ProgramState {
  int unanswered = 0;
  std::vector<FuzzRequest*>
      accessing;  // those whose client's memory the driver is looking at, outermost first
};

class FuzzRequest final : public protocol::Request {
 public:
  FuzzRequest(ProgramState& state, std::shared_ptr<FuzzClient> client, FuzzThread& thread)
      : bytes_(thread.argument), state_(state), client_(std::move(client)), thread_(thread) {
    tid = thread.tid;
    euid = client_->euid;
    command = thread.command;
    id = thread.id;
    argument = bytes_;
    ++state_.unanswered;
  }
  ~FuzzRequest() override { CB_CHECK(answered_); }

  void answer(int error, std::span<const std::byte> out) noexcept override {
    CB_CHECK(!answered_);
    answered_ = true;
    --state_.unanswered;
    CB_CHECK(error >= 0 && error < 4096);
    CB_CHECK(!accesses_);
    if (abandoned_) return;
    thread_.busy = false;
    thread_.id = 0;
    if (command != BINDER_WRITE_READ || bytes_.size() < sizeof(binder_write_read)) return;
    CB_CHECK(out.size() == sizeof(binder_write_read));
    binder_write_read before;
    binder_write_read after;
    std::memcpy(&before, bytes_.data(), sizeof before);
    std::memcpy(&after, out.data(), sizeof after);
    CB_CHECK(after.write_size == before.write_size && after.write_buffer == before.write_buffer);
    CB_CHECK(after.read_size == before.read_size && after.read_buffer == before.read_buffer);
    thread_.argument.assign(out.begin(), out.end());
    if (error == 0 && client_->session) study_returns(*client_, before, after);
  }

  void client_access_begins() noexcept override {
    CB_CHECK(!accesses_);
    accesses_ = true;
    state_.accessing.push_back(this);
  }
  void client_access_ends() noexcept override {
    CB_CHECK(accesses_ && state_.accessing.back() == this);
    accesses_ = false;
    state_.accessing.pop_back();
  }
  bool abandoned() const noexcept override { return abandoned_; }
  // The door gives the request up: its thread is being killed while a worker is stuck in its memory.
  void abandon() {
    CB_CHECK(!answered_);
    abandoned_ = true;
    thread_.busy = false;
    thread_.gone = true;
  }

 private:
  const std::vector<std::byte> bytes_;
  ProgramState& state_;
  const std::shared_ptr<FuzzClient> client_;
  FuzzThread& thread_;
  bool answered_ = false;
  bool abandoned_ = false;
  bool accesses_ = false;
};

struct Notified final : protocol::PollWaiter {
  void notify() noexcept override {
    CB_CHECK(!notified);
    notified = true;
  }
  bool notified = false;
};

class Program {
 public:
  explicit Program(std::span<const std::uint8_t> bytes)
      : input_(bytes),
        driver_(protocol::Driver::create(machine_, machine_, machine_)),
        device_(driver_->create_device("binder")) {
    machine_.before_access = [this] { during_access(); };
  }

  void run() {
    const unsigned start = input_.byte();
    for (std::size_t slot = 0; slot < kSlots; ++slot) open(slot, false);
    for (std::size_t slot = 0; slot < kSlots && (start & 1) == 0; ++slot) map(*clients_[slot], 0x10000);
    if ((start & 2) == 0) set_manager(*clients_[0], clients_[0]->threads[0], FLAT_BINDER_FLAG_ACCEPTS_FDS);
    for (std::size_t step_number = 0; step_number < kMaxSteps && !input_.done(); ++step_number) {
      step();
      driver_->check_invariants();
    }
    end();
  }

 private:
  // ---- the world
  // ------------------------------------------------------------------------------------------------------

  void open(std::size_t slot, bool same_pid) {
    auto client = std::make_shared<FuzzClient>(slot);
    next_tid_ += 10;
    client->process.pid =
        same_pid && clients_[(slot + 1) % kSlots] ? clients_[(slot + 1) % kSlots]->process.pid : next_tid_;
    client->process.fds = {3, 4, 5};
    for (std::size_t i = 0; i < kThreads; ++i) {
      FuzzThread& thread = client->threads[i];
      thread.client = client.get();
      thread.number = i;
      thread.tid = next_tid_ + static_cast<pid_t>(i);
      machine_.add_thread(thread.tid, &client->process);
    }
    client->restore_memory();
    protocol::OpenInfo info;
    info.tid = client->threads[0].tid;
    const std::weak_ptr<FuzzClient> weak = client;
    info.find_mapping = [weak, this]() -> std::optional<protocol::Mapping> {
      during_access();
      const auto self = weak.lock();
      return self ? self->mapping : std::nullopt;
    };
    // As at open: with is_nonblocking the driver asks from time to time, on a thread of its own.
    info.nonblocking = input_.rarely(3);
    auto session = device_->open(std::move(info));
    CB_CHECK(session.ok());
    client->session = session.value();
    sessions_.push_back(client->session);
    clients_[slot] = std::move(client);
  }

  void map(FuzzClient& client, std::uint64_t size) {
    if (client.mapping || !client.session) return;
    client.mapping = protocol::Mapping{client.area_address(), size};
    client::ReceiveArea& area = client.session->receive_area();
    client.process.ranges[client.area_address()] = {area.data(), std::min<std::uint64_t>(size, area.size()),
                                                    false};
  }

  void die(std::size_t slot, unsigned how) {
    const std::shared_ptr<FuzzClient> client = clients_[slot];
    if (!client->session) return;
    const std::shared_ptr<protocol::Session> session = client->session;
    if ((how & 1) != 0) machine_.remove_process(&client->process);
    if ((how & 2) != 0) {
      for (FuzzThread& thread : client->threads) {
        if (thread.busy && thread.id != 0) session->interrupt(thread.tid, thread.id);
      }
    }
    if ((how & 4) != 0 && client->session) session->flush();
    if (!client->session) return;  // somebody was faster, within an access
    for (FuzzThread& thread : client->threads) thread.gone = true;
    client->session.reset();
    client->held.clear();
    session->release();
    machine_.remove_process(&client->process);
  }

  // ---- requests
  // ---------------------------------------------------------------------------------------------------------

  template <typename T>
  static std::vector<std::byte> bytes_of(const T& value) {
    const auto* from = reinterpret_cast<const std::byte*>(&value);
    return {from, from + sizeof value};
  }

  static bool idle(const FuzzThread& thread) {
    return !thread.busy && !thread.gone && !thread.borrowed && thread.client->session != nullptr;
  }

  void ioctl(FuzzThread& thread, std::uint32_t command, std::vector<std::byte> argument) {
    if (!idle(thread)) return;
    const std::shared_ptr<FuzzClient> client = clients_[thread.client->slot];
    thread.busy = true;
    thread.id = ++last_id_;
    thread.command = command;
    thread.argument = std::move(argument);
    auto request = std::make_unique<FuzzRequest>(state_, client, thread);
    const auto session = client->session;
    session->ioctl(std::move(request));
  }

  void set_manager(FuzzClient&, FuzzThread& thread, std::uint32_t flags) {
    flat_binder_object object{};
    object.flags = flags;
    ioctl(thread, BINDER_SET_CONTEXT_MGR_EXT, bytes_of(object));
  }

  void write_read(FuzzThread& thread, std::vector<std::byte> commands, bool odd) {
    FuzzClient& client = *thread.client;
    binder_write_read bwr{};
    commands.resize(std::min<std::size_t>(commands.size(), Layout::kRead - Layout::kWrite));
    std::copy(commands.begin(), commands.end(), client.host(thread.base() + Layout::kWrite));
    bwr.write_size = commands.size();
    bwr.write_buffer = thread.base() + Layout::kWrite;
    static constexpr std::uint64_t kReadSizes[] = {0, 256, 256, 256, 0, 1024, 79, 80, 4, 3};
    bwr.read_size = kReadSizes[input_.pick(std::size(kReadSizes))];
    bwr.read_buffer = thread.base() + Layout::kRead;
    if (odd) {
      switch (input_.pick(6)) {
        case 0:
          bwr.write_size = input_.number<std::uint64_t>();
          break;
        case 1:
          bwr.write_consumed = input_.number<std::uint64_t>();
          break;
        case 2:
          bwr.read_consumed = input_.number<std::uint64_t>();
          break;
        case 3:
          bwr.read_size = input_.number<std::uint64_t>();
          break;
        case 4:
          bwr.read_buffer = input_.number<std::uint64_t>();
          break;
        case 5:
          bwr.write_buffer = input_.number<std::uint64_t>();
          break;
        default:
          break;
      }
    }
    ioctl(thread, BINDER_WRITE_READ, bytes_of(bwr));
  }

  void simple_ioctl(FuzzThread& thread) {
    switch (input_.pick(12)) {
      case 0:
        return ioctl(thread, BINDER_VERSION, bytes_of(binder_version{}));
      case 1:
        return ioctl(thread, BINDER_SET_MAX_THREADS, bytes_of(std::uint32_t{input_.byte()}));
      case 2:
        return ioctl(thread, BINDER_THREAD_EXIT, bytes_of(std::uint32_t{0}));
      case 3:
        return ioctl(thread, BINDER_GET_NODE_DEBUG_INFO,
                     bytes_of(binder_node_debug_info{input_.byte(), 0, 0, 0}));
      case 4:
        return ioctl(thread, BINDER_GET_NODE_INFO_FOR_REF,
                     bytes_of(binder_node_info_for_ref{input_.byte(), 0, 0, 0, 0, 0}));
      case 5:
        return ioctl(thread, BINDER_ENABLE_ONEWAY_SPAM_DETECTION, bytes_of(std::uint32_t{input_.byte()}));
      case 6:
        return ioctl(thread, BINDER_GET_EXTENDED_ERROR, bytes_of(binder_extended_error{}));
      case 7: {
        const unsigned who = input_.pick(kSlots);
        const std::uint32_t pid = static_cast<std::uint32_t>(clients_[who]->process.pid);
        return ioctl(thread, BINDER_GET_FROZEN_INFO, bytes_of(binder_frozen_status_info{pid, 0, 0}));
      }
      case 8:
      case 9: {
        const unsigned who = input_.pick(kSlots);
        const std::uint32_t pid = static_cast<std::uint32_t>(clients_[who]->process.pid);
        // An hour: ends by draining, by a signal or by a death, never by the clock.
        const std::uint32_t timeout = input_.pick(4) == 0 ? 3'600'000 : 0;
        return ioctl(thread, BINDER_FREEZE,
                     bytes_of(binder_freeze_info{pid, input_.pick(3) != 0 ? 1u : 0u, timeout}));
      }
      case 10:
        return set_manager(*thread.client, thread, input_.number<std::uint16_t>());
      default: {
        const auto command = input_.number<std::uint32_t>();
        std::vector<std::byte> argument = input_.take(std::min<std::size_t>(_IOC_SIZE(command), 512));
        // The clock of a short timeout would run beside us.
        if (command == BINDER_FREEZE && argument.size() == sizeof(binder_freeze_info)) {
          std::fill_n(argument.end() - 4, 4, std::byte{0});
        }
        return ioctl(thread, command, std::move(argument));
      }
    }
  }

  // ---- descriptor work
  // ----------------------------------------------------------------------------------------------------

  FuzzThread* thread_of(pid_t tid) {
    for (const auto& client : clients_) {
      for (FuzzThread& thread : client->threads) {
        if (thread.tid == tid && client->session) return &thread;
      }
    }
    return nullptr;
  }

  void leave(Job& job) {
    FuzzThread* thread = thread_of(job.tid);
    if (job.left) return;
    job.left = true;
    if (thread != nullptr) thread->borrowed = true;  // before the answer: the thread is not free
    job.leave();
  }

  void finish(std::size_t index, int error, bool repeat) {
    Job job = std::move(machine_.jobs[index]);
    machine_.jobs.erase(machine_.jobs.begin() + static_cast<std::ptrdiff_t>(index));
    client::DescriptorOutcome outcome =
        error != 0 ? client::DescriptorOutcome{error, {}} : machine_.carry_out(job);
    job.done(std::move(outcome));
    FuzzThread* thread = thread_of(job.tid);
    if (!job.left || thread == nullptr) return;
    thread->borrowed = false;
    if (repeat) ioctl(*thread, thread->command, thread->argument);
  }

  void work_on_jobs() {
    if (machine_.jobs.empty()) return;
    const std::size_t index = input_.pick(static_cast<unsigned>(machine_.jobs.size()));
    const unsigned how = input_.byte();
    if ((how & 1) != 0) {
      // `leave` is allowed only while the ioctl is unanswered; the thread must still be in it.
      Job& job = machine_.jobs[index];
      const FuzzThread* thread = thread_of(job.tid);
      if (thread != nullptr && thread->busy) leave(job);
      if ((how & 2) != 0) return;  // the end comes later
    }
    if (index >= machine_.jobs.size()) return;
    const int error = (how & 0x70) == 0x10 ? EMFILE : (how & 0x70) == 0x20 ? ETIMEDOUT : 0;
    finish(index, error, error != ETIMEDOUT && (how & 0x80) == 0);
  }

  // ---- steps
  // ----------------------------------------------------------------------------------------------------------------

  void during_access() {
    if (depth_ == 0 || depth_ >= kMaxDepth || countdown_ == 0 || input_.done()) return;
    if (--countdown_ > 0) return;
    step();
  }

  void step() {
    ++depth_;
    const unsigned what = input_.byte();
    const std::shared_ptr<FuzzClient> client = clients_[what % kSlots];
    FuzzThread& thread = client->threads[what / kSlots % kThreads];
    act(what / (kSlots * kThreads), *client, thread);
    --depth_;
  }

  void act(unsigned opcode, FuzzClient& client, FuzzThread& thread) {
    switch (opcode) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
      case 5:
      case 6:
      case 7:
      case 8:
      case 9: {
        if (!idle(thread)) return;
        CommandWriter writer(input_, thread);
        const unsigned count = opcode < 6 ? 1 : opcode < 8 ? 0 : 1 + input_.pick(6);
        for (unsigned i = 0; i < count; ++i) writer.command();
        return write_read(thread, writer.bytes(), opcode == 5);
      }
      case 10: {
        if (!idle(thread)) return;
        client.held.clear();
        return write_read(thread, input_.take(input_.byte()), input_.rarely(2));
      }
      case 11:
      case 12:
      case 13:
      case 14:
        return simple_ioctl(thread);
      case 15:
      case 16: {
        const auto session = client.session;
        if (session && thread.busy && thread.id != 0) session->interrupt(thread.tid, thread.id);
        return;
      }
      case 17: {
        const auto session = client.session;
        if (session) session->flush();
        return;
      }
      case 18: {
        const auto session = client.session;
        if (session && !thread.gone)
          session->poll(thread.tid, input_.pick(2) != 0 ? std::make_unique<Notified>() : nullptr);
        return;
      }
      case 19:
      case 20:
      case 21:
      case 22:
        return work_on_jobs();
      case 23: {
        // A thread that ends. A parked one was interrupted first; one that is being worked on may be, too.
        const auto session = client.session;
        if (!session || thread.gone) return;
        if (thread.busy && thread.id != 0) session->interrupt(thread.tid, thread.id);
        thread.gone = true;
        if (client.session) session->thread_gone(thread.tid);
        return;
      }
      case 24:
        return die(client.slot, input_.byte());
      case 25:
        if (client.session) die(client.slot, input_.byte());
        if (!clients_[client.slot]->session) {
          open(client.slot, input_.rarely(3));
          if (input_.rarely(2)) map(*clients_[client.slot], 0x1000 * (1 + input_.pick(20)));
        }
        return;
      case 26: {
        static constexpr std::uint64_t kSizes[] = {0x1000, 0x2000, 0x10000, 0x400000, 0x10000000, 0x800};
        map(client, kSizes[input_.pick(std::size(kSizes))]);
        if (client.session && client.mapping && input_.rarely(2))
          client.session->set_mapping(*client.mapping);
        return;
      }
      case 27: {
        static constexpr std::uint64_t kPieces[] = {Layout::kRead, Layout::kOffsets, Layout::kData,
                                                    Layout::kScatter};
        const std::uint64_t piece = kPieces[input_.pick(4)] + 8 * input_.pick(16);
        const unsigned how = input_.pick(3);
        if (how == 2) {
          client.restore_memory();
        } else {
          client.set_piece(thread, piece, 0x400, how == 1, false);
        }
        return;
      }
      case 28:
      case 29:
      case 30:
        countdown_ = 1 + input_.pick(6);
        return;
      case 31:
        for (const auto which :
             {protocol::LogFile::state, protocol::LogFile::state_hashed, protocol::LogFile::stats,
              protocol::LogFile::transactions, protocol::LogFile::transactions_hashed,
              protocol::LogFile::transaction_log, protocol::LogFile::failed_transaction_log}) {
          CB_CHECK(driver_->log_text(which).size() < 1u << 20);
        }
        CB_CHECK(driver_->process_log_text(client.process.pid).size() < 1u << 20);
        return;
      case 32:
        return driver_->trim();
      case 33:
        return driver_->rescue();
      case 34:
      case 35:
        client.euid = input_.pick(2);
        return;
      case 36:
        client.process.fd_limit = input_.pick(2) != 0 ? 4 : 64;
        return;
      case 37:
        client.process.label_error = input_.pick(2) != 0 ? EINVAL : 0;
        client.process.label.assign(input_.pick(64), 'l');
        return;
      case 38:
        return driver_->shut_down();
      case 39:
        if (state_.accessing.empty()) return;
        state_.accessing[input_.pick(static_cast<unsigned>(state_.accessing.size()))]->abandon();
        return;
      default:
        return;
    }
  }

  void end() {
    countdown_ = 0;
    for (std::size_t slot = 0; slot < kSlots; ++slot) {
      die(slot, input_.byte());
      driver_->check_invariants();
    }
    while (!machine_.jobs.empty()) finish(0, ESRCH, false);
    CB_CHECK(state_.unanswered == 0);
    const protocol::DriverCounters left = driver_->counters();
    CB_CHECK(left.processes == 0);
    CB_CHECK(left.threads == 0);
    CB_CHECK(left.nodes == 0);
    CB_CHECK(left.references == 0);
    CB_CHECK(left.transactions_alive == 0);
    CB_CHECK(left.buffers == 0);
    CB_CHECK(left.deaths == 0);
    CB_CHECK(left.freezes == 0);
    CB_CHECK(left.parked_reads == 0);
    CB_CHECK(left.files == 0);
    CB_CHECK(machine_.files_alive == 0);
    for (const auto& session : sessions_) CB_CHECK(session.expired());
    device_.reset();
    driver_.reset();
  }

  Input input_;
  ProgramState state_;
  FuzzMachine machine_;
  std::unique_ptr<protocol::Driver> driver_;
  std::shared_ptr<protocol::Device> device_;
  std::array<std::shared_ptr<FuzzClient>, kSlots> clients_;
  std::vector<std::weak_ptr<protocol::Session>> sessions_;
  pid_t next_tid_ = 1000;
  std::uint64_t last_id_ = 0;
  unsigned countdown_ = 0;  // accesses until a step happens within one
  int depth_ = 0;
};

}  // namespace

void run_session_program(std::span<const std::uint8_t> input) {
  Program(input).run();
}

}  // namespace cuse_binder::fuzz
