// Section R: the read half of BINDER_WRITE_READ.
#include <cerrno>

#include "test/conformance/world.h"

namespace cuse_binder::conformance {
namespace {

TEST_CASE("R-01 the first ioctl of a thread is a read: returns at once with BR_NOOP", "[R]") {
  Stage s;
  Thread& fresh = s.a.thread(1);
  const Result r = fresh.read();
  CHECK(r == gets());
  CHECK(r.read_consumed == 4);
  CHECK(r.word(0) == 0x0000720c);
  CHECK(fresh.read() == fails(EAGAIN));
}

TEST_CASE("R-01 the same on a blocking descriptor", "[R]") {
  World w;
  Actor& a = w.actor("client").open_blocking().map();
  CHECK(a.thread(1).read() == gets());
  Pending again = a.thread(1).start_read();
  CHECK(again.blocked());
  a.thread(1).signal();
  CHECK(again.finish() == fails(EINTR));
}

TEST_CASE("R-02 a non-blocking read without work", "[R]") {
  Stage s;
  const Result r = s.a.read();
  CHECK(r == fails(EAGAIN));
  CHECK(r.read_consumed == 0);
  CHECK(r.word(0) == BR_NOOP);
}

TEST_CASE("R-03 a transaction needs 80 bytes of room", "[R]") {
  Stage s;
  REQUIRE(s.a.thread().write(Commands().oneway(s.h, 5)).error == 0);
  const Result small = s.b.read();
  CHECK(small.has(BR_TRANSACTION));
  s.b.thread().write(Commands().free_buffer(small.transaction().data.ptr.buffer));
  REQUIRE(s.a.thread().write(Commands().oneway(s.h, 6)).error == 0);
  const Result r = s.b.read(79);
  CHECK(r == gets());
  CHECK(r.read_consumed == 4);
  const Result whole = s.b.read(80);
  CHECK(whole == gets(BR_TRANSACTION));
  CHECK(whole.read_consumed == 72);
  CHECK(whole.transaction().code == 6);
}

TEST_CASE("R-04 a completion stays when there is no room", "[R]") {
  Stage s;
  REQUIRE(s.a.thread().write(Commands().oneway(s.h, 1)).error == 0);
  const Result r = s.a.read(8);
  CHECK(r == gets());
  CHECK(r.read_consumed == 4);
  CHECK(s.a.read() == gets(BR_TRANSACTION_COMPLETE));
}

// A blocking pair: the client's call sleeps in its read.
struct BlockingStage {
  World w;
  Actor& m;
  Actor& a;
  Actor& b;
  Node n{0x1000, 0xc0de, 0x100};
  std::uint32_t h = 0;

