// Actors: descriptors, mappings and memory of one process.
#include <fcntl.h>

#include <cerrno>
#include <cstring>
#include <sstream>

#include "test/conformance/patience.h"
#include "test/conformance/world.h"

namespace cuse_binder::conformance {

Actor::Actor(World& world, std::string name, int process)
    : world_(&world),
      name_(std::move(name)),
      process_(process),
      used_(2 * kThreadsPerActor * kThreadMemory) {}

Thread& Actor::thread(int index) {
  auto& slot = threads_[index];
  if (!slot) slot = std::make_unique<Thread>(*this, index, fd_);
  return *slot;
}

Thread& Actor::helper() {
  return thread(kThreadsPerActor - 1);
}

pid_t Actor::pid() {
  return world_->backend().pid(process_);
}

// --- descriptors

int Actor::open_flags(int flags) {
  const Outcome outcome = thread().call({Sys::open_device, {static_cast<std::uint64_t>(flags)}});
  world_->note(name_ + ": open → " + (outcome.value < 0 ? errno_name(outcome.error) : "ok"));
  return outcome.value < 0 ? -outcome.error : static_cast<int>(outcome.value);
}

Actor& Actor::open() {
  const int fd = open_flags(O_RDWR | O_NONBLOCK | O_CLOEXEC);
  REQUIRE(fd >= 0);
  use(fd);
  thread().touch();
  return *this;
}

Actor& Actor::open_blocking() {
  const int fd = open_flags(O_RDWR | O_CLOEXEC);
  REQUIRE(fd >= 0);
  use(fd);
  thread().touch();
  return *this;
}

void Actor::close(int fd) {
  const Outcome outcome = helper().call({Sys::close, {static_cast<std::uint64_t>(fd)}});
  REQUIRE(outcome.value == 0);
  world_->note(name_ + ": close");
}

int Actor::dup(int fd) {
  const Outcome outcome = helper().call({Sys::dup, {static_cast<std::uint64_t>(fd)}});
  return outcome.value < 0 ? -outcome.error : static_cast<int>(outcome.value);
}

int Actor::fcntl(int fd, int command, std::uint64_t argument) {
  const Outcome outcome = helper().call(
      {Sys::fcntl, {static_cast<std::uint64_t>(fd), static_cast<std::uint64_t>(command), argument}});
  return outcome.value < 0 ? -outcome.error : static_cast<int>(outcome.value);
}

std::pair<int, int> Actor::pipe() {
  const Address ends = reserve(2 * sizeof(int));
  const Outcome outcome = helper().call({Sys::pipe, {ends}});
  REQUIRE(outcome.value == 0);
  int fds[2];
  std::memcpy(fds, at(ends), sizeof fds);
  return {fds[0], fds[1]};
}

int Actor::open_path() {
  const Outcome outcome = helper().call({Sys::open_path, {}});
  REQUIRE(outcome.value >= 0);
  return static_cast<int>(outcome.value);
}

bool Actor::is_open(int fd) {
  return fcntl(fd, F_GETFD) >= 0;
}

bool Actor::is_cloexec(int fd) {
  const int flags = fcntl(fd, F_GETFD);
  return flags >= 0 && (flags & FD_CLOEXEC) != 0;
}

int Actor::write_text(int fd, std::string_view text) {
  const Address from = put_text(text);
  const Outcome outcome = helper().call({Sys::write, {static_cast<std::uint64_t>(fd), from, text.size()}});
  return outcome.value < 0 ? -outcome.error : static_cast<int>(outcome.value);
}

std::string Actor::read_text(int fd, std::size_t size) {
  const Address to = reserve(size);
  const Outcome outcome = helper().call({Sys::read, {static_cast<std::uint64_t>(fd), to, size}});
  if (outcome.value < 0) return errno_name(outcome.error);
  const auto* bytes = at(to);
  std::string text(static_cast<std::size_t>(outcome.value), '\0');
  std::memcpy(text.data(), bytes, text.size());
  return text;
}

std::uint64_t Actor::set_fd_limit(std::uint64_t limit) {
  const Outcome outcome = helper().call({Sys::set_fd_limit, {limit}});
  REQUIRE(outcome.value >= 0);
  return static_cast<std::uint64_t>(outcome.value);
}

// --- mappings

std::int64_t Actor::mmap(int fd, std::uint64_t size, int prot, int flags, std::uint64_t offset) {
  const Outcome outcome =
      helper().call({Sys::mmap,
                     {static_cast<std::uint64_t>(fd), size, static_cast<std::uint64_t>(prot),
                      static_cast<std::uint64_t>(flags), offset}});
  world_->note(name_ + ": mmap " + std::to_string(size) + " → " +
               (outcome.value < 0 ? errno_name(outcome.error) : "ok"));
  if (outcome.value < 0) return -outcome.error;
  mappings_[fd] = {static_cast<Address>(outcome.value), size};
  return outcome.value;
}

Actor& Actor::map(std::uint64_t size) {
  constexpr int kProtRead = 1, kMapPrivate = 2, kMapNoReserve = 0x4000;
  const std::int64_t address = mmap(fd_, size, kProtRead, kMapPrivate | kMapNoReserve);
  if (address < 0) FAIL(name_ << ": mmap fails with " << errno_name(static_cast<int>(-address)));
  return *this;
}

int Actor::munmap(Address address, std::uint64_t size) {
  const Outcome outcome = helper().call({Sys::munmap, {address, size}});
  world_->note(name_ + ": munmap → " + errno_name(outcome.value < 0 ? outcome.error : 0));
  return outcome.value < 0 ? outcome.error : 0;
}

int Actor::mprotect(Address address, std::uint64_t size, int prot) {
  const Outcome outcome = helper().call({Sys::mprotect, {address, size, static_cast<std::uint64_t>(prot)}});
  return outcome.value < 0 ? outcome.error : 0;
}

Address Actor::mapping() const {
  return mapping_of(fd_);
}

Address Actor::mapping_of(int fd) const {
  const auto found = mappings_.find(fd);
  return found == mappings_.end() ? 0 : found->second.first;
}

std::uint64_t Actor::mapping_size() const {
  const auto found = mappings_.find(fd_);
  return found == mappings_.end() ? 0 : found->second.second;
}

// --- the manager

Actor& Actor::become_manager(std::uint32_t flags, std::uint64_t ptr, std::uint64_t cookie) {
  flat_binder_object object{};
  object.flags = flags;
  object.binder = ptr;
  object.cookie = cookie;
  // The manager of an earlier case is released asynchronously.
  world_->eventually(name_ + " becomes the context manager", [&] {
    const int error = thread().ioctl(BINDER_SET_CONTEXT_MGR_EXT, object);
    if (error != 0 && error != EBUSY) FAIL(name_ << ": SET_CONTEXT_MGR_EXT fails with " << errno_name(error));
    return error == 0;
  });
  world_->manager_ = this;
  return *this;
}

Actor& Actor::become_plain_manager() {
  std::int32_t unused = 0;
  world_->eventually(name_ + " becomes the context manager", [&] {
    const int error = thread().ioctl(BINDER_SET_CONTEXT_MGR, unused);
    if (error != 0 && error != EBUSY) FAIL(name_ << ": SET_CONTEXT_MGR fails with " << errno_name(error));
    return error == 0;
  });
  world_->manager_ = this;
  return *this;
}

// --- life

void Actor::kill() {
  world_->note(name_ + ": killed");
  dead_ = true;
  world_->backend().kill(process_);
}

void Actor::stop_and_continue() {
  world_->note(name_ + ": SIGSTOP, SIGCONT");
  world_->backend().stop_and_continue(process_);
}

Actor& Actor::fork_child(const std::string& name) {
  world_->note(name_ + ": forks " + name);
  auto child = std::make_unique<Actor>(*world_, name, world_->backend().fork_child(process_, name));
  child->fd_ = fd_;
  child->mappings_ = mappings_;
  // Parent and child share the arena: each gets threads of its own in it.
  child->first_thread_memory_ = first_thread_memory_ + kThreadsPerActor;
  child->used_ = used_ + kArenaSize / 4;
  world_->actors_.push_back(std::move(child));
  return *world_->actors_.back();
}

// --- memory

Address Actor::arena_begin() {
  return reinterpret_cast<Address>(world_->backend().arena(process_).data());
}

Address Actor::arena_end() {
  return arena_begin() + world_->backend().arena(process_).size();
}

std::uint64_t Actor::arena_left(Address address) {
  return address >= arena_begin() && address < arena_end() ? arena_end() - address : 0;
}

Address Actor::unmapped() {
  return arena_end() + 64;
}

std::byte* Actor::at(Address address) {
  if (arena_left(address) == 0) FAIL(name_ << ": not an address of the arena");
  return world_->backend().arena(process_).data() + (address - arena_begin());
}

Address Actor::reserve(std::size_t size, std::size_t alignment) {
  used_ = (used_ + alignment - 1) / alignment * alignment;
  const Address address = arena_begin() + used_;
  // The last page stays free for buffers that touch the end of the arena.
  if (used_ + size > kArenaSize - 4096) FAIL(name_ << ": the arena is full");
  used_ += size;
  return address;
}

Address Actor::put(std::span<const std::byte> bytes, std::size_t alignment) {
  const Address address = reserve(bytes.size(), alignment);
  if (!bytes.empty()) std::memcpy(at(address), bytes.data(), bytes.size());
  return address;
}

Address Actor::put_text(std::string_view text) {
  return put(bytes_of(text), 8);
}

std::optional<Bytes> Actor::peek(Address address, std::size_t size) {
  const std::uint64_t used = used_;
  const Address to = reserve(size);
  const Outcome outcome = helper().call({Sys::peek, {address, to, size}});
  std::optional<Bytes> bytes;
  if (outcome.value >= 0) bytes.emplace(at(to), at(to) + size);
  used_ = used;
  return bytes;
}

Bytes Actor::data_of(const binder_transaction_data& data) {
  if (data.data_size == 0) return {};
  const auto bytes = peek(data.data.ptr.buffer, data.data_size);
  if (!bytes) FAIL(name_ << ": a received buffer cannot be read");
  return *bytes;
}

std::string Actor::text_of(const binder_transaction_data& data) {
  const Bytes bytes = data_of(data);
  std::string text(bytes.size(), '\0');
  if (!bytes.empty()) std::memcpy(text.data(), bytes.data(), bytes.size());
  return text;
}

flat_binder_object Actor::object_of(const binder_transaction_data& data, std::size_t index) {
  if ((index + 1) * 8 > data.offsets_size) FAIL(name_ << ": no object " << index);
  const auto offset_bytes = peek(data.data.ptr.offsets + index * 8, 8);
  if (!offset_bytes) FAIL(name_ << ": received offsets cannot be read");
  std::uint64_t offset = 0;
  std::memcpy(&offset, offset_bytes->data(), 8);
  const auto bytes = peek(data.data.ptr.buffer + offset, sizeof(flat_binder_object));
  if (!bytes) FAIL(name_ << ": a received object cannot be read");
  flat_binder_object object;
  std::memcpy(&object, bytes->data(), sizeof object);
  return object;
}

}  // namespace cuse_binder::conformance
