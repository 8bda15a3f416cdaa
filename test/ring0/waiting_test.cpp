#include "test/ring0/party.h"
#include "test/support/catch.h"

namespace cuse_binder::core::testing {
namespace {

using Names = std::vector<std::string>;

TEST_CASE("the thread that went to sleep last gets the call") {
  World world;
  Party service(world, 10);
  Party client(world, 20);
  service.become_manager();
  for (const pid_t tid : {11, 12, 13}) CHECK(service.park(tid));
  client.call(20, 0, 1);
  CHECK(world.woken == Names{"13"});
  client.call(21, 0, 1);
  CHECK(world.woken == Names{"13", "12"});
}

TEST_CASE("a parked read ends exactly once: work and a signal at the same time") {
  World world;
  Party service(world, 10);
  Party client(world, 20);
  service.become_manager();
  CHECK(service.park(11));
  client.call(20, 0, 1);
  REQUIRE(world.woken == Names{"11"});
  Outbox out;
  CHECK(world.context.interrupt(service.thread(11), out) == nullptr);
  CHECK(service.commands(12).empty());  // the call is thread 11's now
  CHECK(service.commands(11) == std::vector<std::uint32_t>{BR_TRANSACTION});
}

TEST_CASE("an interrupted thread is not idle any more") {
  World world;
  Party service(world, 10);
  Party client(world, 20);
  service.become_manager();
  CHECK(service.park(11));
  CHECK(service.park(12));
  Outbox out;
  CHECK(world.context.interrupt(service.thread(12), out) != nullptr);
  client.call(20, 0, 1);
  CHECK(world.woken == Names{"11"});
}

TEST_CASE("flush ends every parked read") {
  World world;
  Party service(world, 10);
  CHECK(service.park(11));
  CHECK(service.park(12));
  Outbox out;
  world.context.flush(*service.process, out);
  CHECK(out.resume.size() == 2);
  world.absorb(out);
}

}  // namespace
}  // namespace cuse_binder::core::testing
