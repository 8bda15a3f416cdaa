// Section T, first part: calls, replies and oneways that are accepted or refused at once.
#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include "test/conformance/world.h"

namespace cuse_binder::conformance {
namespace {

TEST_CASE("T-01 the completion of a call waits for the reply", "[T]") {
  Stage s;
  CHECK(s.a.thread().write_read(Commands().transaction(s.h, 1)) == fails(EAGAIN));
  const binder_transaction_data call = s.b.read().transaction();
  REQUIRE(s.b.thread()
              .write(Commands().free_buffer(call.data.ptr.buffer).reply(2, 0, Parcel::text("answer")))
              .error == 0);
  const Result r = s.a.read();
  CHECK(r == gets(BR_TRANSACTION_COMPLETE, BR_REPLY));
  CHECK(r.reply().code == 2);
  CHECK(s.a.text_of(r.reply()) == "answer");
}

TEST_CASE("T-02 what the server sees of a call", "[T]") {
  Stage s;
  constexpr std::uint32_t kFlags = TF_ACCEPT_FDS | 0x8000;
  Parcel parcel = Parcel::text("question");
  parcel.binder(Node{0x7000, 0x77});
  const binder_transaction_data call = s.deliver(Commands().transaction(s.h, 0x1234, kFlags, parcel));
  CHECK(call.target.ptr == s.n.ptr);
  CHECK(call.cookie == s.n.cookie);
  CHECK(call.code == 0x1234);
  CHECK(call.flags == kFlags);
  CHECK(call.sender_pid == s.a.pid());
  CHECK(call.sender_euid == 0);
  CHECK(call.data_size == parcel.data.size());
  CHECK(call.offsets_size == 8);
  CHECK(s.b.text_of(call).substr(0, 8) == "question");
}

TEST_CASE("T-03 what the caller sees of a reply", "[T]") {
  Stage s;
  s.deliver(Commands().transaction(s.h, 1));
  CHECK(s.b.thread().write_read(Commands().reply(0x4321, 0x8000 | TF_ONE_WAY)) ==
        gets(BR_TRANSACTION_COMPLETE));
  const Result r = s.a.read();
  REQUIRE(r == gets(BR_TRANSACTION_COMPLETE, BR_REPLY));
  CHECK(r.reply().target.ptr == 0);
  CHECK(r.reply().cookie == 0);
  CHECK(r.reply().sender_pid == 0);
  CHECK(r.reply().sender_euid == 0);
  CHECK(r.reply().code == 0x4321);
  CHECK(r.reply().flags == (0x8000 | TF_ONE_WAY));
}

TEST_CASE("T-03 a reply carries its sender's euid", "[T]") {
  Stage s;
  Thread& replier = s.b.thread(1).touch();
  REQUIRE(s.a.thread().write(Commands().transaction(s.h, 1)).error == 0);
  REQUIRE(replier.read() == gets(BR_TRANSACTION));
  REQUIRE(replier.set_euid(888) == 0);
  REQUIRE(replier.write_read(Commands().reply()) == gets(BR_TRANSACTION_COMPLETE));
  CHECK(s.a.read().reply().sender_euid == (s.w.traits().tid_euid ? 888u : 0u));
}

TEST_CASE("T-04 a oneway is complete at once and has no sender", "[T]") {
  Stage s;
  CHECK(s.a.thread().write_read(Commands().oneway(s.h, 5)) == gets(BR_TRANSACTION_COMPLETE));
  const binder_transaction_data oneway = s.b.read().transaction();
  CHECK(oneway.sender_pid == 0);
  CHECK((oneway.flags & TF_ONE_WAY) != 0);
  CHECK(oneway.code == 5);
}

TEST_CASE("T-05 a call to handle 0 without a manager", "[T]") {
  World w;
  Actor& a = w.actor("client").open().map();
  // The manager of an earlier case may still be on its way out.
  w.eventually("there is no manager",
               [&] { return a.thread().write_read(Commands().oneway(0, 1)) == gets(BR_DEAD_REPLY); });
  CHECK(a.thread().write_read(Commands().transaction(0, 1)) == gets(BR_DEAD_REPLY));
  CHECK(a.thread().extended_error() == ee(BR_DEAD_REPLY, -EINVAL));
}

TEST_CASE("T-06 a call to an unknown handle", "[T]") {
  Stage s;
  CHECK(s.a.thread().write_read(Commands().transaction(77, 1)) == gets(BR_FAILED_REPLY));
  CHECK(s.a.thread().extended_error() == ee(BR_FAILED_REPLY, -EINVAL));
}

TEST_CASE("T-07 a call through a weak-only handle", "[T]") {
  Stage s;
  const std::uint32_t weak = s.w.introduce_weak(s.b.thread(), Node{0x2000, 0x22}, s.a.thread());
  CHECK(s.a.thread().write_read(Commands().transaction(weak, 1)) == gets(BR_FAILED_REPLY));
  CHECK(s.a.thread().extended_error() == ee(BR_FAILED_REPLY, -EINVAL));
}

TEST_CASE("T-08 the manager cannot call handle 0", "[T]") {
  Stage s;
  CHECK(s.m.thread().write_read(Commands().transaction(0, 1)) == gets(BR_FAILED_REPLY));
  CHECK(s.m.thread().extended_error() == ee(BR_FAILED_REPLY, -EINVAL));
}

TEST_CASE("T-09 nor can another descriptor of the manager's process", "[T]") {
  Stage s;
  const int second = s.m.open_flags(O_RDWR | O_CLOEXEC | O_NONBLOCK);
  REQUIRE(second >= 0);
  REQUIRE(s.m.mmap(second, 1 << 20, 1, 2) > 0);
  Thread other = s.m.thread().on(second);
  other.touch();
  CHECK(other.write_read(Commands().transaction(0, 1)) == gets(BR_FAILED_REPLY));
  CHECK(other.extended_error() == ee(BR_FAILED_REPLY, -EINVAL));
}

TEST_CASE("T-10 a reply without a call", "[T]") {
  Stage s;
  CHECK(s.b.thread().write_read(Commands().reply()) == gets(BR_FAILED_REPLY));
  CHECK(s.b.thread().extended_error() == ee(BR_FAILED_REPLY, -EPROTO));
}

TEST_CASE("T-10 a reply to a oneway", "[T]") {
  Stage s;
  s.deliver(Commands().oneway(s.h, 1));
  CHECK(s.b.thread().write_read(Commands().reply()) == gets(BR_FAILED_REPLY));
  CHECK(s.b.thread().extended_error() == ee(BR_FAILED_REPLY, -EPROTO));
}

TEST_CASE("T-11 a reply while waiting in an own call", "[T]") {
  Stage s;
  REQUIRE(s.a.thread().write(Commands().transaction(s.h, 1)).error == 0);
  CHECK(s.a.thread().write_read(Commands().reply()) == gets(BR_TRANSACTION_COMPLETE, BR_FAILED_REPLY));
  CHECK(s.a.thread().extended_error() == ee(BR_FAILED_REPLY, -EPROTO));
  REQUIRE(s.b.read() == gets(BR_TRANSACTION));
  s.b.thread().write(Commands().reply(3));
  CHECK(s.a.read() == gets(BR_REPLY));
}

TEST_CASE("T-12 second synchronous call while the first is pending is refused", "[T]") {
  Stage s;
  REQUIRE(s.a.thread().write(Commands().transaction(s.h, 1)).error == 0);
  CHECK(s.a.thread().write_read(Commands().transaction(s.h, 2)) ==
        gets(BR_TRANSACTION_COMPLETE, BR_FAILED_REPLY));
  CHECK(s.a.thread().extended_error() == ee(BR_FAILED_REPLY, -EPROTO));
  const Result call = s.b.read();
  CHECK(call.transaction().code == 1);
  s.b.thread().write(Commands().reply(3));
  const Result r = s.a.read();
  CHECK(r == gets(BR_REPLY));
  CHECK(r.reply().code == 3);
}

TEST_CASE("T-13 a oneway while a synchronous call is pending is accepted", "[T]") {
  Stage s;
  REQUIRE(s.a.thread().write(Commands().transaction(s.h, 1)).error == 0);
  // The oneway's completion arms the queue, so the call's comes out with it.
  CHECK(s.a.thread().write_read(Commands().oneway(s.h, 2)) ==
        gets(BR_TRANSACTION_COMPLETE, BR_TRANSACTION_COMPLETE));
  CHECK(s.b.read().transaction().code == 1);
  CHECK(s.b.thread(1).touch().read().transaction().code == 2);
  s.b.thread().write(Commands().reply());
  CHECK(s.a.read() == gets(BR_REPLY));
}

TEST_CASE("T-14 a call while an undelivered call is first in the own queue", "[T]") {
  World w;
  w.actor("manager").open().map().become_manager();
  Actor& a = w.actor("client").open().map();
  Actor& b = w.actor("server").open_blocking().map();
  const std::uint32_t h = w.introduce(b.thread(), Node{0x1000, 0xc0de}, a.thread());
  const std::uint32_t to_a = w.introduce(a.thread(), Node{0x2000, 0x22}, b.thread());
  // A sleeper without room for a transaction is chosen, and keeps the call in its queue.
  Pending read = b.thread().start_read(8);
  REQUIRE(read.blocked());
  REQUIRE(a.thread().write(Commands().transaction(h, 1)).error == 0);
  REQUIRE(read.finish() == gets());
  REQUIRE(b.thread().write(Commands().transaction(to_a, 2)).error == 0);
  CHECK(b.thread().extended_error() == ee(BR_FAILED_REPLY, -EPROTO));
  CHECK(b.read() == gets(BR_TRANSACTION));
  CHECK(b.read() == gets(BR_FAILED_REPLY));
  b.thread().write(Commands().reply(5));
  CHECK(a.read().reply().code == 5);
}

TEST_CASE("T-35 the buffer of a call may be freed before the reply", "[T]") {
  Stage s;
  const binder_transaction_data call = s.deliver(Commands().transaction(s.h, 1, 0, Parcel::text("question")));
  CHECK(s.b.thread().write_read(Commands().free_buffer(call.data.ptr.buffer).reply(7)) ==
        gets(BR_TRANSACTION_COMPLETE));
  const Result r = s.a.read();
  CHECK(r == gets(BR_TRANSACTION_COMPLETE, BR_REPLY));
  CHECK(r.reply().code == 7);
}

TEST_CASE("T-37 the extended error after a success, and after it was read", "[T]") {
  Stage s;
  REQUIRE(s.a.thread().write_read(Commands().oneway(s.h, 1)) == gets(BR_TRANSACTION_COMPLETE));
  const ExtendedError first = s.a.thread().extended_error();
  CHECK(first.id != 0);
  CHECK(first == ee(BR_OK));
  const ExtendedError second = s.a.thread().extended_error();
  CHECK(second.id == 0);
  CHECK(second == ee(BR_OK));
  // A thread that never sent anything.
  const ExtendedError fresh = s.a.thread(1).extended_error();
  CHECK(fresh.id == 0);
  CHECK(fresh == ee(BR_OK));
}

TEST_CASE("T-38 the sender's euid is the calling thread's", "[T]") {
  Stage s;
  Thread& other = s.a.thread(1).touch();
  REQUIRE(other.set_euid(777) == 0);
  REQUIRE(other.write(Commands().transaction(s.h, 1)).error == 0);
  CHECK(s.b.read().transaction().sender_euid == (s.w.traits().tid_euid ? 777u : 0u));
}

TEST_CASE("T-39 node notifications come before the completion of the call that caused them", "[T]") {
  Stage s;
  const Node fresh{0x8000, 0x88};
  REQUIRE(s.a.thread().write_read(Commands().oneway(s.h, 1, Parcel().binder(fresh))) ==
          gets(BR_INCREFS, BR_ACQUIRE, BR_TRANSACTION_COMPLETE));
  const Node second{0x9000, 0x99};
  REQUIRE(s.a.thread().write(Commands().transaction(s.h, 2, 0, Parcel().binder(second))).error == 0);
  REQUIRE(s.b.read().transaction().code == 1);
  REQUIRE(s.b.read().transaction().code == 2);
  s.b.thread().write(Commands().reply());
  const Result r = s.a.read();
  CHECK(r == gets(BR_INCREFS, BR_ACQUIRE, BR_TRANSACTION_COMPLETE, BR_REPLY));
  CHECK(r.only(BR_ACQUIRE).ptr == second.ptr);
  CHECK(r.only(BR_ACQUIRE).cookie == second.cookie);
}

TEST_CASE("T-40 a call refused at its third object leaves nothing", "[T]") {
  Stage s;
  const Node first{0x8000, 0x88}, second{0x9000, 0x99};
  Parcel bad;
  bad.binder(first).binder(second).handle(77);
  CHECK(s.a.thread().write_read(Commands().transaction(s.h, 1, 0, bad)) == gets(BR_FAILED_REPLY));
  CHECK(s.a.thread().extended_error() == ee(BR_FAILED_REPLY, -EINVAL));
  CHECK(s.a.read() == fails(EAGAIN));
  CHECK(s.b.read() == fails(EAGAIN));
  // The next one gets the very same numbers, and the node may have another cookie: it is a new one.
  Parcel good;
  good.binder(Node{first.ptr, 0x1234});
  const binder_transaction_data call = s.deliver(Commands().transaction(s.h, 2, 0, good));
  CHECK(s.b.offset_of(call.data.ptr.buffer) == 0);
  CHECK(s.b.object_of(call).handle == 1);
}

TEST_CASE("T-41 a data size that overflows", "[T]") {
  Stage s;
  binder_transaction_data data{};
  data.target.handle = s.h;
  data.data_size = ~std::uint64_t{3};
  data.data.ptr.buffer = s.a.put_text("x");
  CHECK(s.a.thread().write_read(Commands().transaction_data(BC_TRANSACTION, data)) == gets(BR_FAILED_REPLY));
  CHECK(s.a.thread().extended_error() == ee(BR_FAILED_REPLY, -EINVAL));
}

TEST_CASE("T-42 sizes that are no multiple of 8", "[T]") {
  Stage s;
  binder_transaction_data data{};
  data.target.handle = s.h;
  data.offsets_size = 9;
  data.data.ptr.buffer = s.a.reserve(64);
  data.data.ptr.offsets = s.a.reserve(64);
  CHECK(s.a.thread().write_read(Commands().transaction_data(BC_TRANSACTION, data)) == gets(BR_FAILED_REPLY));
  CHECK(s.a.thread().extended_error() == ee(BR_FAILED_REPLY, -EINVAL));
  CHECK(s.a.thread().write_read(Commands().transaction_sg(s.h, 1, 0, {}, 9)) == gets(BR_FAILED_REPLY));
  CHECK(s.a.thread().extended_error() == ee(BR_FAILED_REPLY, -EINVAL));
  // Too large and wrong at once: the room is looked at first.
  data.data_size = 64 << 20;
  CHECK(s.a.thread().write_read(Commands().transaction_data(BC_TRANSACTION, data)) == gets(BR_FAILED_REPLY));
  CHECK(s.a.thread().extended_error() == ee(BR_FAILED_REPLY, -ENOSPC));
}

TEST_CASE("T-43 unreadable data and offsets", "[T]") {
  Stage s;
  binder_transaction_data data{};
  data.target.handle = s.h;
  data.data_size = 64;
  data.data.ptr.buffer = s.a.unmapped();
  CHECK(s.a.thread().write_read(Commands().transaction_data(BC_TRANSACTION, data)) == gets(BR_FAILED_REPLY));
  CHECK(s.a.thread().extended_error() == ee(BR_FAILED_REPLY, -EFAULT));
  // Half of it is there.
  data.data.ptr.buffer = s.a.arena_end() - 32;
  CHECK(s.a.thread().write_read(Commands().transaction_data(BC_TRANSACTION, data)) == gets(BR_FAILED_REPLY));
  CHECK(s.a.thread().extended_error() == ee(BR_FAILED_REPLY, -EFAULT));
  data.data.ptr.buffer = s.a.reserve(64);
  data.offsets_size = 8;
  data.data.ptr.offsets = s.a.unmapped();
  CHECK(s.a.thread().write_read(Commands().transaction_data(BC_TRANSACTION, data)) == gets(BR_FAILED_REPLY));
  CHECK(s.a.thread().extended_error() == ee(BR_FAILED_REPLY, -EFAULT));
  // Nothing is left of the failed ones.
  const binder_transaction_data next = s.deliver(Commands().transaction(s.h, 1, 0, Parcel::text("fine")));
  CHECK(s.b.offset_of(next.data.ptr.buffer) == 0);
}

TEST_CASE("T-45 the offsets address, also without offsets", "[T]") {
  Stage s;
  for (const std::size_t size : {0, 1, 8, 9, 100}) {
    REQUIRE(s.a.thread().write_read(Commands().oneway(s.h, 1, Parcel::zeros(size))) ==
            gets(BR_TRANSACTION_COMPLETE));
    const binder_transaction_data data = s.b.read().transaction();
    CHECK(data.data.ptr.offsets == data.data.ptr.buffer + align8(size));
    CHECK(data.offsets_size == 0);
    s.b.thread().write(Commands().free_buffer(data.data.ptr.buffer));
  }
}

// The server of a oneway finds the label behind data and offsets in the same buffer, with its NUL.
void check_security_context(Actor& m, const Result& r, const std::string& label) {
  REQUIRE(r == gets(BR_TRANSACTION_SEC_CTX));
  const binder_transaction_data& data = r.transaction();
  CHECK(m.text_of(data) == "data");
  const Address context = r.only(BR_TRANSACTION_SEC_CTX).security_context;
  CHECK(context == data.data.ptr.buffer + align8(data.data_size) + align8(data.offsets_size));
  const auto bytes = m.peek(context, label.empty() ? 256 : label.size() + 1);
  REQUIRE(bytes.has_value());
  if (label.empty()) {
    CHECK(bytes->front() != std::byte{0});
    CHECK(std::find(bytes->begin(), bytes->end(), std::byte{0}) != bytes->end());
  } else {
    Bytes expected = bytes_of(label);
    expected.push_back(std::byte{0});
    CHECK(*bytes == expected);
  }
}

TEST_CASE("T-46 a node that wants the caller's security context", "[T]") {
  World w;
  Actor& m = w.actor("manager").open().map().become_manager(0x1100);
  Actor& a = w.actor("client").open().map();
  const int error = w.traits().security_context_error;
  const Result sent = a.thread().write_read(Commands().oneway(0, 1, Parcel::text("data")));
  if (error != 0) {
    CHECK(sent == gets(BR_FAILED_REPLY));
    CHECK(a.thread().extended_error() == ee(BR_FAILED_REPLY, error));
    CHECK(m.read() == fails(EAGAIN));
    return;
  }
  CHECK(sent == gets(BR_TRANSACTION_COMPLETE));
  check_security_context(m, m.read(), "");
}

TEST_CASE("T-46 the same where there is a label", "[T]") {
  World w;
  const std::string label = "u:r:conformance:s0";
  if (!w.backend().set_security_label(label)) {
    unreachable(w, "which labels there are is decided by the machine");
    return;
  }
  Actor& m = w.actor("manager").open().map().become_manager(0x1100);
  Actor& a = w.actor("client").open().map();
  CHECK(a.thread().write_read(Commands().oneway(0, 1, Parcel::text("data"))) ==
        gets(BR_TRANSACTION_COMPLETE));
  check_security_context(m, m.read(), label);
}

TEST_CASE("T-48 a new call while completion and reply of the previous one are unread", "[T]") {
  Stage s;
  s.deliver(Commands().transaction(s.h, 1));
  s.b.thread().write(Commands().reply(11));
  const Result second = s.a.thread().write(Commands().transaction(s.h, 2));
  CHECK(second.write_consumed == 68);
  const Result r = s.a.read();
  CHECK(r == gets(BR_TRANSACTION_COMPLETE, BR_REPLY));
  CHECK(r.reply().code == 11);
  CHECK(s.a.read() == gets(BR_TRANSACTION_COMPLETE));
}

TEST_CASE("T-49 a new call while an unread reply is first in the queue", "[T]") {
  Stage s;
  // The first ioctl of a thread lets the completion out alone.
  Thread& fresh = s.a.thread(1);
  REQUIRE(fresh.write_read(Commands().transaction(s.h, 1)) == gets(BR_TRANSACTION_COMPLETE));
  REQUIRE(s.b.read() == gets(BR_TRANSACTION));
  s.b.thread().write(Commands().reply(11));
  REQUIRE(fresh.write(Commands().transaction(s.h, 2)).error == 0);
  CHECK(fresh.extended_error() == ee(BR_FAILED_REPLY, -EPROTO));
  const Result r = fresh.read();
  CHECK(r == gets(BR_REPLY));
  CHECK(r.reply().code == 11);
  CHECK(fresh.read() == gets(BR_FAILED_REPLY));
}

}  // namespace
}  // namespace cuse_binder::conformance
