// Section L: thread-pool accounting, BR_SPAWN_LOOPER, looper flags.
#include <cerrno>

#include "test/conformance/world.h"

namespace cuse_binder::conformance {
namespace {

// A stage whose server is a looper with room for more.
struct PoolStage : Stage {
  explicit PoolStage(std::uint32_t max_threads) {
    if (max_threads != 0) REQUIRE(b.thread().set_max_threads(max_threads) == 0);
    REQUIRE(b.thread().write(Commands().enter_looper()).error == 0);
  }
  // Gives the server a oneway to read. Each is freed at once so that the next is not held back.
  Result next(Thread& reader, const Frame& frame = {}) {
    REQUIRE(a.thread().write_read(Commands().oneway(h, 1)) == gets(BR_TRANSACTION_COMPLETE));
    const Result r = reader.write_read({}, frame);
    reader.write(Commands().free_buffer(r.transaction().data.ptr.buffer));
    return r;
  }
};

// "requested threads: R+S/M" of a process in the log.
std::string requested_threads(Stage& s) {
  const std::string stats = s.w.log("stats");
  const std::string proc = "proc " + std::to_string(s.b.pid()) + "\n";
  const std::size_t block = stats.find(proc);
  REQUIRE(block != std::string::npos);
  const std::string key = "requested threads: ";
  const std::size_t at = stats.find(key, block);
  REQUIRE(at != std::string::npos);
  return stats.substr(at + key.size(), stats.find('\n', at) - at - key.size());
}

TEST_CASE("L-01 without a limit no thread is ever asked for", "[L]") {
  PoolStage s(0);
  for (int i = 0; i < 5; ++i) CHECK(s.next(s.b.thread()) == gets(BR_TRANSACTION));
  CHECK(requested_threads(s) == "0+0/0");
}

TEST_CASE("L-02 a looper that takes work with nobody idle is asked to spawn", "[L]") {
  PoolStage s(2);
  const Result r = s.next(s.b.thread());
  CHECK(r == spawns_and_gets(BR_TRANSACTION));
  CHECK(r.word(0) == 0x0000720d);
  CHECK(requested_threads(s) == "1+0/2");
}

TEST_CASE("L-03 at most one request is open", "[L]") {
  PoolStage s(2);
  REQUIRE(s.next(s.b.thread()) == spawns_and_gets(BR_TRANSACTION));
  CHECK(s.next(s.b.thread()) == gets(BR_TRANSACTION));
  CHECK(requested_threads(s) == "1+0/2");
}

TEST_CASE("L-04 after a registration the next request is possible", "[L]") {
  PoolStage s(2);
  REQUIRE(s.next(s.b.thread()) == spawns_and_gets(BR_TRANSACTION));
  Thread& second = s.b.thread(1).touch();
  REQUIRE(second.write(Commands().register_looper()).write_consumed == 4);
  CHECK(second.looper_flags() == kLooperRegistered);
  CHECK(requested_threads(s) == "0+1/2");
  CHECK(s.next(second) == spawns_and_gets(BR_TRANSACTION));
  CHECK(requested_threads(s) == "1+1/2");
}

TEST_CASE("L-05 not more threads are asked for than the limit", "[L]") {
  PoolStage s(2);
  REQUIRE(s.next(s.b.thread()) == spawns_and_gets(BR_TRANSACTION));
  s.b.thread(1).touch().write(Commands().register_looper());
  REQUIRE(s.next(s.b.thread()) == spawns_and_gets(BR_TRANSACTION));
  s.b.thread(2).touch().write(Commands().register_looper());
  CHECK(requested_threads(s) == "0+2/2");
  for (int i = 0; i < 3; ++i) {
    for (int thread = 0; thread < 3; ++thread) CHECK(s.next(s.b.thread(thread)) == gets(BR_TRANSACTION));
  }
  CHECK(requested_threads(s) == "0+2/2");
}

TEST_CASE("L-06 a thread that is no looper is not asked", "[L]") {
  Stage s;
  REQUIRE(s.b.thread().set_max_threads(2) == 0);
  REQUIRE(s.a.thread().write(Commands().oneway(s.h, 1)).error == 0);
  CHECK(s.b.read() == gets(BR_TRANSACTION));
  CHECK(requested_threads(s) == "0+0/2");
}

TEST_CASE("L-06 a looper that has exited is still asked", "[L]") {
  PoolStage s(2);
  REQUIRE(s.b.thread().write(Commands().exit_looper()).error == 0);
  CHECK(s.b.thread().looper_flags() == (kLooperEntered | kLooperExited));
  CHECK(s.next(s.b.thread()) == spawns_and_gets(BR_TRANSACTION));
}

TEST_CASE("L-07 registering without a request is marked", "[L]") {
  Stage s;
  REQUIRE(s.b.thread().set_max_threads(2) == 0);
  const Result r = s.b.thread().write(Commands().register_looper());
  CHECK(r.error == 0);
  CHECK(r.write_consumed == 4);
  CHECK(s.b.thread().looper_flags() == (kLooperRegistered | kLooperInvalid));
  CHECK(requested_threads(s) == "0+0/2");
}

TEST_CASE("L-08 entering after registering is marked", "[L]") {
  PoolStage s(2);
  REQUIRE(s.next(s.b.thread()) == spawns_and_gets(BR_TRANSACTION));
  Thread& second = s.b.thread(1).touch();
  REQUIRE(second.write(Commands().register_looper()).error == 0);
  const Result r = second.write(Commands().enter_looper());
  CHECK(r.error == 0);
  CHECK(r.write_consumed == 4);
  CHECK(second.looper_flags() == 0x0b);
}

TEST_CASE("L-09 registering after entering leaves the request open", "[L]") {
  PoolStage s(2);
  REQUIRE(s.next(s.b.thread()) == spawns_and_gets(BR_TRANSACTION));
  Thread& second = s.b.thread(1).touch();
  const Result r = second.write(Commands().enter_looper().register_looper());
  CHECK(r.error == 0);
  CHECK(r.write_consumed == 8);
  CHECK(second.looper_flags() == 0x0b);
  CHECK(requested_threads(s) == "1+0/2");
  CHECK(s.next(s.b.thread()) == gets(BR_TRANSACTION));
}

TEST_CASE("L-10 a read that fails asks nothing", "[L]") {
  PoolStage s(2);
  const Result r = s.b.read();
  CHECK(r == fails(EAGAIN));
  CHECK(r.word(0) == BR_NOOP);
  CHECK(requested_threads(s) == "0+0/2");
}

TEST_CASE("L-11 the BR_NOOP of a must-return read may become BR_SPAWN_LOOPER", "[L]") {
  Stage s;
  REQUIRE(s.b.thread().set_max_threads(2) == 0);
  const Result r = s.b.thread(1).write_read(Commands().enter_looper());
  CHECK(r == spawns_and_gets());
  CHECK(r.read_consumed == 4);
  CHECK(requested_threads(s) == "1+0/2");
}

TEST_CASE("L-12 the exit of a pool thread does not lower the number started", "[L]") {
  PoolStage s(2);
  REQUIRE(s.next(s.b.thread()) == spawns_and_gets(BR_TRANSACTION));
  Thread& second = s.b.thread(1).touch();
  REQUIRE(second.write(Commands().register_looper()).error == 0);
  REQUIRE(requested_threads(s) == "0+1/2");
  CHECK(second.thread_exit() == 0);
  CHECK(requested_threads(s) == "0+1/2");
}

TEST_CASE("L-13 BR_SPAWN_LOOPER goes to offset 0 whatever the initial read_consumed", "[L]") {
  PoolStage s(2);
  Frame frame;
  frame.read_consumed = 8;
  const Result r = s.next(s.b.thread(), frame);
  CHECK(r == gets(BR_TRANSACTION));
  CHECK(r.read_consumed == 76);
  CHECK(r.word(0) == BR_SPAWN_LOOPER);
  CHECK(r.word(1) == 0);
  CHECK(requested_threads(s) == "1+0/2");
}

TEST_CASE("L-14 an idle thread suppresses the request until it is busy too", "[L]") {
  World w;
  w.actor("manager").open().map().become_manager();
  Actor& a = w.actor("client").open().map();
  Actor& b = w.actor("server").open_blocking().map();
  const Node n{0x1000, 0xc0de}, n2{0x2000, 0xc0d2};
  const std::uint32_t h = w.introduce(b.thread(), n, a.thread());
  const std::uint32_t h2 = w.introduce(b.thread(), n2, a.thread());
  REQUIRE(b.thread().set_max_threads(4) == 0);
  Thread& looper = b.thread(0);
  Thread& idle = b.thread(1).touch();
  REQUIRE(looper.write(Commands().enter_looper()).error == 0);
  // Work is there before anybody sleeps; then one thread sleeps and only the own completion wakes the looper.
  Pending sleeping = idle.start(Commands().enter_looper());
  REQUIRE(sleeping.blocked());
  const std::uint32_t to_a = w.introduce(a.thread(), Node{0x3000, 0x33}, looper);
  CHECK(looper.write_read(Commands().oneway(to_a, 1)) == gets(BR_TRANSACTION_COMPLETE));
  // A call takes the sleeper away: it is the one that is asked.
  REQUIRE(a.thread().write(Commands().transaction(h, 1)).error == 0);
  CHECK(sleeping.finish() == spawns_and_gets(BR_TRANSACTION));
  // One request is open, so the next reader is not asked; after a registration it is.
  REQUIRE(a.thread(1).touch().write(Commands().transaction(h2, 2)).error == 0);
  CHECK(looper.read() == gets(BR_TRANSACTION));
}

TEST_CASE("L-14 the next reader is asked when the idle thread has become busy without looking", "[L]") {
  World w;
  w.actor("manager").open().map().become_manager();
  Actor& a = w.actor("client").open().map();
  Actor& b = w.actor("server").open_blocking().map();
  const std::uint32_t h = w.introduce(b.thread(), Node{0x1000, 0xc0de}, a.thread());
  REQUIRE(b.thread().set_max_threads(4) == 0);
  Thread& looper = b.thread(0);
  Thread& other = b.thread(1).touch();
  const std::uint32_t to_a = w.introduce(a.thread(), Node{0x3000, 0x33}, looper);
  REQUIRE(looper.write(Commands().enter_looper()).error == 0);
  Pending sleeping = other.start_read();  // not a looper: it will not be asked itself
  REQUIRE(sleeping.blocked());
  CHECK(looper.write_read(Commands().oneway(to_a, 1)) == gets(BR_TRANSACTION_COMPLETE));
  REQUIRE(a.thread().write(Commands().transaction(h, 1)).error == 0);
  CHECK(sleeping.finish() == gets(BR_TRANSACTION));
  CHECK(looper.write_read(Commands().oneway(to_a, 2)) == spawns_and_gets(BR_TRANSACTION_COMPLETE));
}

}  // namespace
}  // namespace cuse_binder::conformance
