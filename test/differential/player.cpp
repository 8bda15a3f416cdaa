#include "test/differential/player.h"

#include <fcntl.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "test/conformance/patience.h"

namespace cuse_binder::differential {

using conformance::Address;
using conformance::Call;
using conformance::Outcome;
using conformance::Sys;

namespace {

// The arena: a part for each thread, then memory for parcels.
constexpr std::uint64_t kArgumentOffset = 256;
constexpr std::uint64_t kWriteOffset = 4096;
constexpr std::uint64_t kReadOffset = 64 << 10;
constexpr std::uint64_t kParcels = (kThreads + 1) * conformance::kThreadMemory;
constexpr std::uint64_t kHelperRoom = 64 << 10;  // for bytes looked at, in the helper's part

Address part_of(Address arena, int thread) {
  return arena + static_cast<std::uint64_t>(thread) * conformance::kThreadMemory;
}

std::string result_of(const Outcome& outcome) {
  return conformance::errno_name(outcome.value < 0 ? outcome.error : 0);
}

std::uint64_t unsigned_of(std::int64_t value) {
  return static_cast<std::uint64_t>(value);
}

}  // namespace

class Player::Voice final : public Sender {
 public:
  Voice(Player& player, Actor& actor) : player_(player), actor_(actor) {}

  Address put(std::span<const std::byte> bytes) override {
    return player_.place(player_.process_of(actor_), bytes);
  }
  Address unreadable() override {
    const auto arena = player_.backend().arena(player_.process_of(actor_).number);
    return reinterpret_cast<Address>(arena.data()) + arena.size() + 64;
  }
  Address buffer_held(std::size_t k) override {
    for (const Held& held : actor_.seen.held) {
      if (std::any_of(freed.begin(), freed.end(),
                      [&](const Held& gone) { return gone.offset == held.offset; }))
        continue;
      if (k-- != 0) continue;
      freed.push_back(held);
      return actor_.mapping + held.offset;
    }
    return actor_.mapping + 4;  // never the start of a buffer
  }
  Address at_offset(std::uint64_t offset) override { return actor_.mapping + offset; }
  int descriptor(std::int64_t kind) override {
    Process& process = player_.process_of(actor_);
    const auto helper = [&](const Call& call) { return player_.call(actor_, kHelperThread, call); };
    if (kind == 1) return 9999;
    if (kind == 2) {
      if (process.path < 0) process.path = static_cast<int>(helper({Sys::open_path, {}}).value);
      process.highest_fd = std::max(process.highest_fd, process.path);
      return process.path;
    }
    if (process.pipe_end < 0) {
      const std::array<std::byte, 8> room{};
      const Address ends = player_.place(process, room);
      (void)helper({Sys::pipe, {ends}});
      int fds[2] = {-1, -1};
      const auto arena = player_.backend().arena(process.number);
      std::memcpy(fds, arena.data() + (ends - reinterpret_cast<Address>(arena.data())), sizeof fds);
      process.pipe_end = fds[0];
      process.highest_fd = std::max({process.highest_fd, fds[0], fds[1]});
    }
    return process.pipe_end;
  }

  std::vector<Held> freed;

