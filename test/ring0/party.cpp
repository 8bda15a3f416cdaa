#include "test/ring0/party.h"

#include "test/support/catch.h"

namespace cuse_binder::core::testing {

World::~World() {
  const LiveObjects live = context.live_objects();
  CHECK(live.processes + live.threads + live.nodes + live.refs + live.transactions + live.completions + live.deaths +
            live.freezes + live.buffers + live.parked + live.files ==
        0);
}

void World::absorb(Outbox& out) {
  for (auto& waiter : out.resume) woken.push_back(static_cast<TestWaiter&>(*waiter).who);
  out.resume.clear();
  context.check_invariants();
}

Party::Party(World& in, pid_t pid, std::uint64_t mapping_size) : memory(mapping_size), world(in) {
  process = &world.context.open(pid, nullptr, memory.data(), true);
  if (mapping_size > 0) world.context.set_mapping(*process, {0x10000000u * static_cast<std::uint64_t>(pid), mapping_size});
}

Party::~Party() { die(); }

void Party::die() {
  if (process == nullptr) return;
  Outbox out;
  world.context.release(*process, out);
  process = nullptr;
  world.absorb(out);
}

// As after a thread's first ioctl: must-return is cleared.
Thread& Party::thread(pid_t tid) {
  if (Thread* known = world.context.find_thread(*process, tid)) return *known;
  Outbox out;
  Thread& made = world.context.enter(*process, tid);
  world.context.leave(made, true, out);
  return made;
}

void Party::exit_thread(pid_t tid) {
  Outbox out;
  world.context.exit_thread(thread(tid), out);
  world.absorb(out);
}

void Party::become_manager(std::uint32_t flags) {
  flat_binder_object object{};
  object.flags = flags;
  REQUIRE(world.context.set_manager(*process, 0, &object) == 0);
}

void Party::call(pid_t tid, std::uint32_t handle, std::uint32_t code, std::uint32_t flags,
                 std::vector<flat_binder_object> objects, std::uint64_t data_size) {
  CallRequest request;
  request.handle = handle;
  request.code = code;
  request.flags = flags;
  request.data_size = std::max<std::uint64_t>(data_size, objects.size() * sizeof(flat_binder_object));
  transact(tid, request, objects);
}

void Party::reply(pid_t tid, std::uint32_t code, std::vector<flat_binder_object> objects, std::uint64_t data_size) {
  CallRequest request;
  request.reply = true;
  request.code = code;
  request.data_size = std::max<std::uint64_t>(data_size, objects.size() * sizeof(flat_binder_object));
  transact(tid, request, objects);
}

void Party::transact(pid_t tid, CallRequest request, const std::vector<flat_binder_object>& objects) {
  request.offsets_size = objects.size() * sizeof(std::uint64_t);
  request.mapping_was_sought = true;
  Outbox out;
  Draft draft;
  Thread& sender = world.context.enter(*process, tid);
  if (world.context.begin(sender, request, draft, out) == BeginStatus::draft) {
    Staged staged;
    for (std::size_t i = 0; i < objects.size(); ++i) staged.objects.push_back({i * sizeof(flat_binder_object), objects[i]});
    world.context.commit(draft, std::move(staged), out);
  }
  world.context.leave(sender, true, out);
  world.absorb(out);
}

std::vector<Returned> Party::read(pid_t tid) {
  thread(tid);
  ReadState state;
  state.size = 4096;
  Outbox out;
  Thread& reader = world.context.enter(*process, tid);
  const ReadOutcome outcome = world.context.read(reader, state, out);
  world.context.leave(reader, true, out);
  world.absorb(out);
  std::vector<Returned> all;
  if (outcome != ReadOutcome::done) return all;
  for (std::size_t at = 0; at < state.bytes.size();) {
    Returned item{};
    std::memcpy(&item.command, state.bytes.data() + at, sizeof item.command);
    at += sizeof item.command;
    const std::size_t size = _IOC_SIZE(item.command);
    if (item.command == BR_TRANSACTION || item.command == BR_REPLY) std::memcpy(&item.data, state.bytes.data() + at, size);
    if (size == 8 || size == 16) std::memcpy(&item.first, state.bytes.data() + at, 8);
    if (size == 16) std::memcpy(&item.second, state.bytes.data() + at + 8, 8);
    at += size;
    if (item.command != BR_NOOP) all.push_back(item);
  }
  return all;
}

std::vector<std::uint32_t> Party::commands(pid_t tid) {
  std::vector<std::uint32_t> all;
  for (const Returned& item : read(tid)) all.push_back(item.command);
  return all;
}

bool Party::park(pid_t tid) {
  thread(tid);
  ReadState state;
  state.size = 4096;
  Outbox out;
  Thread& reader = world.context.enter(*process, tid);
  const bool blocked = world.context.read(reader, state, out) == ReadOutcome::blocked;
  if (blocked) world.context.park(reader, std::make_unique<TestWaiter>(std::to_string(tid)));
  world.context.leave(reader, true, out);
  world.absorb(out);
  return blocked;
}

bool Party::free(pid_t tid, std::uint64_t address) {
  Outbox out;
  const bool found = world.context.free_buffer(thread(tid), address, out).found;
  world.absorb(out);
  return found;
}

void Party::count(pid_t tid, std::uint32_t handle, bool strong, bool increment) {
  Outbox out;
  CHECK(world.context.change_count(thread(tid), {handle, strong, increment}, out) == 0);
  world.absorb(out);
}

flat_binder_object binder_object(std::uint64_t ptr, std::uint64_t cookie) {
  flat_binder_object object{};
  object.hdr.type = BINDER_TYPE_BINDER;
  object.flags = FLAT_BINDER_FLAG_ACCEPTS_FDS;
  object.binder = ptr;
  object.cookie = cookie;
  return object;
}

flat_binder_object handle_object(std::uint32_t handle) {
  flat_binder_object object{};
  object.hdr.type = BINDER_TYPE_HANDLE;
  object.handle = handle;
  return object;
}

}  // namespace cuse_binder::core::testing
