// Section D of the protocol: notifications of the death of a node's owner.
//
// Releases are asynchronous, so that "nothing came" means nothing by itself. Nodes of one owner die in
// ascending order of ptr: where a case expects nothing, a second watched node with a higher ptr shows that
// the death is over.
#include <poll.h>

#include "test/conformance/steps.h"

namespace cuse_binder::conformance {
namespace {

constexpr Node kLast{0xf000, 0xf, 0x100};  // dies after every other node of its owner
constexpr std::uint64_t kLastCookie = 0x1a57;
constexpr std::uint64_t kCookie = 0x1111222233334444;

// A stage whose client also watches the server's last node.
struct Watch : Stage {
  std::uint32_t last = w.introduce(b.thread(), kLast, a.thread());
  Watch() { done(a.thread(), Commands().request_death(last, kLastCookie)); }
  // Kills the server; the death of all its nodes has been queued to a, and a has read the last one.
  void server_dies() {
    b.kill();
    CHECK(a.thread().await(BR_DEAD_BINDER).only(BR_DEAD_BINDER).cookie == kLastCookie);
  }
};

std::uint64_t cookie_of(const Result& result, std::uint32_t code) {
  return result.only(code).cookie;
}

// Waits until something can be read, without reading it.
void wait_readable(World& w, Thread& thread) {
  w.eventually("there is something to read", [&] { return (thread.poll(POLLIN) & POLLIN) != 0; });
}

TEST_CASE("D-01: the holder of a handle hears of its owner's death", "[death]") {
  Stage s;
  done(s.a.thread(), Commands().request_death(s.h, kCookie));
  CHECK(s.a.read() == fails(EAGAIN));
  s.b.kill();
  wait_readable(s.w, s.a.thread());
  const Result result = s.a.read();
  CHECK(result == gets(BR_DEAD_BINDER));
  CHECK(cookie_of(result, BR_DEAD_BINDER) == kCookie);
}

TEST_CASE("D-02: a second request does not replace the first", "[death]") {
  Stage s;
  done(s.a.thread(), Commands().request_death(s.h, kCookie).request_death(s.h, kCookie + 1));
  s.b.kill();
  wait_readable(s.w, s.a.thread());
  CHECK(cookie_of(s.a.read(), BR_DEAD_BINDER) == kCookie);
  CHECK(s.a.read() == fails(EAGAIN));
}

TEST_CASE("D-03: clearing needs the cookie, and works once", "[death]") {
  Stage s;
  done(s.a.thread(), Commands().request_death(s.h, kCookie).clear_death(s.h, kCookie + 1));
  CHECK(s.a.read() == fails(EAGAIN));
  done(s.a.thread(), Commands().clear_death(s.h, kCookie));
  const Result result = s.a.read();
  CHECK(result == gets(BR_CLEAR_DEATH_NOTIFICATION_DONE));
  CHECK(cookie_of(result, BR_CLEAR_DEATH_NOTIFICATION_DONE) == kCookie);
  done(s.a.thread(), Commands().clear_death(s.h, kCookie));
  CHECK(s.a.read() == fails(EAGAIN));
}

TEST_CASE("D-03: after clearing, a request works at once and a death is reported once", "[death]") {
  Watch s;
  done(s.a.thread(),
       Commands().request_death(s.h, kCookie).clear_death(s.h, kCookie).request_death(s.h, kCookie + 1));
  CHECK(s.a.read() == gets(BR_CLEAR_DEATH_NOTIFICATION_DONE));
  s.b.kill();
  wait_readable(s.w, s.a.thread());
  CHECK(cookie_of(s.a.read(), BR_DEAD_BINDER) == kCookie + 1);
  CHECK(s.a.thread().await(BR_DEAD_BINDER).only(BR_DEAD_BINDER).cookie == kLastCookie);
  CHECK(s.a.read() == fails(EAGAIN));
}

TEST_CASE("D-03: a cleared notification does not come", "[death]") {
  Watch s;
  done(s.a.thread(), Commands().request_death(s.h, kCookie).clear_death(s.h, kCookie));
  CHECK(s.a.read() == gets(BR_CLEAR_DEATH_NOTIFICATION_DONE));
  s.server_dies();
  CHECK(s.a.read() == fails(EAGAIN));
}

TEST_CASE("D-04: a request on a dead node is answered at once", "[death]") {
  Watch s;
  s.server_dies();
  done(s.a.thread(), Commands().request_death(s.h, kCookie));
  const Result result = s.a.read();
  CHECK(result == gets(BR_DEAD_BINDER));
  CHECK(cookie_of(result, BR_DEAD_BINDER) == kCookie);
  CHECK(s.a.read() == fails(EAGAIN));
}

TEST_CASE("D-05: clearing after an unread death gives both, the second after the acknowledgement",
          "[death]") {
  Stage s;
  done(s.a.thread(), Commands().request_death(s.h, kCookie));
  s.b.kill();
  wait_readable(s.w, s.a.thread());
  done(s.a.thread(), Commands().clear_death(s.h, kCookie));
  CHECK(s.a.read() == gets(BR_DEAD_BINDER));
  CHECK(s.a.read() == fails(EAGAIN));
  done(s.a.thread(), Commands().dead_binder_done(kCookie));
  const Result result = s.a.read();
  CHECK(result == gets(BR_CLEAR_DEATH_NOTIFICATION_DONE));
  CHECK(cookie_of(result, BR_CLEAR_DEATH_NOTIFICATION_DONE) == kCookie);
  CHECK(s.a.read() == fails(EAGAIN));
}

TEST_CASE("D-06: clearing a delivered death waits for the acknowledgement", "[death]") {
  Stage s;
  done(s.a.thread(), Commands().request_death(s.h, kCookie));
  s.b.kill();
  s.a.thread().await(BR_DEAD_BINDER);
  done(s.a.thread(), Commands().clear_death(s.h, kCookie));
  CHECK(s.a.read() == fails(EAGAIN));
  done(s.a.thread(), Commands().dead_binder_done(kCookie + 1));  // another cookie: not found
  CHECK(s.a.read() == fails(EAGAIN));
  done(s.a.thread(), Commands().dead_binder_done(kCookie));
  CHECK(s.a.read() == gets(BR_CLEAR_DEATH_NOTIFICATION_DONE));
  done(s.a.thread(), Commands().dead_binder_done(kCookie));
  CHECK(s.a.read() == fails(EAGAIN));
}

TEST_CASE("D-07: a fired registration stays until it is cleared", "[death]") {
  Stage s;
  done(s.a.thread(), Commands().request_death(s.h, kCookie));
  s.b.kill();
  s.a.thread().await(BR_DEAD_BINDER);
  done(s.a.thread(), Commands().dead_binder_done(kCookie).request_death(s.h, kCookie + 1));
  CHECK(s.a.read() == fails(EAGAIN));
  done(s.a.thread(), Commands().clear_death(s.h, kCookie));
  const Result cleared = s.a.read();
  CHECK(cleared == gets(BR_CLEAR_DEATH_NOTIFICATION_DONE));
  CHECK(cookie_of(cleared, BR_CLEAR_DEATH_NOTIFICATION_DONE) == kCookie);
  done(s.a.thread(), Commands().request_death(s.h, kCookie + 2));
  CHECK(cookie_of(s.a.read(), BR_DEAD_BINDER) == kCookie + 2);
}

TEST_CASE("D-08: a registration goes with its reference", "[death]") {
  Watch s;
  done(s.a.thread(), Commands().request_death(s.h, kCookie).release(s.h));
  s.server_dies();
  CHECK(s.a.read() == fails(EAGAIN));
}

TEST_CASE("D-08: a delivered death goes with its reference, too", "[death]") {
  Stage s;
  const auto delivered = [&] {
    return s.w.log("state").find("  has delivered dead binder\n") != std::string::npos;
  };
  done(s.a.thread(), Commands().request_death(s.h, kCookie));
  s.b.kill();
  s.a.thread().await(BR_DEAD_BINDER);
  CHECK(delivered());
  done(s.a.thread(), Commands().release(s.h));
  CHECK_FALSE(delivered());
  done(s.a.thread(), Commands().dead_binder_done(kCookie));
  CHECK(s.a.read() == fails(EAGAIN));
}

TEST_CASE("D-08: a cleared death is no longer its reference's", "[death]") {
  Stage s;
  done(s.a.thread(), Commands().request_death(s.h, kCookie));
  s.b.kill();
  s.a.thread().await(BR_DEAD_BINDER);
  done(s.a.thread(), Commands().clear_death(s.h, kCookie).release(s.h));
  CHECK(s.a.read() == fails(EAGAIN));
  done(s.a.thread(), Commands().dead_binder_done(kCookie));
  CHECK(s.a.read() == gets(BR_CLEAR_DEATH_NOTIFICATION_DONE));
}

TEST_CASE("D-08: an unread death goes with its reference, too", "[death]") {
  Stage s;
  done(s.a.thread(), Commands().request_death(s.h, kCookie));
  s.b.kill();
  wait_readable(s.w, s.a.thread());
  done(s.a.thread(), Commands().release(s.h));
  CHECK(s.a.read() == fails(EAGAIN));
}

TEST_CASE("D-09: each watched node gives a notification of its own, in order of ptr", "[death]") {
  Stage s;
  const std::uint32_t low = s.w.introduce(s.b.thread(), Node{0x800, 8, 0}, s.a.thread());
  const std::uint32_t high = s.w.introduce(s.b.thread(), Node{0x8000, 80, 0}, s.a.thread());
  done(s.a.thread(), Commands().request_death(high, 3).request_death(low, 1).request_death(s.h, 2));
  Actor& c = s.w.actor("observer").open().map();
  const std::uint32_t last = s.w.introduce(s.b.thread(), kLast, c.thread());
  done(c.thread(), Commands().request_death(last, kLastCookie));
  s.b.kill();
  c.thread().await(BR_DEAD_BINDER);
  for (std::uint64_t cookie = 1; cookie <= 3; ++cookie) {
    const Result result = s.a.read();
    CHECK(result == gets(BR_DEAD_BINDER));
    CHECK(cookie_of(result, BR_DEAD_BINDER) == cookie);
  }
  CHECK(s.a.read() == fails(EAGAIN));
}

TEST_CASE("D-09: equal cookies are acknowledged one by one, oldest first", "[death]") {
  Watch s;
  done(s.a.thread(), Commands().request_death(s.h, kLastCookie));
  s.b.kill();
  for (int i = 0; i < 2; ++i) {
    wait_readable(s.w, s.a.thread());
    CHECK(cookie_of(s.a.read(), BR_DEAD_BINDER) == kLastCookie);
  }
  done(s.a.thread(), Commands().clear_death(s.h, kLastCookie).clear_death(s.last, kLastCookie));
  CHECK(s.a.read() == fails(EAGAIN));
  done(s.a.thread(), Commands().dead_binder_done(kLastCookie));
  CHECK(s.a.read() == gets(BR_CLEAR_DEATH_NOTIFICATION_DONE));
  CHECK(s.a.read() == fails(EAGAIN));
  done(s.a.thread(), Commands().dead_binder_done(kLastCookie));
  CHECK(s.a.read() == gets(BR_CLEAR_DEATH_NOTIFICATION_DONE));
}

TEST_CASE("D-10: a weak-only handle can be watched", "[death]") {
  Stage s;
  const std::uint32_t weak = s.w.introduce_weak(s.b.thread(), kLast, s.a.thread());
  done(s.a.thread(), Commands().request_death(weak, kCookie));
  s.b.kill();
  wait_readable(s.w, s.a.thread());
  CHECK(cookie_of(s.a.read(), BR_DEAD_BINDER) == kCookie);
}

TEST_CASE("D-11: the end of clearing goes to the looper that cleared, else to any thread", "[death]") {
  Stage s;
  Thread& looper = s.a.thread(1).touch();
  Thread& other = s.a.thread(2).touch();
  done(looper, Commands().enter_looper().request_death(s.h, kCookie).clear_death(s.h, kCookie));
  CHECK(other.read() == fails(EAGAIN));
  CHECK(looper.read() == gets(BR_CLEAR_DEATH_NOTIFICATION_DONE));
  done(other, Commands().request_death(s.h, kCookie).clear_death(s.h, kCookie));
  CHECK(looper.read() == gets(BR_CLEAR_DEATH_NOTIFICATION_DONE));
  CHECK(other.read() == fails(EAGAIN));
}

TEST_CASE("D-11: the same holds for the thread that acknowledges", "[death]") {
  Stage s;
  Thread& looper = s.a.thread(1).touch();
  Thread& other = s.a.thread(2).touch();
  done(looper, Commands().enter_looper());
  done(other, Commands().request_death(s.h, kCookie));
  s.b.kill();
  other.await(BR_DEAD_BINDER);
  done(other, Commands().clear_death(s.h, kCookie));
  done(looper, Commands().dead_binder_done(kCookie));
  CHECK(other.read() == fails(EAGAIN));
  CHECK(looper.read() == gets(BR_CLEAR_DEATH_NOTIFICATION_DONE));
}

TEST_CASE("D-12: the end of a thread is not a death", "[death]") {
  Stage s;
  done(s.a.thread(), Commands().request_death(s.h, kCookie));
  done(s.a.thread(), Commands().transaction(s.h, 1));
  receive(s.b.thread());
  CHECK(s.b.thread().thread_exit() == 0);
  CHECK(s.a.read() == gets(BR_TRANSACTION_COMPLETE, BR_DEAD_REPLY));  // the call is over, its server lives
  CHECK(s.a.read() == fails(EAGAIN));
  accepted(s.a.thread(), Commands().oneway(s.h, 2));
  CHECK(receive(s.b.thread(1).touch()).code == 2);
  CHECK(s.a.read() == fails(EAGAIN));
  s.b.kill();
  CHECK(s.a.thread().await(BR_DEAD_BINDER).only(BR_DEAD_BINDER).cookie == kCookie);
}

TEST_CASE("D-12: closing the file is a death although its process lives", "[death]") {
  World w;
  Actor& m = w.actor("manager").open().map().become_manager();
  Actor& a = w.actor("client").open().map();
  Actor& b = w.actor("server").open();  // not mapped: a mapping would keep the file
  CHECK(b.thread().write_read(Commands().oneway(0, 1, Parcel().binder(kLast))) ==
        gets(BR_INCREFS, BR_ACQUIRE, BR_TRANSACTION_COMPLETE));
  const auto data = receive(m.thread());
  done(m.thread(), Commands().request_death(m.object_of(data).handle, kCookie));
  const int second = b.dup(b.fd());
  REQUIRE(second >= 0);
  b.close();
  accepted(a.thread(), Commands().oneway(0, 2));
  CHECK(m.read() == fails(EAGAIN));  // the duplicate keeps it; 2 waits behind 1
  b.close(second);
  CHECK(m.thread().await(BR_DEAD_BINDER).only(BR_DEAD_BINDER).cookie == kCookie);
}

TEST_CASE("D-13: the manager can be watched through a reference 0", "[death]") {
  Stage s;
  done(s.a.thread(), Commands().request_death(0, kCookie));  // no reference 0: nothing
  done(s.a.thread(), Commands().acquire(0).request_death(0, kCookie + 1));
  s.m.kill();
  CHECK(s.a.thread().await(BR_DEAD_BINDER).only(BR_DEAD_BINDER).cookie == kCookie + 1);
  CHECK(s.a.read() == fails(EAGAIN));
}

}  // namespace
}  // namespace cuse_binder::conformance
