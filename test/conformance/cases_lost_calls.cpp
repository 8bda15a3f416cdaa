// Section T, third part: calls whose caller, server or memory goes away, and replies that fail.
#include <cerrno>

#include "test/conformance/world.h"

namespace cuse_binder::conformance {
namespace {

TEST_CASE("T-24 the server's thread exits after it read the call", "[T]") {
  Stage s;
  s.deliver(Commands().transaction(s.h, 1));
  CHECK(s.b.thread().thread_exit() == 0);
  CHECK(s.a.read() == gets(BR_TRANSACTION_COMPLETE, BR_DEAD_REPLY));
  CHECK(s.a.thread().extended_error() == ee(BR_OK));
}

TEST_CASE("T-25 the server is released with the call unread", "[T]") {
  Stage s;
  REQUIRE(s.a.thread().write(Commands().transaction(s.h, 1)).error == 0);
  s.b.kill();
  CHECK(s.a.thread().read_eventually() == gets(BR_TRANSACTION_COMPLETE, BR_DEAD_REPLY));
  CHECK(s.a.thread().extended_error() == ee(BR_OK));
}

TEST_CASE("T-25 the server is released with the call in progress", "[T]") {
  Stage s;
  s.deliver(Commands().transaction(s.h, 1));
  s.b.kill();
  CHECK(s.a.thread().read_eventually() == gets(BR_TRANSACTION_COMPLETE, BR_DEAD_REPLY));
  CHECK(s.a.thread().extended_error() == ee(BR_OK));
}

// The server is dead, and the client knows.
struct DeadServerStage : Stage {
  DeadServerStage() {
    REQUIRE(a.thread().write(Commands().request_death(h, 0xdead)).error == 0);
    b.kill();
    REQUIRE(a.thread().read_eventually() == gets(BR_DEAD_BINDER));
    REQUIRE(a.thread().write(Commands().dead_binder_done(0xdead)).error == 0);
  }
};

TEST_CASE("T-26 a call to a handle whose owner is dead", "[T]") {
  DeadServerStage s;
  CHECK(s.a.thread().write_read(Commands().transaction(s.h, 1)) == gets(BR_DEAD_REPLY));
  CHECK(s.a.thread().extended_error() == ee(BR_DEAD_REPLY, -EINVAL));
}

TEST_CASE("T-27 a oneway to a dead owner", "[T]") {
  DeadServerStage s;
  CHECK(s.a.thread().write_read(Commands().oneway(s.h, 1)) == gets(BR_DEAD_REPLY));
  CHECK(s.a.thread().extended_error() == ee(BR_DEAD_REPLY, -EINVAL));
}

TEST_CASE("T-28 a broken chain is repaired when its end replies", "[T]") {
  Stage s;
  Actor& c = s.w.actor("third").open().map();
  const std::uint32_t b_to_c = s.w.introduce(c.thread(), Node{0x3000, 0x33}, s.b.thread());
  s.deliver(Commands().transaction(s.h, 1));
  REQUIRE(s.b.thread().write(Commands().transaction(b_to_c, 2)).error == 0);
  REQUIRE(c.read() == gets(BR_TRANSACTION));
  CHECK(s.b.thread().thread_exit() == 0);
  CHECK(s.a.read() == fails(EAGAIN));
  CHECK(c.thread().write_read(Commands().reply()) == gets(BR_TRANSACTION_COMPLETE));
  CHECK(s.a.read() == gets(BR_TRANSACTION_COMPLETE, BR_DEAD_REPLY));
}

TEST_CASE("T-28 a broken chain whose last call cannot be delivered", "[T]") {
  Stage s;
  Actor& c = s.w.actor("third").open().map();
  const std::uint32_t b_to_c = s.w.introduce(c.thread(), Node{0x3000, 0x33}, s.b.thread());
  s.deliver(Commands().transaction(s.h, 1));
  REQUIRE(s.b.thread().write(Commands().transaction(b_to_c, 2)).error == 0);
  CHECK(s.b.thread().thread_exit() == 0);
  Frame frame;
  frame.read_buffer = c.arena_end() - 8;  // the call is lost while it is written
  CHECK(c.thread().write_read({}, frame) == fails(EFAULT));
  // The error goes up the chain as it is.
  CHECK(s.a.read() == gets(BR_TRANSACTION_COMPLETE, BR_FAILED_REPLY));
}

TEST_CASE("T-29 a reply to a caller whose thread is gone", "[T]") {
  Stage s;
  Thread& caller = s.a.thread(1).touch();
  REQUIRE(caller.write(Commands().transaction(s.h, 1)).error == 0);
  REQUIRE(s.b.read() == gets(BR_TRANSACTION));
  CHECK(caller.thread_exit() == 0);
  CHECK(s.b.thread().write_read(Commands().reply()) == gets(BR_TRANSACTION_COMPLETE));
  CHECK(s.b.thread().extended_error() == ee(BR_OK));
}

TEST_CASE("T-30 a call whose caller's thread is gone is still delivered", "[T]") {
  Stage s;
  Thread& caller = s.a.thread(1).touch();
  REQUIRE(caller.write(Commands().transaction(s.h, 1)).error == 0);
  CHECK(caller.thread_exit() == 0);
  const Result r = s.b.read();
  CHECK(r == gets(BR_TRANSACTION));
  CHECK(r.transaction().sender_pid == 0);
  CHECK(s.b.thread().write_read(Commands().reply()) == gets(BR_TRANSACTION_COMPLETE));
}

TEST_CASE("T-31 a reply with a descriptor that was not asked for", "[T]") {
  Stage s;
  s.deliver(Commands().transaction(s.h, 1));
  const auto [read_end, write_end] = s.b.pipe();
  CHECK(s.b.thread().write_read(Commands().reply(0, 0, Parcel().fd(read_end))) ==
        gets(BR_TRANSACTION_COMPLETE));
  CHECK(s.b.thread().extended_error() == ee(BR_OK));
  CHECK(s.a.read() == gets(BR_TRANSACTION_COMPLETE, BR_FAILED_REPLY));
  CHECK(s.a.thread().extended_error() == ee(BR_FAILED_REPLY, -EPERM));
}

TEST_CASE("T-32 what follows a failed reply in the same write is not executed", "[T]") {
  Stage s;
  const binder_transaction_data call = s.deliver(Commands().transaction(s.h, 1));
  const auto [read_end, write_end] = s.b.pipe();
  const Result r =
      s.b.thread().write(Commands().reply(0, 0, Parcel().fd(read_end)).free_buffer(call.data.ptr.buffer));
  CHECK(r.error == 0);
  CHECK(r.write_consumed == 68);
  CHECK(s.b.read() == gets(BR_TRANSACTION_COMPLETE));
  // The buffer is still there: the next one lies behind it.
  REQUIRE(s.a.read().has(BR_FAILED_REPLY));
  const binder_transaction_data next = s.deliver(Commands().transaction(s.h, 2));
  CHECK(next.data.ptr.buffer != call.data.ptr.buffer);
}

TEST_CASE("T-33 a reply to a caller without a mapping", "[T]") {
  World w;
  Actor& m = w.actor("manager").open().map().become_manager();
  Actor& unmapped = w.actor("unmapped").open();
  REQUIRE(unmapped.thread().write(Commands().transaction(0, 1)).error == 0);
  REQUIRE(m.read() == gets(BR_TRANSACTION));
  CHECK(m.thread().write_read(Commands().reply()) == gets(BR_TRANSACTION_COMPLETE));
  CHECK(m.thread().extended_error() == ee(BR_OK));
  CHECK(unmapped.read() == gets(BR_TRANSACTION_COMPLETE, BR_DEAD_REPLY));
  CHECK(unmapped.thread().extended_error() == ee(BR_DEAD_REPLY, -ESRCH));
}

TEST_CASE("T-34 a call to a node of a process without a mapping", "[T]") {
  World w;
  Actor& m = w.actor("manager").open().map().become_manager();
  Actor& unmapped = w.actor("unmapped").open();
  REQUIRE(unmapped.thread().write(Commands().oneway(0, 1, Parcel().binder(Node{0x1000, 0xc0de}))).error == 0);
  const std::uint32_t h = m.object_of(m.read().transaction()).handle;
  CHECK(m.thread().write_read(Commands().transaction(h, 1)) == gets(BR_DEAD_REPLY));
  CHECK(m.thread().extended_error() == ee(BR_DEAD_REPLY, -ESRCH));
  CHECK(m.thread().write_read(Commands().oneway(h, 1)) == gets(BR_DEAD_REPLY));
  CHECK(m.thread().extended_error() == ee(BR_DEAD_REPLY, -ESRCH));
}

TEST_CASE("T-36 the reader's buffer faults while a call is written", "[T]") {
  Stage s;
  REQUIRE(s.a.thread().write(Commands().transaction(s.h, 1)).error == 0);
  Frame frame;
  frame.read_buffer = s.b.arena_end() - 8;  // BR_NOOP and the code fit, the data does not
  const Result r = s.b.thread().write_read({}, frame);
  CHECK(r == fails(EFAULT));
  CHECK(r.read_consumed == 0);
  CHECK(s.a.read() == gets(BR_TRANSACTION_COMPLETE, BR_FAILED_REPLY));
  CHECK(s.a.thread().extended_error() == ee(BR_OK));
  CHECK(s.b.read() == fails(EAGAIN));
}

TEST_CASE("T-44 a node notification that was not read is lost with its thread", "[T]") {
  Stage s;
  Thread& sender = s.a.thread(1).touch();
  REQUIRE(sender.write(Commands().oneway(s.h, 1, Parcel().binder(Node{0x8000, 0x88}))).error == 0);
  CHECK(sender.thread_exit() == 0);
  CHECK(s.a.read() == fails(EAGAIN));
  const binder_transaction_data received = s.b.read().transaction();
  CHECK(s.b.object_of(received).handle == 1);
  s.b.thread().write(Commands().free_buffer(received.data.ptr.buffer));
  CHECK(s.a.read() == fails(EAGAIN));
  // The node is gone: the same ptr may have another cookie now.
  CHECK(s.a.thread().write_read(Commands().oneway(s.h, 2, Parcel().binder(Node{0x8000, 0x99}))) ==
        gets(BR_INCREFS, BR_ACQUIRE, BR_TRANSACTION_COMPLETE));
}

TEST_CASE("T-47 a thread that ends without BINDER_THREAD_EXIT while it works on a call", "[T]") {
  Stage s;
  Thread& worker = s.b.thread(1).touch();
  REQUIRE(s.a.thread().write(Commands().transaction(s.h, 1)).error == 0);
  REQUIRE(worker.read() == gets(BR_TRANSACTION));
  worker.exit_without_a_word();
  if (!s.w.traits().notices_thread_end) {
    CHECK(s.a.read() == fails(EAGAIN));
    s.b.kill();
  }
  CHECK(s.a.thread().read_eventually() == gets(BR_TRANSACTION_COMPLETE, BR_DEAD_REPLY));
}

}  // namespace
}  // namespace cuse_binder::conformance
