// Section C of the protocol: becoming the context manager, being it, and losing it.
//
// C-07 needs several devices and is in binderfs_cases.cpp.
#include "test/conformance/steps.h"

namespace cuse_binder::conformance {
namespace {

int set_manager(Thread& thread) {
  std::int32_t unused = 0;
  return thread.ioctl(BINDER_SET_CONTEXT_MGR, unused);
}

int set_manager(Thread& thread, const Node& node, std::uint32_t type = BINDER_TYPE_BINDER) {
  flat_binder_object object{};
  object.hdr.type = type;
  object.binder = node.ptr;
  object.cookie = node.cookie;
  object.flags = node.flags;
  return thread.ioctl(BINDER_SET_CONTEXT_MGR_EXT, object);
}

// Waits until the context has lost its manager; what `attempt` gives then.
int when_free(World& w, const std::function<int()>& attempt) {
  int error = EBUSY;
  w.eventually("the old manager is released", [&] { return (error = attempt()) != EBUSY; });
  return error;
}

TEST_CASE("C-01: a context has one manager", "[context_manager]") {
  World w;
  Actor& m = w.actor("manager").open().map().become_manager();
  Actor& a = w.actor("client").open().map();
  CHECK(set_manager(m.thread()) == EBUSY);
  CHECK(set_manager(m.thread(), {1, 2, 0}) == EBUSY);
  CHECK(set_manager(a.thread()) == EBUSY);
  CHECK(set_manager(a.thread(), {1, 2, 0}) == EBUSY);
  accepted(a.thread(), Commands().oneway(0, 1));
  CHECK(receive(m.thread()).target.ptr == 0);  // the first one's node is untouched
}

TEST_CASE("C-02: a released manager can be followed by one with the same euid", "[context_manager]") {
  World w;
  Actor& m = w.actor("manager").open().map().become_manager();
  Actor& a = w.actor("next").open().map();
  Actor& stranger = w.actor("stranger").open().map();
  REQUIRE(stranger.thread().set_euid(777) == 0);
  CHECK(set_manager(stranger.thread()) == EBUSY);  // looked at before the euid
  m.kill();
  CHECK(when_free(w, [&] { return set_manager(stranger.thread()); }) == EPERM);
  CHECK(set_manager(stranger.thread(), {1, 2, 0}) == EPERM);
  CHECK(set_manager(a.thread()) == 0);
}

TEST_CASE("C-02: closing the file gives the manager up", "[context_manager]") {
  World w;
  Actor& m = w.actor("manager").open().become_manager();  // without a mapping, which would keep the file
  Actor& a = w.actor("next").open().map();
  m.close();
  CHECK(when_free(w, [&] { return set_manager(a.thread()); }) == 0);
}

TEST_CASE("C-03: the plain ioctl makes a node without cookie that takes no descriptors",
          "[context_manager]") {
  World w;
  Actor& m = w.actor("manager").open().map().become_plain_manager();
  Actor& a = w.actor("client").open().map();
  accepted(a.thread(), Commands().oneway(0, 3));
  const auto call = receive(m.thread());
  CHECK(call.target.ptr == 0);
  CHECK(call.cookie == 0);
  CHECK(call.code == 3);
  const auto [read_end, write_end] = a.pipe();
  refused(a.thread(), Commands().oneway(0, 1, Parcel().fd(read_end)), -EPERM);
}

TEST_CASE("C-04: the extended ioctl names the node", "[context_manager]") {
  World w;
  Actor& m = w.actor("manager").open().map().become_manager(0x100, 0x1230, 0x456);
  Actor& a = w.actor("client").open().map();
  done(a.thread(), Commands().transaction(0, 4));
  const auto call = receive(m.thread());
  CHECK(call.target.ptr == 0x1230);
  CHECK(call.cookie == 0x456);
  CHECK(call.code == 4);
  const auto [read_end, write_end] = a.pipe();
  accepted(a.thread(1).touch(), Commands().oneway(0, 1, Parcel().fd(read_end)));  // flags 0x100
}

TEST_CASE("C-05: handle 0 works with a new manager at once", "[context_manager]") {
  World w;
  Actor& first = w.actor("first manager").open().map().become_manager();
  Actor& a = w.actor("client").open().map();
  accepted(a.thread(), Commands().oneway(0, 1));
  CHECK(receive(first.thread()).code == 1);
  first.kill();
  w.eventually("handle 0 is dead", [&] {
    const Result result = a.thread().write_read(Commands().oneway(0, 2));
    return result == gets(BR_DEAD_REPLY);
  });
  CHECK(a.thread().write_read(Commands().transaction(0, 3)) == gets(BR_DEAD_REPLY));
  CHECK(a.thread().extended_error() == ee(BR_DEAD_REPLY, -EINVAL));
  Actor& second = w.actor("second manager").open().map().become_manager(0x100, 0x20, 0x21);
  accepted(a.thread(), Commands().oneway(0, 4));
  const auto call = receive(second.thread());
  CHECK(call.code == 4);
  CHECK(call.target.ptr == 0x20);
}

TEST_CASE("C-06: the type of the manager's object is not looked at", "[context_manager]") {
  World w;
  Actor& m = w.actor("manager").open().map();
  Actor& a = w.actor("client").open().map();
  CHECK(when_free(w, [&] { return set_manager(m.thread(), {0x30, 0x31, 0x100}, 0xdeadbeef); }) == 0);
  accepted(a.thread(), Commands().oneway(0, 1));
  const auto call = receive(m.thread());
  CHECK(call.target.ptr == 0x30);
  CHECK(call.cookie == 0x31);
}

TEST_CASE("C-06: a node that exists becomes the manager's node", "[context_manager]") {
  World w;
  Actor& first = w.actor("first manager").open().map().become_manager();
  Actor& b = w.actor("server").open().map();
  CHECK(b.thread().write_read(Commands().oneway(0, 1, Parcel().binder({0x40, 0x41, 0x100}))) ==
        gets(BR_INCREFS, BR_ACQUIRE, BR_TRANSACTION_COMPLETE));
  done(b.thread(), Commands().increfs_done(0x40, 0x41).acquire_done(0x40, 0x41));
  Actor& a = w.actor("client").open().map();
  const auto data = receive(first.thread());
  CHECK(first.object_of(data).handle == 1);
  first.close();
  first.kill();
  // The cookie and flags that the node was made with stay.
  CHECK(when_free(w, [&] { return set_manager(b.thread(), {0x40, 0x99, 0}); }) == 0);
  accepted(a.thread(), Commands().oneway(0, 2));
  w.eventually("the call arrives", [&] {
    const Result result = b.read();
    if (!result.has(BR_TRANSACTION)) return false;
    CHECK(result.transaction().target.ptr == 0x40);
    CHECK(result.transaction().cookie == 0x41);
    return true;
  });
}

}  // namespace
}  // namespace cuse_binder::conformance
