// Section T, second part: nested calls, and the order of oneways.
#include <cerrno>

#include "test/conformance/world.h"

namespace cuse_binder::conformance {
namespace {

// A client and a server that know a node of each other.
struct MutualStage : Stage {
  Node n_a{0x2000, 0x22, 0x100};
  std::uint32_t to_a = 0;
  MutualStage() { to_a = w.introduce(a.thread(), n_a, b.thread()); }
};

TEST_CASE("T-15 a nested call comes back to the waiting thread", "[T]") {
  MutualStage s;
  s.a.thread(1).touch();
  s.deliver(Commands().transaction(s.h, 1));
  CHECK(s.b.thread().write_read(Commands().transaction(s.to_a, 2)) == fails(EAGAIN));
  CHECK(s.a.thread(1).read() == fails(EAGAIN));
  const Result nested = s.a.read();
  CHECK(nested == gets(BR_TRANSACTION_COMPLETE, BR_TRANSACTION));
  CHECK(nested.transaction().target.ptr == s.n_a.ptr);
  CHECK(nested.transaction().code == 2);
}

TEST_CASE("T-16 the third call of a chain goes to the server's first thread", "[T]") {
  MutualStage s;
  s.b.thread(1).touch();
  s.deliver(Commands().transaction(s.h, 1));
  REQUIRE(s.b.thread().write(Commands().transaction(s.to_a, 2)).error == 0);
  REQUIRE(s.a.read() == gets(BR_TRANSACTION_COMPLETE, BR_TRANSACTION));
  REQUIRE(s.a.thread().write(Commands().transaction(s.h, 3)).error == 0);
  CHECK(s.b.thread(1).read() == fails(EAGAIN));
  const Result third = s.b.read();
  CHECK(third == gets(BR_TRANSACTION_COMPLETE, BR_TRANSACTION));
  CHECK(third.transaction().code == 3);
  // All the way back.
  CHECK(s.b.thread().write_read(Commands().reply(13)) == gets(BR_TRANSACTION_COMPLETE));
  const Result r3 = s.a.read();
  CHECK(r3 == gets(BR_TRANSACTION_COMPLETE, BR_REPLY));
  CHECK(r3.reply().code == 13);
  CHECK(s.a.thread().write_read(Commands().reply(12)) == gets(BR_TRANSACTION_COMPLETE));
  const Result r2 = s.b.read();
  CHECK(r2 == gets(BR_REPLY));
  CHECK(r2.reply().code == 12);
  CHECK(s.b.thread().write_read(Commands().reply(11)) == gets(BR_TRANSACTION_COMPLETE));
  const Result r1 = s.a.read();
  CHECK(r1 == gets(BR_REPLY));
  CHECK(r1.reply().code == 11);
}

TEST_CASE("T-17 a chain over three processes ends in the first one's thread", "[T]") {
  MutualStage s;
  Actor& c = s.w.actor("third").open().map();
  const std::uint32_t b_to_c = s.w.introduce(c.thread(), Node{0x3000, 0x33}, s.b.thread());
  const std::uint32_t c_to_a = s.w.introduce(s.a.thread(), s.n_a, c.thread());
  s.a.thread(1).touch();
  s.deliver(Commands().transaction(s.h, 1));
  REQUIRE(s.b.thread().write(Commands().transaction(b_to_c, 2)).error == 0);
  REQUIRE(c.read() == gets(BR_TRANSACTION));
  REQUIRE(c.thread().write(Commands().transaction(c_to_a, 3)).error == 0);
  CHECK(s.a.thread(1).read() == fails(EAGAIN));
  const Result r = s.a.read();
  CHECK(r == gets(BR_TRANSACTION_COMPLETE, BR_TRANSACTION));
  CHECK(r.transaction().code == 3);
  CHECK(r.transaction().sender_pid == c.pid());
}

TEST_CASE("T-18 another caller is not given to the busy thread of the chain", "[T]") {
  MutualStage s;
  s.b.thread(1).touch();
  s.deliver(Commands().transaction(s.h, 1));
  REQUIRE(s.b.thread().write(Commands().transaction(s.to_a, 2)).error == 0);
  REQUIRE(s.a.thread(1).touch().write(Commands().transaction(s.h, 3)).error == 0);
  CHECK(s.b.read() == fails(EAGAIN));
  const Result r = s.b.thread(1).read();
  CHECK(r == gets(BR_TRANSACTION));
  CHECK(r.transaction().code == 3);
}

TEST_CASE("T-19 after the nested reply the outer call is answered, without a second completion", "[T]") {
  MutualStage s;
  s.deliver(Commands().transaction(s.h, 1));
  REQUIRE(s.b.thread().write(Commands().transaction(s.to_a, 2)).error == 0);
  REQUIRE(s.a.read() == gets(BR_TRANSACTION_COMPLETE, BR_TRANSACTION));
  CHECK(s.a.thread().write_read(Commands().reply(12)) == gets(BR_TRANSACTION_COMPLETE));
  const Result nested = s.b.read();
  CHECK(nested == gets(BR_TRANSACTION_COMPLETE, BR_REPLY));
  CHECK(nested.reply().code == 12);
  CHECK(s.b.thread().write_read(Commands().reply(11)) == gets(BR_TRANSACTION_COMPLETE));
  const Result outer = s.a.read();
  CHECK(outer == gets(BR_REPLY));
  CHECK(outer.reply().code == 11);
}

// Oneways 10, 11 and 12 to N and then, from another thread, the call 99.
struct OnewayStage : Stage {
  OnewayStage() {
    REQUIRE(a.thread().write_read(Commands().oneway(h, 10).oneway(h, 11).oneway(h, 12)) ==
            gets(BR_TRANSACTION_COMPLETE, BR_TRANSACTION_COMPLETE, BR_TRANSACTION_COMPLETE));
    REQUIRE(a.thread().write(Commands().transaction(h, 99)).error == 0);
  }
};

TEST_CASE("T-20 a synchronous call overtakes oneways that wait behind another", "[T]") {
  OnewayStage s;
  CHECK(s.b.read().transaction().code == 10);
  CHECK(s.b.read().transaction().code == 99);
}

TEST_CASE("T-21 a oneway is released by freeing the buffer of the one before it", "[T]") {
  OnewayStage s;
  const binder_transaction_data ten = s.b.read().transaction();
  const binder_transaction_data call = s.b.read().transaction();
  REQUIRE(call.code == 99);
  REQUIRE(s.b.thread().write_read(Commands().free_buffer(call.data.ptr.buffer).reply()) ==
          gets(BR_TRANSACTION_COMPLETE));
  CHECK(s.b.read() == fails(EAGAIN));
  REQUIRE(s.b.thread().write(Commands().free_buffer(ten.data.ptr.buffer)).error == 0);
  const binder_transaction_data eleven = s.b.read().transaction();
  CHECK(eleven.code == 11);
  CHECK(s.b.read() == fails(EAGAIN));
  REQUIRE(s.b.thread().write(Commands().free_buffer(eleven.data.ptr.buffer)).error == 0);
  const binder_transaction_data twelve = s.b.read().transaction();
  CHECK(twelve.code == 12);
}

TEST_CASE("T-21 a released oneway goes to the end of the process queue", "[T]") {
  Stage s;
  const std::uint32_t other = s.w.introduce(s.b.thread(), Node{0x2000, 0x22}, s.a.thread());
  REQUIRE(s.a.thread().write(Commands().oneway(s.h, 10).oneway(s.h, 11)).error == 0);
  const binder_transaction_data ten = s.b.read().transaction();
  REQUIRE(s.a.thread().write(Commands().oneway(other, 20)).error == 0);
  REQUIRE(s.b.thread().write(Commands().free_buffer(ten.data.ptr.buffer)).error == 0);
  CHECK(s.b.read().transaction().code == 20);
  CHECK(s.b.read().transaction().code == 11);
}

TEST_CASE("T-22 a released oneway can be taken by another thread", "[T]") {
  OnewayStage s;
  Thread& second = s.b.thread(1).touch();
  const binder_transaction_data ten = s.b.read().transaction();
  REQUIRE(s.b.read().transaction().code == 99);  // thread 0 is busy now
  CHECK(second.read() == fails(EAGAIN));
  REQUIRE(s.b.thread().write(Commands().free_buffer(ten.data.ptr.buffer)).error == 0);
  CHECK(s.b.read() == fails(EAGAIN));
  const Result r = second.read();
  CHECK(r == gets(BR_TRANSACTION));
  CHECK(r.transaction().code == 11);
}

TEST_CASE("T-23 oneways to two nodes do not wait for each other", "[T]") {
  Stage s;
  const std::uint32_t second = s.w.introduce(s.b.thread(), Node{0x2000, 0x22}, s.a.thread());
  REQUIRE(s.a.thread()
              .write(Commands().oneway(s.h, 1).oneway(s.h, 2).oneway(second, 3).oneway(second, 4))
              .error == 0);
  CHECK(s.b.read().transaction().code == 1);
  CHECK(s.b.read().transaction().code == 3);
  CHECK(s.b.read() == fails(EAGAIN));
}

}  // namespace
}  // namespace cuse_binder::conformance
