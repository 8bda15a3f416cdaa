// Threads: frames in, results out.
#include <fcntl.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sstream>

#include "test/conformance/patience.h"
#include "test/conformance/world.h"

namespace cuse_binder::conformance {
namespace {

// Each thread has a fixed part of its actor's arena: the frame, the write buffer, the read buffer.
constexpr std::size_t kFrameOffset = 0;
constexpr std::size_t kArgumentOffset = 256;
constexpr std::size_t kWriteOffset = 4096;
constexpr std::size_t kReadOffset = 64 << 10;
static_assert(kReadOffset + (64 << 10) == kThreadMemory);

}  // namespace

Thread::Thread(Actor& actor, int index, int fd) : actor_(&actor), index_(index), fd_(fd) {
  if (index >= kThreadsPerActor) FAIL("too many threads in " << actor.name());
}

std::string Thread::name() const {
  std::string name = actor_->name() + "." + std::to_string(index_);
  if (fd_ != actor_->fd()) name += "@other";
  return name;
}

Address Thread::own_memory() {
  return actor_->arena_begin() +
         (actor_->first_thread_memory_ + static_cast<std::size_t>(index_)) * kThreadMemory;
}

Address Thread::encode_frame(const Commands& commands, const Frame& frame) {
  frame_ = frame;
  text_ = commands.empty() ? "" : "[" + commands.text() + "] ";
  const Address base = own_memory();
  const Bytes stream = commands.encode(
      [&](std::span<const std::byte> bytes, std::size_t alignment) { return actor_->put(bytes, alignment); });
  if (stream.size() > kReadOffset - kWriteOffset) FAIL("a command stream of " << stream.size() << " bytes");
  if (!stream.empty()) std::memcpy(actor_->at(base + kWriteOffset), stream.data(), stream.size());
  if (!frame.read_buffer) {
    if (frame.read_size > kThreadMemory - kReadOffset) FAIL("a read of " << frame.read_size << " bytes");
    std::memset(actor_->at(base + kReadOffset), 0, kThreadMemory - kReadOffset);
  }
  read_address_ = frame.read_buffer.value_or(base + kReadOffset);
  binder_write_read request{};
  request.write_size = frame.write_size.value_or(stream.size());
  request.write_consumed = frame.write_consumed;
  request.write_buffer = frame.write_buffer.value_or(base + kWriteOffset);
  request.read_size = frame.read_size;
  request.read_consumed = frame.read_consumed;
  request.read_buffer = read_address_;
  frame_address_ = base + kFrameOffset;
  std::memcpy(actor_->at(frame_address_), &request, sizeof request);
  if (frame.read_size == 0) {
    text_ = "write " + text_;
  } else {
    text_ = (stream.empty() ? "read " : "write_read ") + text_;
    if (frame.read_size != 1024) text_ += "size " + std::to_string(frame.read_size) + " ";
  }
  return frame_address_;
}

Result Thread::decode_frame(const Outcome& outcome) {
  binder_write_read request{};
  std::memcpy(&request, actor_->at(frame_address_), sizeof request);
  Result result;
  result.error = outcome.value < 0 ? outcome.error : 0;
  result.write_consumed = request.write_consumed;
  result.read_consumed = request.read_consumed;
  result.continued = frame_.read_consumed != 0;
  const std::uint64_t readable = std::min<std::uint64_t>(frame_.read_size, actor_->arena_left(read_address_));
  if (readable != 0) {
    const std::byte* buffer = actor_->at(read_address_);
    result.buffer.assign(buffer, buffer + readable);
  }
  if (result.error == 0 && request.read_consumed > frame_.read_consumed) {
    if (request.read_consumed > result.buffer.size()) {
      FAIL(name() << ": read_consumed " << request.read_consumed << " of " << frame_.read_size);
    }
    const auto items = parse_returns(
        std::span(result.buffer).subspan(frame_.read_consumed, request.read_consumed - frame_.read_consumed));
    if (!items) FAIL(name() << ": malformed returns in a read of " << request.read_consumed << " bytes");
    result.returns = *items;
  }
  std::ostringstream line;
  line << name() << ": " << text_ << "→ " << errno_name(result.error) << " wc=" << result.write_consumed
       << " rc=" << result.read_consumed;
  for (const Return& item : result.returns) line << " " << actor_->world().explain(item, *actor_, fd_);
  actor_->world().note(line.str());
  return result;
}

Result Thread::write_read(const Commands& commands, std::uint64_t read_size) {
  Frame frame;
  frame.read_size = read_size;
  return write_read(commands, frame);
}

Result Thread::write_read(const Commands& commands, const Frame& frame) {
  const std::uint64_t used = actor_->used_;
  const Address address = encode_frame(commands, frame);
  const std::uint64_t used_by_call = actor_->used_;
  start_call({Sys::ioctl, {static_cast<std::uint64_t>(fd_), BINDER_WRITE_READ, address}});
  const Result result = decode_frame(finish_call());
  if (actor_->used_ == used_by_call) actor_->used_ = used;  // the call is over and so is its parcels' memory
  return result;
}

Pending Thread::start(const Commands& commands, std::uint64_t read_size) {
  Frame frame;
  frame.read_size = read_size;
  const Address address = encode_frame(commands, frame);
  actor_->world().note(name() + ": starts " + text_);
  start_call({Sys::ioctl, {static_cast<std::uint64_t>(fd_), BINDER_WRITE_READ, address}});
  return Pending(*this);
}

Result Thread::await(std::uint32_t code) {
  Result all;
  actor_->world().eventually(name() + " gets " + return_name(code), [&] {
    Result result = read();
    if (result.error != 0 && result.error != EAGAIN) FAIL(name() << ": read fails: " << result);
    all.returns.insert(all.returns.end(), result.returns.begin(), result.returns.end());
    return result.has(code);
  });
  return all;
}

Result Thread::read_eventually() {
  Result result;
  actor_->world().eventually(name() + " has something to read", [&] {
    result = read();
    return result.error != EAGAIN;
  });
  return result;
}

void Thread::start_call(const Call& call) {
  actor_->world().backend().start({actor_->process_, index_}, call);
}

std::optional<Outcome> Thread::try_finish_call() {
  return actor_->world().backend().outcome({actor_->process_, index_}, std::chrono::milliseconds(0));
}

Outcome Thread::finish_call() {
  const auto outcome = actor_->world().backend().outcome({actor_->process_, index_}, patience());
  if (!outcome) {
    FAIL(name() << ": the call did not return in " << patience().count() << " ms: " << text_ << "\n"
                << actor_->world().log("state"));
  }
  return *outcome;
}

Outcome Thread::call(const Call& call) {
  text_ = "system call " + std::to_string(static_cast<unsigned>(call.sys));
  start_call(call);
  return finish_call();
}

int Thread::ioctl_at(std::uint32_t request, Address argument) {
  std::ostringstream text;
  text << "ioctl 0x" << std::hex << request;
  text_ = text.str();
  start_call({Sys::ioctl, {static_cast<std::uint64_t>(fd_), request, argument}});
  const Outcome outcome = finish_call();
  const int error = outcome.value < 0 ? outcome.error : 0;
  actor_->world().note(name() + ": " + text_ + " → " + errno_name(error));
  return error;
}

int Thread::ioctl_bytes(std::uint32_t request, std::span<std::byte> argument) {
  const Address address = own_memory() + kArgumentOffset;
  if (argument.size() > kWriteOffset - kArgumentOffset)
    FAIL("an argument of " << argument.size() << " bytes");
  std::memcpy(actor_->at(address), argument.data(), argument.size());
  const int error = ioctl_at(request, address);
  std::memcpy(argument.data(), actor_->at(address), argument.size());
  return error;
}

Thread& Thread::touch() {
  binder_version version{};
  REQUIRE(ioctl(BINDER_VERSION, version) == 0);
  return *this;
}

ExtendedError Thread::extended_error() {
  ExtendedErrorRecord record{};
  REQUIRE(ioctl(kGetExtendedError, record) == 0);
  const ExtendedError error{record.id, record.command, record.param};
  std::ostringstream line;
  line << name() << ": " << error;
  actor_->world().note(line.str());
  return error;
}

short Thread::poll(short events, int timeout_ms) {
  const Outcome outcome = call({Sys::poll,
                                {static_cast<std::uint64_t>(fd_), static_cast<std::uint16_t>(events),
                                 static_cast<std::uint64_t>(static_cast<std::int64_t>(timeout_ms))}});
  if (outcome.value < 0) FAIL(name() << ": poll fails: " << errno_name(outcome.error));
  actor_->world().note(name() + ": poll → " + std::to_string(outcome.value));
  return static_cast<short>(outcome.value);
}

int Thread::set_max_threads(std::uint32_t count) {
  return ioctl(BINDER_SET_MAX_THREADS, count);
}

int Thread::thread_exit() {
  std::int32_t unused = 0;
  return ioctl(BINDER_THREAD_EXIT, unused);
}

void Thread::exit_without_a_word() {
  actor_->world().note(name() + ": the thread ends");
  start_call({Sys::exit_thread, {}});
}

void Thread::signal() {
  actor_->world().note(name() + ": a signal");
  actor_->world().backend().signal({actor_->process_, index_});
}

int Thread::set_euid(uid_t euid) {
  const Outcome outcome = call({Sys::set_euid, {euid}});
  return outcome.value < 0 ? outcome.error : 0;
}

bool Thread::sleeps() {
  return actor_->world().backend().sleeps({actor_->process_, index_});
}

pid_t Thread::tid() {
  return actor_->world().backend().tid({actor_->process_, index_});
}

unsigned Thread::looper_flags() {
  std::string log = actor_->world().log("proc/" + std::to_string(actor_->pid()));
  if (log.empty()) log = actor_->world().log("state");
  const std::string prefix = "  thread " + std::to_string(tid()) + ": l ";
  unsigned flags = 0;
  for (std::size_t at = log.find(prefix); at != std::string::npos; at = log.find(prefix, at + 1)) {
    flags |= static_cast<unsigned>(std::strtoul(log.c_str() + at + prefix.size(), nullptr, 16));
  }
  return flags;
}

bool Pending::blocked() {
  bool returned = false;
  World& world = thread_->actor().world();
  world.eventually(thread_->name() + " sleeps in the driver", [&] {
    if (thread_->try_finish_call()) return returned = true;
    if (!thread_->sleeps()) return false;
    return !world.backend().asynchronous() || (thread_->looper_flags() & kLooperWaiting) != 0;
  });
  if (!returned) world.note(thread_->name() + ": sleeps");
  return !returned;
}

bool Pending::still_pending() {
  return !thread_->try_finish_call();
}

Result Pending::finish() {
  return thread_->decode_frame(thread_->finish_call());
}

}  // namespace cuse_binder::conformance