 private:
  Player& player_;
  Actor& actor_;
};

Player::Player(Cast& cast, Pictures pictures) : cast_(&cast), pictures_(pictures) {
  cast_->begin();
  active_before_ = cast_->active_processes();
  actors_.reserve(8);
  processes_.reserve(8);
}

Player::~Player() {
  for (Process& process : processes_) {
    if (!process.dead && process.number >= 0) backend().kill(process.number);
  }
}

bool Player::alive(int actor) const {
  return !processes_[actors_[static_cast<std::size_t>(actor)].process].dead;
}

bool Player::busy(int actor, int thread) const {
  return processes_[actors_[static_cast<std::size_t>(actor)].process].busy[static_cast<std::size_t>(thread)];
}

std::string Player::name_of(const Actor& actor, int thread) const {
  return "A" + std::to_string(&actor - actors_.data()) + "." + std::to_string(thread);
}

// --- system calls

Outcome Player::call(Actor& actor, int thread, const Call& call) {
  const conformance::ThreadRef ref{process_of(actor).number, thread};
  backend().start(ref, call);
  const auto outcome = backend().outcome(ref, conformance::patience());
  if (!outcome) {
    lost_ = true;
    throw std::runtime_error(name_of(actor, thread) + " does not return");
  }
  return *outcome;
}

Address Player::place(Process& process, std::span<const std::byte> bytes) {
  const auto arena = backend().arena(process.number);
  process.used = (process.used + 7) & ~std::uint64_t{7};
  if (kParcels + process.used + bytes.size() > arena.size()) throw std::runtime_error("the arena is full");
  std::byte* at = arena.data() + kParcels + process.used;
  if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
  process.used += bytes.size();
  return reinterpret_cast<Address>(at);
}

std::vector<std::byte> Player::peek(Actor& actor, Address from, std::uint64_t size) {
  size = std::min(size, kHelperRoom);
  const auto arena = backend().arena(process_of(actor).number);
  const Address room = part_of(reinterpret_cast<Address>(arena.data()), kHelperThread);
  const Outcome outcome = call(actor, kHelperThread, {Sys::peek, {from, room, size}});
  if (outcome.value < 0) return {};
  const std::byte* bytes = reinterpret_cast<const std::byte*>(room);
  return {bytes, bytes + size};
}

int Player::ioctl(Actor& actor, int thread, std::uint32_t request, std::span<std::byte> argument) {
  const auto arena = backend().arena(process_of(actor).number);
  std::byte* place =
      arena.data() + static_cast<std::size_t>(thread) * conformance::kThreadMemory + kArgumentOffset;
  std::memcpy(place, argument.data(), argument.size());
  const Outcome outcome =
      call(actor, thread,
           {Sys::ioctl, {static_cast<std::uint64_t>(actor.fd), request, reinterpret_cast<Address>(place)}});
  std::memcpy(argument.data(), place, argument.size());
  return outcome.value < 0 ? outcome.error : 0;
}

// --- actors

void Player::start_process(Process& process) {
  process = Process{};
  process.number = cast_->take();
  process.name = "P" + std::to_string(&process - processes_.data());
  picture_.name_process(backend().pid(process.number), process.name);
  for (int thread = 0; thread <= kHelperThread; ++thread) {
    picture_.name_thread(backend().tid({process.number, thread}),
                         process.name + "." + std::to_string(thread));
  }
}

void Player::enter(const Term& step) {
  if (actors_.size() == actors_.capacity()) return;
  Actor& actor = actors_.emplace_back();
  const std::int64_t shared = step.get("process");
  if (shared > 0 && static_cast<std::size_t>(shared) < actors_.size()) {
    actor.process = actors_[static_cast<std::size_t>(shared) - 1].process;
  } else {
    actor.process = processes_.size();
    start_process(processes_.emplace_back());
  }
  actor.blocking = step.get("blocking") != 0;
  open_file(actor, step);
}

void Player::open_file(Actor& actor, const Term& step) {
  Process& process = process_of(actor);
  const auto flags = static_cast<std::uint64_t>(O_RDWR | O_CLOEXEC | (actor.blocking ? 0 : O_NONBLOCK));
  const Outcome opened = call(actor, kHelperThread, {Sys::open_device, {flags}});
  say("open " + result_of(opened));
  if (opened.value < 0) return;
  actor.fd = static_cast<int>(opened.value);
  process.highest_fd = std::max(process.highest_fd, actor.fd);
  ++process.files;
  ++open_files_;
  if (step.get("unmapped") != 0) return;
  actor.size = unsigned_of(step.get("size", 1 << 20));
  constexpr std::uint64_t kProtRead = 1, kMapPrivate = 2, kMapNoReserve = 0x4000;
  const Outcome mapped =
      call(actor, kHelperThread,
           {Sys::mmap,
            {static_cast<std::uint64_t>(actor.fd), actor.size, kProtRead, kMapPrivate | kMapNoReserve, 0}});
  say("mmap " + result_of(mapped));
  if (mapped.value >= 0) actor.mapping = static_cast<Address>(mapped.value);
}

void Player::die(std::size_t number) {
  Process& process = processes_[number];
  if (process.dead) return;
  process.dead = true;
  backend().kill(process.number);
  open_files_ -= process.files;
  for (Actor& actor : actors_) {
    if (actor.process != number) continue;
    actor.fd = -1;
    actor.mapping = 0;
    actor.seen = Seen{};
    actor.reading = {};
  }
}

void Player::close(Actor& actor) {
  if (actor.fd < 0) return;
  if (actor.mapping != 0) (void)call(actor, kHelperThread, {Sys::munmap, {actor.mapping, actor.size}});
  (void)call(actor, kHelperThread, {Sys::close, {static_cast<std::uint64_t>(actor.fd)}});
  actor.fd = -1;
  actor.mapping = 0;
  actor.seen = Seen{};
  --process_of(actor).files;
  --open_files_;
}

// --- steps

std::vector<std::string> Player::play(const Term& step) {
  lines_ = {step.text()};
  if (lost_) return std::exchange(lines_, {});
  try {
    for (Process& process : processes_) process.used = 0;
    woken_.clear();
    if (step.word == "actor") {
      enter(step);
    } else {
      const std::int64_t number = step.get("a");
      const std::int64_t thread = step.get("t");
      if (number < 0 || number >= actors() || thread < 0 || thread >= kThreads) {
        say("nobody");
      } else {
        other(actors_[static_cast<std::size_t>(number)], static_cast<int>(thread), step);
      }
    }
    for (Actor& actor : actors_) {
      for (int thread = 0; thread < kThreads; ++thread) {
        if (actor.reading[static_cast<std::size_t>(thread)].active) (void)settle(actor, thread);
      }
    }
    if (pictures_ == Pictures::each_step) take_picture();
  } catch (const std::runtime_error& error) {
    say(error.what());
    lost_ = true;
  }
  return std::exchange(lines_, {});
}

void Player::other(Actor& actor, int thread, const Term& step) {
  Process& process = process_of(actor);
  const std::string& word = step.word;
  if (word == "kill") {
    die(actor.process);
    if (!cast_->await_active(active_before_ + open_files_))
      throw std::runtime_error("a killed process is not released");
    return;
  }
  if (word == "open") {
    if (actor.fd >= 0) return say("is open");
    if (process.dead) start_process(process);
    return open_file(actor, step);
  }
  if (process.dead || actor.fd < 0) return say("is gone");
  if (word == "close") {
    for (const Reading& reading : actor.reading) {
      if (reading.active) return say("is in use");
    }
    close(actor);
    if (!cast_->await_active(active_before_ + open_files_))
      throw std::runtime_error("a closed file is not released");
    return;
  }
  if (word == "fds") return list_descriptors(actor);
  Reading& reading = actor.reading[static_cast<std::size_t>(thread)];
  if (word == "signal") {
    if (!reading.active) return say("does not sleep");
    backend().signal({process.number, thread});
    const auto outcome = backend().outcome({process.number, thread}, conformance::patience());
    if (!outcome) throw std::runtime_error("a signal does not end a read");
    return returned(actor, thread, *outcome);
  }
  if (process.busy[static_cast<std::size_t>(thread)]) return say("sleeps");
  if (word == "wr") return write_read(actor, thread, step);

  const auto plain = [&](std::uint32_t request, auto argument) {
    const int error = ioctl(actor, thread, request, std::as_writable_bytes(std::span(&argument, 1)));
    say(conformance::errno_name(error));
    return argument;
  };
  const auto pid_of = [&](std::int64_t who) -> std::uint32_t {
    if (who < 0 || who >= actors()) return 0;
    return static_cast<std::uint32_t>(
        backend().pid(process_of(actors_[static_cast<std::size_t>(who)]).number));
  };
  const auto value = static_cast<std::uint32_t>(step.get("v"));
  if (word == "exit") {
    plain(BINDER_THREAD_EXIT, std::int32_t{0});
    actor.seen.incoming[static_cast<std::size_t>(thread)] = 0;
  } else if (word == "max") {
    plain(BINDER_SET_MAX_THREADS, value);
  } else if (word == "spam") {
    plain(BINDER_ENABLE_ONEWAY_SPAM_DETECTION, value);
  } else if (word == "version") {
    say(std::to_string(plain(BINDER_VERSION, binder_version{}).protocol_version));
  } else if (word == "ee") {
    const auto record = plain(conformance::kGetExtendedError, conformance::ExtendedErrorRecord{});
    say((record.id != 0 ? "id " : "0 ") + conformance::return_name(record.command) + " " +
        std::to_string(record.param));
  } else if (word == "poll") {
    const Outcome outcome = call(
        actor, thread, {Sys::poll, {static_cast<std::uint64_t>(actor.fd), POLLIN | POLLPRI | POLLRDNORM, 0}});
    say(outcome.value < 0 ? result_of(outcome) : std::to_string(outcome.value & POLLIN));
  } else if (word == "manager") {
    const conformance::Node node = node_of(step.get("n"), step.get("c"), step.get("flags", 0x100));
    flat_binder_object object{};
    object.flags = node.flags;
    object.binder = node.ptr;
    object.cookie = node.cookie;
    if (step.get("plain") != 0) {
      plain(BINDER_SET_CONTEXT_MGR, std::int32_t{0});
    } else {
      plain(BINDER_SET_CONTEXT_MGR_EXT, object);
    }
  } else if (word == "nodedebug") {
    binder_node_debug_info info{};
    info.ptr = node_of(step.get("n")).ptr;
    info = plain(BINDER_GET_NODE_DEBUG_INFO, info);
    say(std::to_string(info.ptr) + " " + std::to_string(info.cookie) + " " +
        std::to_string(info.has_strong_ref) + " " + std::to_string(info.has_weak_ref));
  } else if (word == "noderef") {
    binder_node_info_for_ref info{};
    info.handle = static_cast<std::uint32_t>(step.get("h"));
    info.reserved3 = static_cast<std::uint32_t>(step.get("r"));
    info = plain(BINDER_GET_NODE_INFO_FOR_REF, info);
    say(std::to_string(info.strong_count) + " " + std::to_string(info.weak_count));
  } else if (word == "freeze") {
    plain(BINDER_FREEZE,
          binder_freeze_info{pid_of(step.get("who")), static_cast<std::uint32_t>(step.get("enable")), 0});
  } else if (word == "frozen") {
    const auto info = plain(BINDER_GET_FROZEN_INFO, binder_frozen_status_info{pid_of(step.get("who")), 0, 0});
    say(std::to_string(info.sync_recv) + " " + std::to_string(info.async_recv));
  } else if (word == "ioctl") {
    plain(static_cast<std::uint32_t>(step.get("req")), std::array<std::uint64_t, 40>{});
  } else {
    say("no step");
  }
}

void Player::write_read(Actor& actor, int thread, const Term& step) {
  Process& process = process_of(actor);
  conformance::Commands commands;
  Voice voice(*this, actor);
  Reading& reading = actor.reading[static_cast<std::size_t>(thread)];
  reading = Reading{};
  for (const Term& command : step.inside) {
    const std::size_t freed = voice.freed.size();
    append(commands, command, voice);
    if (voice.freed.size() != freed) reading.frees.emplace_back(commands.size(), voice.freed.back());
  }
  const auto bytes = commands.encode([](auto, auto) -> Address { return 0; });  // nothing is left to place
  if (bytes.size() > kReadOffset - kWriteOffset) throw std::runtime_error("too many commands");
  const auto arena = backend().arena(process.number);
  const Address part = part_of(reinterpret_cast<Address>(arena.data()), thread);
  std::byte* memory = arena.data() + static_cast<std::size_t>(thread) * conformance::kThreadMemory;
  if (!bytes.empty()) std::memcpy(memory + kWriteOffset, bytes.data(), bytes.size());
  reading.read_size = unsigned_of(step.get("rs", 1024));
  reading.read_consumed = unsigned_of(step.get("rc"));
  reading.readable = step.get("rfault") == 0;
  std::memset(memory + kReadOffset, 0, std::min<std::uint64_t>(reading.read_size, kReadOffset));
  binder_write_read frame{};
  frame.write_size = bytes.size();
  frame.write_consumed = unsigned_of(step.get("wc"));
  frame.write_buffer = step.get("wfault") != 0 ? voice.unreadable() : part + kWriteOffset;
  frame.read_size = reading.read_size;
  frame.read_consumed = reading.read_consumed;
  frame.read_buffer = reading.readable ? part + kReadOffset : voice.unreadable();
  std::memcpy(memory, &frame, sizeof frame);
  reading.active = true;
  process.busy[static_cast<std::size_t>(thread)] = true;
  backend().start({process.number, thread},
                  {Sys::ioctl, {static_cast<std::uint64_t>(actor.fd), BINDER_WRITE_READ, part}});
  if (actor.blocking && reading.read_size != 0) {
    if (!settle(actor, thread)) say(name_of(actor, thread) + " sleeps");
    return;
  }
  const auto outcome = backend().outcome({process.number, thread}, conformance::patience());
  if (!outcome) throw std::runtime_error(name_of(actor, thread) + " does not return");
  returned(actor, thread, *outcome);
}

bool Player::settle(Actor& actor, int thread) {
  const conformance::ThreadRef ref{process_of(actor).number, thread};
  const auto deadline = std::chrono::steady_clock::now() + conformance::patience();
  for (;;) {
    if (const auto outcome = backend().outcome(ref, std::chrono::milliseconds(0))) {
      returned(actor, thread, *outcome);
      return true;
    }
    if (!backend().asynchronous()) return false;
    if (cast_->in_kernel()) {
      // Whoever wakes a thread has made it runnable before it returns. The log would tell as well, but
      // printing nodes makes the kernel's driver look at them anew, which may queue work.
      if (backend().sleeps(ref) && backend().sleeps(ref)) return false;
      if (std::chrono::steady_clock::now() > deadline) break;
      continue;
    }
    // Ours says WAITING of a thread from which no work was given.
    // The file of a pid goes with the process's first open device, even if it has more.
    std::string log = backend().log("proc/" + std::to_string(backend().pid(ref.process)));
    if (log.empty()) log = backend().log("state");
    const std::string prefix = "  thread " + std::to_string(backend().tid(ref)) + ": l ";
    bool waiting = false;
    for (std::size_t at = log.find(prefix); at != std::string::npos; at = log.find(prefix, at + 1)) {
      waiting = waiting || (std::strtoul(log.c_str() + at + prefix.size(), nullptr, 16) &
                            conformance::kLooperWaiting) != 0;
    }
    if (waiting && backend().sleeps(ref)) return false;
    if (std::chrono::steady_clock::now() > deadline) {
      break;
    }
  }
  throw std::runtime_error(name_of(actor, thread) + " neither returns nor sleeps");
}

void Player::returned(Actor& actor, int thread, const Outcome& outcome) {
  Process& process = process_of(actor);
  Reading& reading = actor.reading[static_cast<std::size_t>(thread)];
  reading.active = false;
  raced_ = raced_ || std::find(woken_.begin(), woken_.end(), actor.process) != woken_.end();
  woken_.push_back(actor.process);
  process.busy[static_cast<std::size_t>(thread)] = false;
  const auto arena = backend().arena(process.number);
  const std::byte* memory = arena.data() + static_cast<std::size_t>(thread) * conformance::kThreadMemory;
  binder_write_read frame{};
  std::memcpy(&frame, memory, sizeof frame);
  for (const auto& [end, held] : reading.frees) {
    if (frame.write_consumed < end) continue;
    std::erase_if(actor.seen.held,
                  [&, offset = held.offset](const Held& one) { return one.offset == offset; });
  }
  std::string line = name_of(actor, thread) + " " + result_of(outcome) +
                     " wc=" + std::to_string(frame.write_consumed) +
                     " rc=" + std::to_string(frame.read_consumed);
  if (outcome.value < 0 || !reading.readable || frame.read_consumed <= reading.read_consumed)
    return say(line);
  if (frame.read_consumed > reading.read_size) return say(line + " beyond the buffer");
  const auto items = conformance::parse_returns(
      {memory + kReadOffset + reading.read_consumed, frame.read_consumed - reading.read_consumed});
  if (!items) return say(line + " malformed");
  if (reading.read_consumed != 0) {
    // Whether the first word became BR_SPAWN_LOOPER; nothing else writes there.
    std::uint32_t first = 0;
    std::memcpy(&first, memory + kReadOffset, sizeof first);
    if (first != 0) line += " first=" + conformance::return_name(first);
  }
  for (const conformance::Return& item : *items) line += " " + explain(actor, thread, item);
  say(line);
}

}  // namespace cuse_binder::differential