  BlockingStage() : m(w.actor("manager")), a(w.actor("client")), b(w.actor("server")) {
    m.open().map().become_manager();
    a.open_blocking().map();
    b.open().map();
    h = w.introduce(b.thread(), n, a.thread());
  }
};

TEST_CASE("R-05 a signal with SA_RESTART ends a blocking read with EINTR", "[R]") {
  BlockingStage s;
  const Commands commands = Commands().enter_looper();
  Pending read = s.a.thread().start(commands);
  REQUIRE(read.blocked());
  s.a.thread().signal();
  const Result r = read.finish();
  CHECK(r == fails(EINTR));
  CHECK(r.write_consumed == commands.size());
  CHECK(r.read_consumed == 0);
}

TEST_CASE("R-06 the reply of an interrupted call comes with the next read", "[R]") {
  BlockingStage s;
  Pending call = s.a.thread().start(Commands().transaction(s.h, 3));
  REQUIRE(call.blocked());
  s.a.thread().signal();
  const Result interrupted = call.finish();
  CHECK(interrupted == fails(EINTR));
  CHECK(interrupted.write_consumed == 68);
  const binder_transaction_data incoming = s.b.read().transaction();
  s.b.thread().write(Commands().free_buffer(incoming.data.ptr.buffer).reply(9));
  const Result r = s.a.read();
  CHECK(r == gets(BR_TRANSACTION_COMPLETE, BR_REPLY));
  CHECK(r.reply().code == 9);
}

TEST_CASE("R-07 stopping and continuing the process ends a blocking read with EINTR", "[R]") {
  BlockingStage s;
  if (!s.w.traits().stops_processes) {
    unreachable(s.w, "a process that does not exist cannot be stopped");
    return;
  }
  Pending read = s.a.thread().start_read();
  REQUIRE(read.blocked());
  s.a.stop_and_continue();
  const Result r = read.finish();
  CHECK(r == fails(EINTR));
  CHECK(r.read_consumed == 0);
}

TEST_CASE("R-08 work and a signal at the same time: the work stays with its thread", "[R]") {
  BlockingStage s;
  Thread& second = s.a.thread(1).touch();
  const std::uint32_t to_a = s.w.introduce(s.a.thread(), Node{0x2000, 0x22}, s.b.thread());
  Pending other = second.start_read();
  REQUIRE(other.blocked());
  Pending read = s.a.thread().start_read();  // sleeps last, so it will be chosen
  REQUIRE(read.blocked());
  // Both come before the sleeper runs, or one after the other: either way nothing may be lost or change
  // hands.
  REQUIRE(s.b.thread().write_read(Commands().oneway(to_a, 7)) == gets(BR_TRANSACTION_COMPLETE));
  s.a.thread().signal();
  const Result first = read.finish();
  Result got = first;
  if (first.error != 0) {
    CHECK(first == fails(EINTR));
    CHECK(first.read_consumed == 0);
    got = s.a.read();
  }
  CHECK(got == gets(BR_TRANSACTION));
  CHECK(got.transaction().code == 7);
  CHECK(other.still_pending());
  second.signal();
  CHECK(other.finish() == fails(EINTR));
}

TEST_CASE("R-09 an initial read_consumed: no BR_NOOP, items behind it", "[R]") {
  Stage s;
  REQUIRE(s.a.thread().write(Commands().oneway(s.h, 5)).error == 0);
  Frame frame;
  frame.read_consumed = 8;
  const Result r = s.a.thread().write_read({}, frame);
  CHECK(r == gets(BR_TRANSACTION_COMPLETE));
  CHECK(r.read_consumed == 12);
  CHECK(r.word(0) == 0);
  CHECK(r.word(1) == 0);
  CHECK(r.word(2) == BR_TRANSACTION_COMPLETE);
  const Result incoming = s.b.thread().write_read({}, frame);
  CHECK(incoming.read_consumed == 8 + 68);
  CHECK(incoming.transaction().code == 5);
}

TEST_CASE("R-10 a read ends behind BR_TRANSACTION", "[R]") {
  Stage s;
  const std::uint32_t second = s.w.introduce(s.b.thread(), Node{0x2000, 0x22}, s.a.thread());
  REQUIRE(s.a.thread().write(Commands().oneway(s.h, 1).oneway(second, 2)).error == 0);
  const Result first = s.b.read();
  CHECK(first == gets(BR_TRANSACTION));
  CHECK(first.transaction().code == 1);
  const Result next = s.b.read();
  CHECK(next == gets(BR_TRANSACTION));
  CHECK(next.transaction().code == 2);
  CHECK(s.b.read() == fails(EAGAIN));
}

TEST_CASE("R-10 a read ends behind BR_REPLY", "[R]") {
  Stage s;
  REQUIRE(s.a.thread().write(Commands().transaction(s.h, 1)).error == 0);
  REQUIRE(s.b.read().has(BR_TRANSACTION));
  s.b.thread().write(Commands().reply());
  // The completion of a oneway that is sent now is queued behind the reply.
  REQUIRE(s.a.thread().write(Commands().oneway(s.h, 2)).error == 0);
  CHECK(s.a.read() == gets(BR_TRANSACTION_COMPLETE, BR_REPLY));
  CHECK(s.a.read() == gets(BR_TRANSACTION_COMPLETE));
}

TEST_CASE("R-10 a read ends behind BR_DEAD_BINDER", "[R]") {
  Stage s;
  const std::uint32_t second = s.w.introduce(s.b.thread(), Node{0x2000, 0x22}, s.a.thread());
  REQUIRE(s.a.thread().write(Commands().request_death(s.h, 0xd1).request_death(second, 0xd2)).error == 0);
  s.b.kill();
  const Result first = s.a.thread().await(BR_DEAD_BINDER);
  CHECK(first.only(BR_DEAD_BINDER).cookie == 0xd1);
  const Result next = s.a.thread().await(BR_DEAD_BINDER);
  CHECK(next.only(BR_DEAD_BINDER).cookie == 0xd2);
  CHECK(s.a.read() == fails(EAGAIN));
}

TEST_CASE("R-10 a read ends behind BR_FROZEN_BINDER", "[R]") {
  Stage s;
  if (!s.w.traits().freeze_notifications) {
    unreachable(s.w, "this driver has no freeze notifications");
    return;
  }
  const std::uint32_t second = s.w.introduce(s.b.thread(), Node{0x2000, 0x22}, s.a.thread());
  REQUIRE(s.a.thread().write(Commands().request_freeze(s.h, 0xf1).request_freeze(second, 0xf2)).error == 0);
  const Result first = s.a.read();
  CHECK(first == gets(kBrFrozenBinder));
  CHECK(first.only(kBrFrozenBinder).cookie == 0xf1);
  const Result next = s.a.read();
  CHECK(next == gets(kBrFrozenBinder));
  CHECK(next.only(kBrFrozenBinder).cookie == 0xf2);
}

TEST_CASE("R-11 releases and a transaction behind them come in one read", "[R]") {
  Stage s;
  const std::uint32_t second = s.w.introduce(s.b.thread(), Node{0x2000, 0x22}, s.a.thread());
  // The last reference to N goes, then a oneway to the other node follows in the process queue.
  REQUIRE(s.a.thread().write(Commands().release(s.h).oneway(second, 2)).error == 0);
  const Result r = s.b.read();
  CHECK(r == gets(BR_RELEASE, BR_DECREFS, BR_TRANSACTION));
  CHECK(r.only(BR_RELEASE).ptr == s.n.ptr);
  CHECK(r.only(BR_DECREFS).cookie == s.n.cookie);
}

TEST_CASE("R-12 an own item and process work: only the own item", "[R]") {
  Stage s;
  const std::uint32_t to_a = s.w.introduce(s.a.thread(), Node{0x2000, 0x22}, s.b.thread());
  REQUIRE(s.b.thread().write_read(Commands().oneway(to_a, 7)) == gets(BR_TRANSACTION_COMPLETE));
  CHECK(s.a.thread().write_read(Commands().oneway(s.h, 1)) == gets(BR_TRANSACTION_COMPLETE));
  CHECK(s.a.read() == gets(BR_TRANSACTION));
}

TEST_CASE("R-13 a thread with an unanswered call gets no process work, another does", "[R]") {
  Stage s;
  s.deliver(Commands().transaction(s.h, 1));
  Thread& second_client = s.a.thread(1).touch();
  REQUIRE(second_client.write(Commands().transaction(s.h, 2)).error == 0);
  CHECK(s.b.read() == fails(EAGAIN));
  const Result r = s.b.thread(1).touch().read();
  CHECK(r == gets(BR_TRANSACTION));
  CHECK(r.transaction().code == 2);
}

TEST_CASE("R-14 a thread that waits for a reply gets no process work", "[R]") {
  Stage s;
  const std::uint32_t to_a = s.w.introduce(s.a.thread(), Node{0x2000, 0x22}, s.b.thread());
  REQUIRE(s.a.thread().write(Commands().transaction(s.h, 1)).error == 0);
  REQUIRE(s.b.thread().write_read(Commands().oneway(to_a, 7)).has(BR_TRANSACTION_COMPLETE));
  CHECK(s.a.read() == fails(EAGAIN));
  CHECK(s.a.thread(1).touch().read() == gets(BR_TRANSACTION));
}

TEST_CASE("R-15 the thread that went to sleep last is woken first", "[R]") {
  World w;
  w.actor("manager").open().map().become_manager();
  Actor& a = w.actor("client").open().map();
  Actor& b = w.actor("server").open_blocking().map();
  const std::uint32_t h = w.introduce(b.thread(), Node{0x1000, 0xc0de}, a.thread());
  std::vector<Pending> reads;
  for (int i = 0; i < 3; ++i) {
    reads.push_back(b.thread(i).touch().start(Commands().enter_looper()));
    REQUIRE(reads.back().blocked());
  }
  for (int i = 2; i >= 0; --i) {
    REQUIRE(
        a.thread(2 - i).touch().write(Commands().transaction(h, 10 + static_cast<std::uint32_t>(i))).error ==
        0);
    const Result r = reads[static_cast<std::size_t>(i)].finish();
    CHECK(r == gets(BR_TRANSACTION));
    CHECK(r.transaction().code == 10 + static_cast<std::uint32_t>(i));
    for (int other = 0; other < i; ++other) CHECK(reads[static_cast<std::size_t>(other)].still_pending());
  }
}

TEST_CASE("R-16 queued process work goes to whoever reads first, and one more sleeper is woken", "[R]") {
  Stage s;
  const std::uint32_t second = s.w.introduce(s.b.thread(), Node{0x2000, 0x22}, s.a.thread());
  REQUIRE(s.a.thread().write_read(Commands().oneway(s.h, 1).oneway(second, 2)) ==
          gets(BR_TRANSACTION_COMPLETE, BR_TRANSACTION_COMPLETE));
  const Result first = s.b.thread(2).touch().read();
  CHECK(first == gets(BR_TRANSACTION));
  CHECK(first.transaction().code == 1);
  const Result next = s.b.thread(1).touch().read();
  CHECK(next == gets(BR_TRANSACTION));
  CHECK(next.transaction().code == 2);
}

TEST_CASE("R-16 freeing a buffer wakes a sleeper for the next oneway", "[R]") {
  BlockingStage s;
  const std::uint32_t to_a = s.w.introduce(s.a.thread(), Node{0x2000, 0x22}, s.b.thread());
  Thread& sleeper = s.a.thread(1).touch();
  REQUIRE(s.b.thread().write_read(Commands().oneway(to_a, 1).oneway(to_a, 2)) ==
          gets(BR_TRANSACTION_COMPLETE, BR_TRANSACTION_COMPLETE));
  const Result first = s.a.read();
  CHECK(first.transaction().code == 1);
  Pending read = sleeper.start_read();
  REQUIRE(read.blocked());
  s.a.thread().write(Commands().free_buffer(first.transaction().data.ptr.buffer));
  const Result next = read.finish();
  CHECK(next == gets(BR_TRANSACTION));
  CHECK(next.transaction().code == 2);
}

TEST_CASE("R-16 a sleeper that leaves work behind wakes the next one", "[R]") {
  World w;
  w.actor("manager").open().map().become_manager();
  Actor& a = w.actor("client").open().map();
  Actor& b = w.actor("server").open_blocking().map();
  const std::uint32_t h = w.introduce(b.thread(), Node{0x1000, 0xc0de}, a.thread());
  Pending roomy = b.thread(1).touch().start_read();
  REQUIRE(roomy.blocked());
  // The one that sleeps last is woken first, and has no room for what it is woken for.
  Pending narrow = b.thread(0).start_read(8);
  REQUIRE(narrow.blocked());
  REQUIRE(a.thread().write(Commands().release(h)).error == 0);
  CHECK(narrow.finish() == gets());
  CHECK(roomy.finish() == gets(BR_RELEASE, BR_DECREFS));
}

TEST_CASE("R-17 a thread that is no looper reads process work", "[R]") {
  Stage s;
  REQUIRE(s.a.thread().write(Commands().oneway(s.h, 1)).error == 0);
  CHECK(s.b.thread().looper_flags() == 0);
  CHECK(s.b.read() == gets(BR_TRANSACTION));
}

TEST_CASE("R-18 freeing an fd array in the same ioctl: the read does not block", "[R]") {
  BlockingStage s;  // a reads blocking and is the receiver here
  const std::uint32_t to_a = s.w.introduce(s.a.thread(), Node{0x2000, 0x22, 0x100}, s.b.thread());
  const auto [read_end, write_end] = s.b.pipe();
  const Bytes fds =
      Parcel().u32(static_cast<std::uint32_t>(read_end)).u32(static_cast<std::uint32_t>(write_end)).data;
  const Address array = s.b.put(fds);
  // The parent lies behind some bytes: at data offset 0 the driver would not accept a fix-up.
  Parcel parcel;
  parcel.u64(0).ptr(array, fds.size()).fd_array(2, 0, 0);
  REQUIRE(s.b.thread().write_read(Commands().transaction_sg(to_a, 1, TF_ONE_WAY, parcel, 8)) ==
          gets(BR_TRANSACTION_COMPLETE));
  const Result received = s.a.read();
  REQUIRE(received == gets(BR_TRANSACTION));
  const Result r = s.a.thread().write_read(Commands().free_buffer(received.transaction().data.ptr.buffer));
  CHECK(r == gets());
  CHECK(r.read_consumed == 4);
}

TEST_CASE("R-19 a call plus read as a thread's first ioctl gets the completion alone", "[R]") {
  Stage s;
  Thread& fresh = s.a.thread(1);
  CHECK(fresh.write_read(Commands().transaction(s.h, 1)) == gets(BR_TRANSACTION_COMPLETE));
  REQUIRE(s.b.read().has(BR_TRANSACTION));
  s.b.thread().write(Commands().reply());
  CHECK(fresh.read() == gets(BR_REPLY));
}

TEST_CASE("R-20 a flush while a thread sleeps in a call lets the completion out", "[R]") {
  BlockingStage s;
  if (!s.w.traits().flushes) {
    unreachable(s.w, "this door is not told of closed duplicates");
    return;
  }
  Pending call = s.a.thread().start(Commands().transaction(s.h, 1));
  REQUIRE(call.blocked());
  s.a.close(s.a.dup(s.a.fd()));
  CHECK(call.finish() == gets(BR_TRANSACTION_COMPLETE));
  REQUIRE(s.b.read().has(BR_TRANSACTION));
  s.b.thread().write(Commands().reply());
  CHECK(s.a.read() == gets(BR_REPLY));
}

}  // namespace
}  // namespace cuse_binder::conformance
