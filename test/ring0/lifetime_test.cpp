#include "test/ring0/party.h"
#include "test/support/catch.h"

namespace cuse_binder::core::testing {
namespace {

using Commands = std::vector<std::uint32_t>;

// Every point of a call at which the service can die: the caller always gets exactly one end of it.
TEST_CASE("the service dies at each step of a call") {
  for (int step = 0; step < 4; ++step) {
    World world;
    Party service(world, 10);
    Party client(world, 20);
    service.become_manager();
    client.call(20, 0, 1);
    if (step >= 1) service.read(10);
    if (step >= 2) service.reply(10);
    if (step >= 3) client.read(20);
    service.die();
    const Commands rest = client.commands(20);
    if (step < 2) CHECK(rest == Commands{BR_TRANSACTION_COMPLETE, BR_DEAD_REPLY});
    if (step == 2) CHECK(rest == Commands{BR_TRANSACTION_COMPLETE, BR_REPLY});
    if (step == 3) CHECK(rest.empty());
    client.call(20, 0, 1);
    CHECK(client.commands(20) == Commands{BR_DEAD_REPLY});
  }
}

TEST_CASE("a broken chain of calls is repaired when its end replies") {
  World world;
  Party manager(world, 5);
  manager.become_manager();
  Party a(world, 10);
  Party b(world, 20);
  Party c(world, 30);
  // b and c publish an object each at the manager, which hands them on.
  const auto publish = [&](Party& owner, pid_t tid, std::uint64_t ptr) {
    owner.call(tid, 0, 1, TF_ONE_WAY, {binder_object(ptr)});
    owner.read(tid);
    return manager.read(5).back().data.data.ptr.buffer;
  };
  const auto hand_to = [&](Party& receiver, pid_t tid, std::uint32_t handle) {
    receiver.call(tid, 0, 2);
    manager.read(5);
    manager.reply(5, 0, {handle_object(handle)});
    manager.read(5);
    receiver.read(tid);
  };
  const auto first = publish(b, 20, 0xb0);
  hand_to(a, 10, 1);
  manager.free(5, first);
  publish(c, 30, 0xc0);
  // The handle of b is held by a's buffer; c's object took the number that became free at the manager.
  std::uint32_t handle_of_c = 0;
  manager.process->refs.for_each([&](const Ref& ref) { handle_of_c = ref.handle; });
  hand_to(b, 20, handle_of_c);

  a.call(10, 1, 1);
  REQUIRE(b.read(20).back().command == BR_TRANSACTION);
  b.call(20, 1, 1);
  REQUIRE(c.read(30).back().command == BR_TRANSACTION);
  b.exit_thread(20);
  CHECK(a.commands(10).empty());
  c.reply(30);
  CHECK(c.commands(30) == Commands{BR_TRANSACTION_COMPLETE});
  CHECK(a.commands(10) == Commands{BR_TRANSACTION_COMPLETE, BR_DEAD_REPLY});
}

TEST_CASE("a process released in the middle of a draft stays until the draft ends") {
  World world;
  Party service(world, 10);
  Party client(world, 20);
  service.become_manager();
  CallRequest request;
  request.data_size = 64;
  request.mapping_was_sought = true;
  Outbox out;
  Draft draft;
  Thread& sender = world.context.enter(*client.process, 20);
  REQUIRE(world.context.begin(sender, request, draft, out) == BeginStatus::draft);
  service.die();
  CHECK(world.context.live_objects().processes == 2);
  world.context.commit(draft, {}, out);
  CHECK(world.context.live_objects().processes == 1);
  world.context.leave(sender, true, out);
  CHECK(client.commands(20) == Commands{BR_DEAD_REPLY});
}

}  // namespace
}  // namespace cuse_binder::core::testing
