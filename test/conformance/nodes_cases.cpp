// Section N of the protocol: what an owner hears of its nodes, and how handles are numbered and counted.
#include "test/conformance/steps.h"

namespace cuse_binder::conformance {
namespace {

constexpr Node kNode{0x1000, 0xc0de, 0x100};

// A manager and a client; nothing has been sent yet.
struct Pair {
  World w;
  Actor& m = w.actor("manager").open().map().become_manager();
  Actor& a = w.actor("client").open().map();

  // a sends `parcel` oneway and m reads it.
  binder_transaction_data send(const Parcel& parcel) {
    done(a.thread(), Commands().oneway(0, 1, parcel));
    return receive(m.thread());
  }
};

TEST_CASE("N-01: the first sending of a binder announces it to its owner before the completion", "[nodes]") {
  Pair s;
  const Result result = s.a.thread().write_read(Commands().oneway(0, 1, Parcel().binder(kNode)));
  CHECK(result == gets(BR_INCREFS, BR_ACQUIRE, BR_TRANSACTION_COMPLETE));
  names(result, BR_INCREFS, kNode);
  names(result, BR_ACQUIRE, kNode);
}

TEST_CASE("N-02: the first sending of a weak binder gives BR_INCREFS alone", "[nodes]") {
  Pair s;
  const Result result = s.a.thread().write_read(Commands().oneway(0, 1, Parcel().weak_binder(kNode)));
  CHECK(result == gets(BR_INCREFS, BR_TRANSACTION_COMPLETE));
  names(result, BR_INCREFS, kNode);
}

TEST_CASE("N-02: a strong sending after a weak one gives the missing BR_ACQUIRE", "[nodes]") {
  Pair s;
  CHECK(s.a.thread().write_read(Commands().oneway(0, 1, Parcel().weak_binder(kNode))) ==
        gets(BR_INCREFS, BR_TRANSACTION_COMPLETE));
  CHECK(s.a.thread().write_read(Commands().oneway(0, 1, Parcel().binder(kNode))) ==
        gets(BR_ACQUIRE, BR_TRANSACTION_COMPLETE));
}

TEST_CASE("N-03: a second sending while the node is acquired announces nothing", "[nodes]") {
  Stage s;
  accepted(s.b.thread(), Commands().oneway(0, 1, Parcel().binder(s.n)));
  accepted(s.b.thread(), Commands().oneway(0, 1, Parcel().weak_binder(s.n)));
  CHECK(s.b.read() == fails(EAGAIN));
}

TEST_CASE("N-04: releases wait for the acknowledgement of what they take back", "[nodes]") {
  Pair s;
  CHECK(s.a.thread().write_read(Commands().oneway(0, 1, Parcel().binder(kNode))) ==
        gets(BR_INCREFS, BR_ACQUIRE, BR_TRANSACTION_COMPLETE));
  free_buffer(s.m.thread(), receive(s.m.thread()));
  CHECK(s.a.read() == fails(EAGAIN));
  done(s.a.thread(), Commands().acquire_done(kNode.ptr, kNode.cookie));
  const Result strong = s.a.read();
  CHECK(strong == gets(BR_RELEASE));
  names(strong, BR_RELEASE, kNode);
  CHECK(s.a.read() == fails(EAGAIN));
  done(s.a.thread(), Commands().increfs_done(kNode.ptr, kNode.cookie));
  const Result weak = s.a.read();
  CHECK(weak == gets(BR_DECREFS));
  names(weak, BR_DECREFS, kNode);
}

TEST_CASE("N-05: the last reference gone after the acknowledgements gives both releases", "[nodes]") {
  Pair s;
  CHECK(s.a.thread().write_read(Commands().oneway(0, 1, Parcel().binder(kNode))) ==
        gets(BR_INCREFS, BR_ACQUIRE, BR_TRANSACTION_COMPLETE));
  done(s.a.thread(), Commands().increfs_done(kNode.ptr, kNode.cookie).acquire_done(kNode.ptr, kNode.cookie));
  CHECK(s.a.read() == fails(EAGAIN));
  free_buffer(s.m.thread(), receive(s.m.thread()));
  const Result result = s.a.read();
  CHECK(result == gets(BR_RELEASE, BR_DECREFS));
  names(result, BR_RELEASE, kNode);
  names(result, BR_DECREFS, kNode);
  CHECK(s.a.read() == fails(EAGAIN));
  // The pair (process, ptr) is free: the same ptr makes a new node, with another cookie if it likes.
  CHECK(s.a.thread().write_read(Commands().oneway(0, 1, Parcel().binder({kNode.ptr, 0xbeef, 0}))) ==
        gets(BR_INCREFS, BR_ACQUIRE, BR_TRANSACTION_COMPLETE));
}

TEST_CASE("N-06: a kept weak reference holds BR_DECREFS back", "[nodes]") {
  Stage s;
  done(s.a.thread(), Commands().increfs(s.h).release(s.h));
  const Result strong = s.b.read();
  CHECK(strong == gets(BR_RELEASE));
  names(strong, BR_RELEASE, s.n);
  CHECK(s.b.read() == fails(EAGAIN));
  done(s.a.thread(), Commands().decrefs(s.h));
  const Result weak = s.b.read();
  CHECK(weak == gets(BR_DECREFS));
  names(weak, BR_DECREFS, s.n);
}

TEST_CASE("N-07: references gone before the owner reads leave no trace", "[nodes]") {
  Pair s;
  free_buffer(s.m.thread(), s.send(Parcel().binder(kNode)));
  CHECK(s.a.read() == gets(BR_TRANSACTION_COMPLETE));
  CHECK(s.a.read() == fails(EAGAIN));
}

TEST_CASE("N-08: an acknowledgement with a wrong cookie has no effect", "[nodes]") {
  Pair s;
  CHECK(s.a.thread().write_read(Commands().oneway(0, 1, Parcel().binder(kNode))) ==
        gets(BR_INCREFS, BR_ACQUIRE, BR_TRANSACTION_COMPLETE));
  free_buffer(s.m.thread(), receive(s.m.thread()));
  done(s.a.thread(), Commands()
                         .acquire_done(kNode.ptr, kNode.cookie + 1)
                         .increfs_done(kNode.ptr, kNode.cookie + 1)
                         .acquire_done(kNode.ptr + 8, kNode.cookie));
  CHECK(s.a.read() == fails(EAGAIN));
  done(s.a.thread(), Commands().acquire_done(kNode.ptr, kNode.cookie).increfs_done(kNode.ptr, kNode.cookie));
  CHECK(s.a.read() == gets(BR_RELEASE, BR_DECREFS));
}

TEST_CASE("N-08: a second acknowledgement has no effect", "[nodes]") {
  Stage s;  // everything is acknowledged
  done(s.b.thread(), Commands()
                         .acquire_done(s.n.ptr, s.n.cookie)
                         .increfs_done(s.n.ptr, s.n.cookie)
                         .acquire_done(s.n.ptr, s.n.cookie));
  CHECK(s.b.read() == fails(EAGAIN));
  accepted(s.a.thread(), Commands().oneway(s.h, 5));
  free_buffer(s.b.thread(), receive(s.b.thread()));
  CHECK(s.b.read() == fails(EAGAIN));  // counts did not sink below a's reference
  done(s.a.thread(), Commands().release(s.h));
  CHECK(s.b.read() == gets(BR_RELEASE, BR_DECREFS));
}

TEST_CASE("N-09: a call's buffer holds its node for the owner", "[nodes]") {
  Stage s;
  accepted(s.a.thread(), Commands().oneway(s.h, 1));
  const auto data = receive(s.b.thread());
  done(s.a.thread(), Commands().release(s.h));
  CHECK(s.b.read() == fails(EAGAIN));
  free_buffer(s.b.thread(), data);
  CHECK(s.b.read() == gets(BR_RELEASE, BR_DECREFS));
}

TEST_CASE("N-10: sending a node again cancels its queued release", "[nodes]") {
  Stage s;
  done(s.a.thread(), Commands().release(s.h));
  accepted(s.b.thread(), Commands().oneway(0, 1, Parcel().binder(s.n)));
  CHECK(s.b.read() == fails(EAGAIN));
  // And it is still one life: the manager's release ends it.
  free_buffer(s.m.thread(), receive(s.m.thread()));
  CHECK(s.b.read() == gets(BR_RELEASE, BR_DECREFS));
}

TEST_CASE("N-11: a new reference gets the lowest free handle", "[nodes]") {
  Pair s;
  const auto data = s.send(Parcel().binder({1, 1, 0}).binder({2, 2, 0}).binder({3, 3, 0}));
  for (std::uint32_t i = 0; i < 3; ++i) CHECK(s.m.object_of(data, i).handle == i + 1);
  done(s.m.thread(),
       Commands().acquire(1).acquire(2).acquire(3).free_buffer(data.data.ptr.buffer).release(2));
  const auto next = s.send(Parcel().binder({4, 4, 0}).binder({5, 5, 0}));
  CHECK(s.m.object_of(next, 0).handle == 2);
  CHECK(s.m.object_of(next, 1).handle == 4);
}

TEST_CASE("N-12: the same node keeps its handle", "[nodes]") {
  Pair s;
  const auto first = s.send(Parcel().binder({1, 1, 0}).binder({2, 2, 0}));
  done(s.m.thread(), Commands().acquire(2).free_buffer(first.data.ptr.buffer));  // 1 is free again
  const auto second = s.send(Parcel().binder({2, 2, 0}).weak_binder({2, 2, 0}).binder({7, 7, 0}));
  CHECK(s.m.object_of(second, 0).handle == 2);
  CHECK(s.m.object_of(second, 1).handle == 2);
  CHECK(s.m.object_of(second, 2).handle == 1);
}

TEST_CASE("N-13: the first reference on an ordinary node is 1", "[nodes]") {
  Stage s;
  CHECK(s.h == 1);
}

TEST_CASE("N-14: BC_ACQUIRE and BC_INCREFS create a reference on the manager as handle 0", "[nodes]") {
  Stage s;
  done(s.a.thread(), Commands().increfs(0));
  refused(s.a.thread(), Commands().oneway(s.h, 1, Parcel().handle(0)), -EINVAL);  // weak only
  accepted(s.a.thread(), Commands().oneway(s.h, 1, Parcel().weak_handle(0)));
  done(s.a.thread(), Commands().acquire(0));  // handle 0 alone may be raised from weak to strong
  accepted(s.a.thread(), Commands().oneway(s.h, 2, Parcel().handle(0)));
  done(s.a.thread(), Commands().release(0).decrefs(0));
  refused(s.a.thread(), Commands().oneway(s.h, 3, Parcel().weak_handle(0)), -EINVAL);  // gone
  done(s.a.thread(), Commands().acquire(0));
  accepted(s.a.thread(), Commands().oneway(s.h, 4, Parcel().handle(0)));
}

TEST_CASE("N-15: BC_ACQUIRE does not make a weak-only handle strong", "[nodes]") {
  Stage s;
  const std::uint32_t weak = s.w.introduce_weak(s.b.thread(), Node{0x2000, 0x22, 0}, s.a.thread());
  done(s.a.thread(), Commands().acquire(weak));
  refused(s.a.thread(), Commands().oneway(weak, 1), -EINVAL);
  refused(s.a.thread(), Commands().transaction(weak, 1), -EINVAL);
}

TEST_CASE("N-16: releasing more often than acquired has no effect", "[nodes]") {
  Stage s;
  done(s.a.thread(), Commands().acquire(s.h));  // 2 strong
  done(s.a.thread(), Commands().decrefs(s.h).release(s.h));
  CHECK(s.b.read() == fails(EAGAIN));
  accepted(s.a.thread(), Commands().oneway(s.h, 1));
  free_buffer(s.b.thread(), receive(s.b.thread()));
  done(s.a.thread(), Commands().release(s.h).release(s.h).release(s.h).decrefs(s.h));
  CHECK(s.b.read() == gets(BR_RELEASE, BR_DECREFS));
  CHECK(s.b.read() == fails(EAGAIN));
  refused(s.a.thread(), Commands().oneway(s.h, 1), -EINVAL);
}

TEST_CASE("N-17: a handle that was not acquired goes with its buffer", "[nodes]") {
  Pair s;
  const auto data = s.send(Parcel().binder(kNode));
  const std::uint32_t handle = s.m.object_of(data).handle;
  accepted(s.m.thread(), Commands().oneway(handle, 1));  // while the buffer is held
  free_buffer(s.m.thread(), data);
  refused(s.m.thread(), Commands().oneway(handle, 1), -EINVAL);
}

TEST_CASE("N-18: BINDER_GET_NODE_DEBUG_INFO walks the nodes by ptr", "[nodes]") {
  Pair s;
  const Result sent = s.a.thread().write_read(
      Commands().oneway(0, 1, Parcel().binder({0x3000, 3, 0}).binder({0x1000, 1, 0}).binder({0x2000, 2, 0})));
  CHECK(sent.has(BR_ACQUIRE));
  binder_node_debug_info info{};
  for (std::uint64_t i = 1; i <= 3; ++i) {
    REQUIRE(s.a.thread().ioctl(BINDER_GET_NODE_DEBUG_INFO, info) == 0);
    CHECK(info.ptr == i * 0x1000);
    CHECK(info.cookie == i);
    CHECK(info.has_strong_ref == 1);
    CHECK(info.has_weak_ref == 1);
  }
  REQUIRE(s.a.thread().ioctl(BINDER_GET_NODE_DEBUG_INFO, info) == 0);
  CHECK(info.ptr == 0);
  CHECK(info.cookie == 0);
  CHECK(info.has_strong_ref == 0);
  CHECK(info.has_weak_ref == 0);

  // Between two nodes the next one is found; a weak-only node says so; before anything was told, both are 0.
  info = {};
  info.ptr = 0x1001;
  REQUIRE(s.a.thread().ioctl(BINDER_GET_NODE_DEBUG_INFO, info) == 0);
  CHECK(info.ptr == 0x2000);
  done(s.a.thread(), Commands().oneway(0, 2, Parcel().weak_binder({0x4000, 4, 0})));
  info = {};
  info.ptr = 0x3000;
  REQUIRE(s.a.thread().ioctl(BINDER_GET_NODE_DEBUG_INFO, info) == 0);
  CHECK(info.ptr == 0x4000);
  CHECK(info.has_weak_ref == 0);
  CHECK(s.a.read() == gets(BR_INCREFS, BR_TRANSACTION_COMPLETE));
  info = {};
  info.ptr = 0x3000;
  REQUIRE(s.a.thread().ioctl(BINDER_GET_NODE_DEBUG_INFO, info) == 0);
  CHECK(info.has_strong_ref == 0);
  CHECK(info.has_weak_ref == 1);
}

TEST_CASE("N-19: BINDER_GET_NODE_INFO_FOR_REF answers the manager alone", "[nodes]") {
  Stage s;
  binder_node_info_for_ref info{};
  info.handle = s.h;
  CHECK(s.a.thread().ioctl(BINDER_GET_NODE_INFO_FOR_REF, info) == EPERM);
  info.reserved1 = 1;
  CHECK(s.a.thread().ioctl(BINDER_GET_NODE_INFO_FOR_REF, info) == EINVAL);  // looked at first
}

TEST_CASE("N-19: BINDER_GET_NODE_INFO_FOR_REF counts what holds the node", "[nodes]") {
  Pair s;
  CHECK(s.a.thread().write_read(Commands().oneway(0, 1, Parcel().binder(kNode))) ==
        gets(BR_INCREFS, BR_ACQUIRE, BR_TRANSACTION_COMPLETE));
  done(s.a.thread(), Commands().increfs_done(kNode.ptr, kNode.cookie).acquire_done(kNode.ptr, kNode.cookie));
  const auto data = receive(s.m.thread());
  const std::uint32_t handle = s.m.object_of(data).handle;
  done(s.m.thread(), Commands().acquire(handle).acquire(handle).free_buffer(data.data.ptr.buffer));

  const auto ask = [&](binder_node_info_for_ref info) {
    const int error = s.m.thread().ioctl(BINDER_GET_NODE_INFO_FOR_REF, info);
    return std::pair(error, info);
  };
  binder_node_info_for_ref question{};
  question.handle = handle;
  const auto [error, answer] = ask(question);
  CHECK(error == 0);
  CHECK(answer.handle == handle);
  CHECK(answer.strong_count == 1);  // processes, not counts
  CHECK(answer.weak_count == 0);

  question.handle = 77;
  CHECK(ask(question).first == EINVAL);
  question.handle = handle;
  question.reserved3 = 1;
  CHECK(ask(question).first == EINVAL);
  question.reserved3 = 0;
  question.strong_count = 1;
  CHECK(ask(question).first == EINVAL);
  question.strong_count = 0;
  question.weak_count = 1;
  CHECK(ask(question).first == EINVAL);
  // A weak-only handle is no handle here.
  done(s.m.thread(), Commands().increfs(handle).release(handle).release(handle));
  question.weak_count = 0;
  CHECK(ask(question).first == EINVAL);
}

TEST_CASE("N-20: a reference 0 on a dead manager keeps its number", "[nodes]") {
  World w;
  Actor& first = w.actor("first manager").open().map().become_manager();
  Actor& a = w.actor("client").open().map();
  done(a.thread(), Commands().acquire(0).request_death(0, 0xd0));
  first.kill();
  CHECK(a.thread().await(BR_DEAD_BINDER).only(BR_DEAD_BINDER).cookie == 0xd0);

  Actor& second = w.actor("second manager").open().map().become_manager(0x100, 0x77, 0x78);
  done(a.thread(), Commands().acquire(0));  // makes a reference on the new one, with another number
  accepted(a.thread(), Commands().oneway(1, 5));
  const auto through_reference = receive(second.thread());
  CHECK(through_reference.code == 5);
  CHECK(through_reference.target.ptr == 0x77);
  free_buffer(second.thread(), through_reference);
  accepted(a.thread(), Commands().oneway(0, 6));
  CHECK(receive(second.thread()).code == 6);
}

TEST_CASE("N-21: the manager hears nothing of references on its node", "[nodes]") {
  Stage s;
  done(s.a.thread(), Commands().acquire(0));
  accepted(s.a.thread(), Commands().oneway(s.h, 1, Parcel().handle(0)));
  CHECK(s.m.read() == fails(EAGAIN));
  free_buffer(s.b.thread(), receive(s.b.thread()));
  CHECK(s.m.read() == fails(EAGAIN));
  done(s.a.thread(), Commands().increfs(0).release(0));
  CHECK(s.m.read() == fails(EAGAIN));
  done(s.a.thread(), Commands().decrefs(0));
  CHECK(s.m.read() == fails(EAGAIN));
  // Also when it gives the node away itself.
  done(s.b.thread(), Commands().transaction(0, 1));
  receive(s.m.thread());
  accepted(s.m.thread(), Commands().reply(0, 0, Parcel().binder({0, 0, 0})));
  const Result answer = s.b.read();
  CHECK(answer == gets(BR_TRANSACTION_COMPLETE, BR_REPLY));
  free_buffer(s.b.thread(), answer.reply());
  CHECK(s.m.read() == fails(EAGAIN));
}

TEST_CASE("N-22: weak counts of a handle that a buffer holds are not the owner's business", "[nodes]") {
  Pair s;
  const Result sent = s.a.thread().write_read(Commands().oneway(0, 1, Parcel().weak_binder(kNode)));
  CHECK(sent == gets(BR_INCREFS, BR_TRANSACTION_COMPLETE));
  done(s.a.thread(), Commands().increfs_done(kNode.ptr, kNode.cookie));
  const auto data = receive(s.m.thread());
  const std::uint32_t handle = s.m.object_of(data).handle;
  done(s.m.thread(), Commands().increfs(handle));
  CHECK(s.a.read() == fails(EAGAIN));
  done(s.m.thread(), Commands().decrefs(handle));
  CHECK(s.a.read() == fails(EAGAIN));
  free_buffer(s.m.thread(), data);
  CHECK(s.a.read() == gets(BR_DECREFS));
}

}  // namespace
}  // namespace cuse_binder::conformance
