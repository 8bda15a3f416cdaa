// Section W: the BINDER_WRITE_READ frame and its write half.
#include <cerrno>

#include "test/conformance/world.h"

namespace cuse_binder::conformance {
namespace {

constexpr std::uint64_t kNoRead = 0;

TEST_CASE("W-01 both sizes 0: nothing happens", "[W]") {
  Stage s;
  Frame frame;
  frame.read_size = 0;
  const Result r = s.a.thread().write_read({}, frame);
  CHECK(r.error == 0);
  CHECK(r.write_consumed == 0);
  CHECK(r.read_consumed == 0);
  CHECK(s.a.read() == fails(EAGAIN));
}

TEST_CASE("W-02 an unknown command ends the write behind the last good one", "[W]") {
  Stage s;
  const Result r = s.a.thread().write_read(Commands().enter_looper().word(0xdeadbeef).exit_looper());
  CHECK(r == fails(EINVAL));
  CHECK(r.write_consumed == 4);
  CHECK(r.read_consumed == 0);
  CHECK(s.a.thread().looper_flags() == kLooperEntered);
}

TEST_CASE("W-03 an unknown command first: EINVAL and no read", "[W]") {
  Stage s;
  // The completion of the oneway is ready to be read, yet it is not.
  REQUIRE(s.a.thread().write(Commands().oneway(s.h, 1)).error == 0);
  const Result r = s.a.thread().write_read(Commands().word(0xdeadbeef));
  CHECK(r == fails(EINVAL));
  CHECK(r.write_consumed == 0);
  CHECK(r.read_consumed == 0);
  CHECK(r.word(0) == 0);
  CHECK(s.a.read() == gets(BR_TRANSACTION_COMPLETE));
}

TEST_CASE("W-03 a hard error resets read_consumed, whatever it was", "[W]") {
  Stage s;
  Frame frame;
  frame.read_consumed = 8;
  const Result r = s.a.thread().write_read(Commands().enter_looper().word(0xdeadbeef), frame);
  CHECK(r == fails(EINVAL));
  CHECK(r.write_consumed == 4);
  CHECK(r.read_consumed == 0);
}

TEST_CASE("W-04 BC_ATTEMPT_ACQUIRE and BC_ACQUIRE_RESULT are EINVAL", "[W]") {
  Stage s;
  for (const std::uint32_t command :
       {static_cast<std::uint32_t>(BC_ATTEMPT_ACQUIRE), static_cast<std::uint32_t>(BC_ACQUIRE_RESULT)}) {
    const Result r = s.a.thread().write_read(Commands().word(command).word(0).word(0));
    CHECK(r == fails(EINVAL));
    CHECK(r.write_consumed == 0);
  }
}

TEST_CASE("W-05 the initial write_consumed is skipped", "[W]") {
  Stage s;
  Frame frame;
  frame.read_size = 0;
  frame.write_consumed = 4;
  // Only the second command is executed: the first would fail.
  const Result r = s.a.thread().write_read(Commands().word(0xdeadbeef).enter_looper(), frame);
  CHECK(r.error == 0);
  CHECK(r.write_consumed == 8);
  CHECK(s.a.thread().looper_flags() == kLooperEntered);

  const Result again = s.b.thread().write_read(Commands().enter_looper().enter_looper(), frame);
  CHECK(again.error == 0);
  CHECK(again.write_consumed == 8);
}

TEST_CASE("W-06 an initial write_consumed at or behind the end: nothing is processed", "[W]") {
  Stage s;
  for (const std::uint64_t consumed : {4u, 5u, 1000u}) {
    Frame frame;
    frame.read_size = 0;
    frame.write_consumed = consumed;
    const Result r = s.a.thread().write_read(Commands().enter_looper(), frame);
    CHECK(r.error == 0);
    CHECK(r.write_consumed == consumed);
  }
  CHECK(s.a.thread().looper_flags() == 0);
}

TEST_CASE("W-07 an unreadable write buffer is EFAULT", "[W]") {
  Stage s;
  Frame frame;
  frame.write_size = 4;
  frame.write_buffer = s.a.unmapped();
  const Result r = s.a.thread().write_read({}, frame);
  CHECK(r == fails(EFAULT));
  CHECK(r.write_consumed == 0);
  CHECK(r.read_consumed == 0);
}

TEST_CASE("W-07 a payload that cannot be read is EFAULT behind the last good command", "[W]") {
  Stage s;
  // BC_ENTER_LOOPER and the code of BC_FREE_BUFFER are the last 8 bytes before unmapped memory.
  const Address stream = s.a.arena_end() - 8;
  const Bytes bytes =
      Commands().enter_looper().word(BC_FREE_BUFFER).encode([](auto, auto) { return Address{0}; });
  std::copy(bytes.begin(), bytes.end(), s.a.at(stream));
  Frame frame;
  frame.read_size = 0;
  frame.write_size = 16;
  frame.write_buffer = stream;
  const Result r = s.a.thread().write_read({}, frame);
  CHECK(r == fails(EFAULT));
  CHECK(r.write_consumed == 4);
}

TEST_CASE("W-08 an unwritable read buffer is EFAULT", "[W]") {
  Stage s;
  REQUIRE(s.a.thread().write(Commands().oneway(s.h, 1)).error == 0);
  Frame frame;
  frame.read_buffer = s.a.unmapped();
  const Result r = s.a.thread().write_read({}, frame);
  CHECK(r == fails(EFAULT));
  CHECK(r.read_consumed == 0);
  // The completion is not touched by a read that could not even store its BR_NOOP.
  CHECK(s.a.read() == gets(BR_TRANSACTION_COMPLETE));
}

TEST_CASE("W-09 a soft error stops the write without an errno", "[W]") {
  Stage s;
  const Result r = s.a.thread().write(Commands().transaction(77, 1).enter_looper());
  CHECK(r.error == 0);
  CHECK(r.write_consumed == 68);
  CHECK(s.a.thread().looper_flags() == 0);
}

TEST_CASE("W-10 until the error was read further writes process nothing", "[W]") {
  Stage s;
  REQUIRE(s.a.thread().write(Commands().transaction(77, 1).enter_looper()).write_consumed == 68);
  const Result blocked = s.a.thread().write(Commands().enter_looper());
  CHECK(blocked.error == 0);
  CHECK(blocked.write_consumed == 0);
  CHECK(s.a.read() == gets(BR_FAILED_REPLY));
  const Result free = s.a.thread().write(Commands().enter_looper());
  CHECK(free.error == 0);
  CHECK(free.write_consumed == 4);
}

TEST_CASE("W-11 two bad oneways in one write: the second is not tried", "[W]") {
  Stage s;
  const Result r = s.a.thread().write_read(Commands().oneway(77, 1).oneway(77, 2));
  CHECK(r.write_consumed == 68);
  CHECK(r == gets(BR_FAILED_REPLY));
  CHECK(s.a.read() == fails(EAGAIN));
}

TEST_CASE("W-12 two synchronous calls in one write", "[W]") {
  Stage s;
  const Result r = s.a.thread().write_read(Commands().transaction(s.h, 1).transaction(s.h, 2).enter_looper());
  CHECK(r.write_consumed == 136);
  CHECK(r == gets(BR_TRANSACTION_COMPLETE, BR_FAILED_REPLY));
  CHECK(s.a.thread().extended_error() == ee(BR_FAILED_REPLY, -EPROTO));
}

TEST_CASE("W-13 three oneways in one write: three completions", "[W]") {
  Stage s;
  const Result r = s.a.thread().write_read(Commands().oneway(s.h, 1).oneway(s.h, 2).oneway(s.h, 3));
  CHECK(r.write_consumed == 3 * 68);
  CHECK(r == gets(BR_TRANSACTION_COMPLETE, BR_TRANSACTION_COMPLETE, BR_TRANSACTION_COMPLETE));
}

TEST_CASE("W-14 user errors are consumed silently", "[W]") {
  Stage s;
  const Commands commands = Commands()
                                .acquire(77)
                                .release(77)
                                .increfs(77)
                                .decrefs(77)
                                .increfs_done(0x1234, 0x5678)
                                .acquire_done(0x1234, 0x5678)
                                .dead_binder_done(0x99)
                                .request_death(9, 0x99)
                                .clear_death(9, 0x99)
                                .free_buffer(0x1234);
  const Result r = s.a.thread().write_read(commands);
  CHECK(r == fails(EAGAIN));
  CHECK(r.write_consumed == commands.size());
  const Result written = s.a.thread().write(commands);
  CHECK(written.error == 0);
  CHECK(written.write_consumed == commands.size());
}

TEST_CASE("W-15 wrong freeze commands are EINVAL", "[W]") {
  // Where the driver does not know them they are unknown commands, which is the same answer.
  Stage s;
  for (const Commands& commands :
       {Commands().request_freeze(77, 1), Commands().clear_freeze(77, 1), Commands().freeze_done(0x77)}) {
    const Result r = s.a.thread().write(commands);
    CHECK(r == fails(EINVAL));
    CHECK(r.write_consumed == 0);
  }
}

TEST_CASE("W-16 BC_ACQUIRE 0 without a manager is consumed", "[W]") {
  World w;
  Actor& a = w.actor("client").open().map();
  const Result r = a.thread().write(Commands().acquire(0));
  CHECK(r.error == 0);
  CHECK(r.write_consumed == 8);
}

TEST_CASE("W-17 the manager cannot acquire its own handle 0", "[W]") {
  Stage s;
  for (const Commands& commands : {Commands().acquire(0), Commands().increfs(0)}) {
    const Result r = s.m.thread().write(commands);
    CHECK(r == fails(EINVAL));
    CHECK(r.write_consumed == 0);
  }
}

TEST_CASE("W-18 EAGAIN of the read still reports what was written", "[W]") {
  Stage s;
  const Result r = s.a.thread().write_read(Commands().enter_looper().acquire(77));
  CHECK(r == fails(EAGAIN));
  CHECK(r.write_consumed == 12);
  CHECK(r.read_consumed == 0);
}

TEST_CASE("W-19 a payload beyond write_size", "[W]") {
  Stage s;
  // The last 4 bytes of write_size are the code of a command whose payload lies behind them, readable.
  Frame frame;
  frame.read_size = kNoRead;
  frame.write_size = 8;
  const Result r = s.a.thread().write_read(Commands().enter_looper().free_buffer(0x1234), frame);
  if (s.w.traits().reads_past_write_size) {
    CHECK(r.error == 0);
    CHECK(r.write_consumed == 16);
  } else {
    CHECK(r == fails(EFAULT));
    CHECK(r.write_consumed == 4);
  }
}

TEST_CASE("W-20 a write_size less than a code", "[W]") {
  Stage s;
  Frame frame;
  frame.read_size = kNoRead;
  frame.write_size = 2;
  const Result r = s.a.thread().write_read(Commands().enter_looper(), frame);
  CHECK(r.error == 0);
  CHECK(r.write_consumed == (s.w.traits().reads_past_write_size ? 4 : 0));
}

}  // namespace
}  // namespace cuse_binder::conformance
