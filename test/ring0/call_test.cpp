#include "test/ring0/party.h"
#include "test/support/catch.h"

namespace cuse_binder::core::testing {
namespace {

using Commands = std::vector<std::uint32_t>;

TEST_CASE("a synchronous call and its reply") {
  World world;
  Party service(world, 10);
  Party client(world, 20);
  service.become_manager();

  client.call(20, 0, 7);
  CHECK(client.commands(20).empty());  // the completion waits for the reply
  const auto received = service.read(10);
  REQUIRE(received.size() == 1);
  CHECK(received[0].command == BR_TRANSACTION);
  CHECK(received[0].data.code == 7);
  CHECK(received[0].data.sender_pid == 20);

  service.reply(10, 8);
  CHECK(service.commands(10) == Commands{BR_TRANSACTION_COMPLETE});
  const auto answered = client.read(20);
  REQUIRE(answered.size() == 2);
  CHECK(answered[0].command == BR_TRANSACTION_COMPLETE);
  CHECK(answered[1].command == BR_REPLY);
  CHECK(answered[1].data.code == 8);
  CHECK(service.free(10, received[0].data.data.ptr.buffer));
  CHECK_FALSE(service.free(10, received[0].data.data.ptr.buffer));
}

TEST_CASE("a nested call comes back to the thread that waits") {
  World world;
  Party service(world, 10);
  Party client(world, 20);
  service.become_manager();

  client.call(20, 0, 1, 0, {binder_object(0x100, 0x200)});
  CHECK(client.park(20));  // what is told about its own object is deferred, like the completion
  const auto received = service.read(10);
  REQUIRE(received.size() == 1);
  flat_binder_object handle;
  std::memcpy(&handle, service.memory.data(), sizeof handle);
  CHECK(handle.hdr.type == static_cast<std::uint32_t>(BINDER_TYPE_HANDLE));
  CHECK(handle.handle == 1);

  client.thread(21);
  CHECK(client.park(21));
  service.call(10, 1, 2);
  CHECK(world.woken == std::vector<std::string>{"20"});  // not the idle thread 21
  const auto nested = client.read(20);
  REQUIRE(nested.size() >= 1);
  CHECK(nested.back().command == BR_TRANSACTION);
  CHECK(nested.back().data.target.ptr == 0x100);
  CHECK(nested.back().data.cookie == 0x200);
  client.reply(20);
  service.reply(10);
}

TEST_CASE("oneway calls to one node wait for each other's buffer") {
  World world;
  Party service(world, 10);
  Party client(world, 20);
  service.become_manager();
  for (std::uint32_t code = 1; code <= 3; ++code) client.call(20, 0, code, TF_ONE_WAY);
  for (std::uint32_t code = 1; code <= 3; ++code) {
    const auto received = service.read(10);
    REQUIRE(received.size() == 1);
    CHECK(received[0].data.code == code);
    CHECK(service.commands(10).empty());
    CHECK(service.free(10, received[0].data.data.ptr.buffer));
  }
}

TEST_CASE("a call refused at its second object leaves nothing behind") {
  World world;
  Party service(world, 10);
  Party client(world, 20);
  service.become_manager();
  client.call(20, 0, 1, 0, {binder_object(0x100), handle_object(77)});
  CHECK(client.commands(20) == Commands{BR_FAILED_REPLY});
  CHECK(client.process->nodes.empty());
  CHECK(service.process->refs.size() == 0);
  CHECK(service.process->buffers.empty());
}

}  // namespace
}  // namespace cuse_binder::core::testing
