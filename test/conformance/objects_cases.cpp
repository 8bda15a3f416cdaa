// Section O of the protocol: objects in transaction data, as the receiver sees them and as they are refused.
#include <fcntl.h>

#include <cstring>

#include "test/conformance/steps.h"

namespace cuse_binder::conformance {
namespace {

// The lowest number that a new descriptor of this process would get.
int lowest_free_fd(Actor& actor) {
  const int fd = actor.open_path();
  REQUIRE(fd >= 0);
  actor.close(fd);
  return fd;
}

// A stage with a fourth process c, whose node a may call as hc.
struct Third : Stage {
  Actor& c = w.actor("third").open().map();
  std::uint32_t hc = w.introduce(c.thread(), Node{0x5000, 0x55, 0x100}, a.thread());
};

TEST_CASE("O-01: a binder arrives as a handle with its flags", "[objects]") {
  World w;
  Actor& m = w.actor("manager").open().map().become_manager();
  Actor& a = w.actor("client").open().map();
  CHECK(a.thread().write_read(Commands().oneway(0, 1, Parcel().binder({0x1000, 0xc0de, 0x17f}))) ==
        gets(BR_INCREFS, BR_ACQUIRE, BR_TRANSACTION_COMPLETE));
  const auto data = receive(m.thread());
  const flat_binder_object object = m.object_of(data);
  CHECK(object.hdr.type == BINDER_TYPE_HANDLE);
  CHECK(object.flags == 0x17f);
  CHECK(object.binder == 1);  // the whole union: the handle, and 0 above it
  CHECK(object.cookie == 0);
}

TEST_CASE("O-02: a handle sent to its owner arrives as the owner's binder", "[objects]") {
  Stage s;
  accepted(s.a.thread(), Commands().oneway(s.h, 1, Parcel().handle(s.h, 0x42)));
  const flat_binder_object object = s.b.object_of(receive(s.b.thread()));
  CHECK(object.hdr.type == BINDER_TYPE_BINDER);
  CHECK(object.flags == 0x42);
  CHECK(object.binder == s.n.ptr);
  CHECK(object.cookie == s.n.cookie);
}

TEST_CASE("O-03: a weak handle sent to its owner arrives as the owner's weak binder", "[objects]") {
  Stage s;
  accepted(s.a.thread(), Commands().oneway(s.h, 1, Parcel().weak_handle(s.h, 0x7)));
  const flat_binder_object object = s.b.object_of(receive(s.b.thread()));
  CHECK(object.hdr.type == BINDER_TYPE_WEAK_BINDER);
  CHECK(object.flags == 0x7);
  CHECK(object.binder == s.n.ptr);
  CHECK(object.cookie == s.n.cookie);
}

TEST_CASE("O-04: a handle sent to a third process arrives as that process's handle", "[objects]") {
  Third s;
  accepted(s.a.thread(), Commands().oneway(s.hc, 1, Parcel().handle(s.h, 0x9)));
  const flat_binder_object object = s.c.object_of(receive(s.c.thread()));
  CHECK(object.hdr.type == BINDER_TYPE_HANDLE);
  CHECK(object.flags == 0x9);
  CHECK(object.binder == 1);  // c's first reference
  CHECK(object.cookie == 0);
  CHECK(s.b.read() == fails(EAGAIN));  // the owner was told before

  accepted(s.c.thread(), Commands().oneway(object.handle, 2));
  const auto call = receive(s.b.thread());
  CHECK(call.target.ptr == s.n.ptr);
  CHECK(call.code == 2);
}

TEST_CASE("O-05: weak and strong objects of one node share a handle", "[objects]") {
  Third s;
  accepted(s.a.thread(), Commands().oneway(s.hc, 1, Parcel().weak_handle(s.h).handle(s.h)));
  const auto data = receive(s.c.thread());
  CHECK(s.c.object_of(data, 0).hdr.type == BINDER_TYPE_WEAK_HANDLE);
  CHECK(s.c.object_of(data, 1).hdr.type == BINDER_TYPE_HANDLE);
  CHECK(s.c.object_of(data, 0).handle == s.c.object_of(data, 1).handle);

  // The same for a node that is new: weak first, then strong.
  const Node fresh{0x7000, 0x77, 0};
  const Result sent =
      s.b.thread().write_read(Commands().oneway(0, 2, Parcel().weak_binder(fresh).binder(fresh)));
  CHECK(sent == gets(BR_INCREFS, BR_ACQUIRE, BR_TRANSACTION_COMPLETE));
  const auto second = receive(s.m.thread());
  CHECK(s.m.object_of(second, 0).hdr.type == BINDER_TYPE_WEAK_HANDLE);
  CHECK(s.m.object_of(second, 1).hdr.type == BINDER_TYPE_HANDLE);
  CHECK(s.m.object_of(second, 0).handle == s.m.object_of(second, 1).handle);
}

TEST_CASE("O-06: another cookie for a known node is refused and undoes the other objects", "[objects]") {
  Stage s;
  const Node fresh{0x7000, 0x77, 0x100};
  refused(s.b.thread(),
          Commands().oneway(0, 1, Parcel().binder(fresh).binder({s.n.ptr, s.n.cookie + 1, s.n.flags})),
          -EINVAL);
  CHECK(s.b.read() == fails(EAGAIN));  // no BR_INCREFS for `fresh`
  CHECK(s.m.read() == fails(EAGAIN));
  // `fresh` is unknown again: it may have another cookie now, and its handle is the first of the manager.
  CHECK(s.b.thread().write_read(Commands().oneway(0, 1, Parcel().binder({fresh.ptr, 0x78, 0x100}))) ==
        gets(BR_INCREFS, BR_ACQUIRE, BR_TRANSACTION_COMPLETE));
  CHECK(s.m.object_of(receive(s.m.thread())).handle == 1);
}

TEST_CASE("O-07: unknown handles are refused, handle 0 is a reference like any other", "[objects]") {
  Stage s;
  refused(s.a.thread(), Commands().oneway(s.h, 1, Parcel().handle(77)), -EINVAL);
  refused(s.a.thread(), Commands().oneway(s.h, 1, Parcel().weak_handle(77)), -EINVAL);
  refused(s.a.thread(), Commands().oneway(s.h, 1, Parcel().handle(0)), -EINVAL);
  CHECK(s.b.read() == fails(EAGAIN));
  CHECK(s.a.thread().write(Commands().acquire(0)).error == 0);
  accepted(s.a.thread(), Commands().oneway(s.h, 1, Parcel().handle(0)));
  const flat_binder_object object = s.b.object_of(receive(s.b.thread()));
  CHECK(object.hdr.type == BINDER_TYPE_HANDLE);
  CHECK(object.binder == 0);  // b's reference to the manager
}

TEST_CASE("O-07: a weak-only handle cannot be sent as a strong one", "[objects]") {
  Stage s;
  const Node other{0x2000, 0x22, 0x100};
  const std::uint32_t weak = s.w.introduce_weak(s.b.thread(), other, s.a.thread());
  CHECK(s.b.read() == gets(BR_RELEASE));  // the weak reference alone is left
  refused(s.a.thread(), Commands().oneway(s.h, 1, Parcel().handle(weak)), -EINVAL);
  accepted(s.a.thread(), Commands().oneway(s.h, 1, Parcel().weak_handle(weak)));
  const flat_binder_object object = s.b.object_of(receive(s.b.thread()));
  CHECK(object.hdr.type == BINDER_TYPE_WEAK_BINDER);
  CHECK(object.binder == other.ptr);
}

TEST_CASE("O-08: a handle of a dead node can still be sent on", "[objects]") {
  Third s;
  CHECK(s.a.thread().write(Commands().request_death(s.h, 0xd1)).error == 0);
  s.b.kill();
  s.a.thread().await(BR_DEAD_BINDER);
  accepted(s.a.thread(), Commands().oneway(s.hc, 1, Parcel().handle(s.h)));
  const flat_binder_object object = s.c.object_of(receive(s.c.thread()));
  CHECK(object.hdr.type == BINDER_TYPE_HANDLE);
  refused(s.c.thread(), Commands().oneway(object.handle, 2), -EINVAL, BR_DEAD_REPLY);
}

TEST_CASE("O-09: an unknown object type is refused", "[objects]") {
  Stage s;
  for (const std::uint32_t type : {0x11223344u, 0u, 0xffffffffu, BINDER_TYPE_BINDER ^ 0x80u}) {
    flat_binder_object object{};
    object.hdr.type = type;
    refused(s.a.thread(), Commands().oneway(s.h, 1, Parcel().object(as_bytes_of(object))), -EINVAL);
  }
  CHECK(s.b.read() == fails(EAGAIN));
}

TEST_CASE("O-10: objects need four-byte alignment, not more", "[objects]") {
  Stage s;
  Parcel parcel = Parcel().u32(0).handle(s.h).u64(0);
  for (const std::uint64_t offset : {1u, 2u, 3u}) {
    parcel.offsets = {offset};
    refused(s.a.thread(), Commands().oneway(s.h, 1, parcel), -EINVAL);
  }
  parcel.offsets = {4};
  accepted(s.a.thread(), Commands().oneway(s.h, 1, parcel));
  const auto data = receive(s.b.thread());
  const auto object = at<flat_binder_object>(s.b.data_of(data), 4);
  CHECK(object.hdr.type == BINDER_TYPE_BINDER);
  CHECK(object.binder == s.n.ptr);
}

TEST_CASE("O-11: an object that does not fit into the data is refused", "[objects]") {
  Stage s;
  for (const std::size_t size : {20u, 23u, 4u, 3u}) {  // 24 are needed
    Parcel parcel = Parcel().handle(s.h);
    parcel.data.resize(size);
    INFO("data size " << size);
    refused(s.a.thread(), Commands().oneway(s.h, 1, parcel), -EINVAL);
  }
  Parcel at_end = Parcel::zeros(24);
  at_end.offsets = {24};
  refused(s.a.thread(), Commands().oneway(s.h, 1, at_end), -EINVAL);
  for (const std::uint64_t offset : {std::uint64_t{28}, std::uint64_t{1} << 40, ~std::uint64_t{3}}) {
    Parcel behind = Parcel::zeros(24);
    behind.offsets = {offset};
    refused(s.a.thread(), Commands().oneway(s.h, 1, behind), -EFAULT);
  }
  // Larger objects need their own size, a truncated pointer or array is no smaller one.
  for (const std::uint32_t type : {BINDER_TYPE_PTR, BINDER_TYPE_FDA}) {
    Parcel parcel = Parcel::zeros(24);
    std::memcpy(parcel.data.data(), &type, sizeof(type));
    parcel.offsets = {0};
    refused(s.a.thread(), Commands().transaction_sg(s.h, 1, TF_ONE_WAY, parcel, 64), -EINVAL);
  }
  CHECK(s.b.read() == fails(EAGAIN));
}

TEST_CASE("O-12: offsets must ascend without overlap", "[objects]") {
  Stage s;
  Parcel parcel = Parcel().handle(s.h).handle(s.h);
  for (const auto& offsets : std::vector<std::vector<std::uint64_t>>{{0, 0}, {24, 0}, {0, 20}, {0, 24, 24}}) {
    parcel.offsets = offsets;
    refused(s.a.thread(), Commands().oneway(s.h, 1, parcel), -EFAULT);
  }
  CHECK(s.b.read() == fails(EAGAIN));
}

TEST_CASE("O-13: a descriptor arrives as a new close-on-exec descriptor of the same file", "[objects]") {
  Stage s;
  const auto [read_end, write_end] = s.a.pipe();
  const int expected = lowest_free_fd(s.b);
  accepted(s.a.thread(), Commands().oneway(s.h, 1, Parcel().fd(read_end, 0x1122334455667788, 0x1234)));
  const flat_binder_object object = s.b.object_of(receive(s.b.thread()));
  CHECK(object.hdr.type == BINDER_TYPE_FD);
  CHECK(object.flags == 0x1234);  // pad_flags
  CHECK(object.cookie == 0x1122334455667788);
  CHECK(object.binder == static_cast<std::uint64_t>(expected));  // lowest free number, 0 in the upper half
  const int fd = static_cast<int>(object.handle);
  CHECK(s.b.is_cloexec(fd));
  CHECK(s.a.write_text(write_end, "through the pipe") == 16);
  CHECK(s.b.read_text(fd) == "through the pipe");
  CHECK(s.a.is_open(read_end));  // the sender keeps its own
}

TEST_CASE("O-13: several descriptors get the lowest numbers in object order", "[objects]") {
  Stage s;
  const auto [read_end, write_end] = s.a.pipe();
  const auto [other_read, other_write] = s.a.pipe();
  const int hole = s.b.open_path();
  const int above = s.b.open_path();
  s.b.close(hole);
  accepted(s.a.thread(), Commands().oneway(s.h, 1, Parcel().fd(read_end).u32(0).fd(other_read)));
  const auto data = receive(s.b.thread());
  const int first = static_cast<int>(s.b.object_of(data, 0).handle);
  const int second = static_cast<int>(s.b.object_of(data, 1).handle);
  CHECK(first == hole);
  CHECK(second == above + 1);
  CHECK(s.a.write_text(write_end, "one") == 3);
  CHECK(s.a.write_text(other_write, "two") == 3);
  CHECK(s.b.read_text(second) == "two");
  CHECK(s.b.read_text(first) == "one");
}

TEST_CASE("O-14: a received descriptor stays open when its buffer is freed", "[objects]") {
  Stage s;
  const auto [read_end, write_end] = s.a.pipe();
  accepted(s.a.thread(), Commands().oneway(s.h, 1, Parcel().fd(read_end)));
  const auto data = receive(s.b.thread());
  const int fd = static_cast<int>(s.b.object_of(data).handle);
  CHECK(s.b.thread().write(Commands().free_buffer(data.data.ptr.buffer)).error == 0);
  CHECK(s.b.is_open(fd));
  CHECK(s.a.write_text(write_end, "still") == 5);
  CHECK(s.b.read_text(fd) == "still");
}

TEST_CASE("O-15: descriptors that are not open are refused", "[objects]") {
  Stage s;
  refused(s.a.thread(), Commands().oneway(s.h, 1, Parcel().fd(9999)), -EBADF);
  refused(s.a.thread(), Commands().oneway(s.h, 1, Parcel().fd(-1)), -EBADF);
  refused(s.a.thread(), Commands().oneway(s.h, 1, Parcel().fd(s.a.open_path())), -EBADF);
  CHECK(s.b.read() == fails(EAGAIN));
}

TEST_CASE("O-16: only a node created with ACCEPTS_FDS accepts descriptors", "[objects]") {
  Stage s;
  Node closed{0x2000, 0x22, 0};
  const std::uint32_t handle = s.w.introduce(s.b.thread(), closed, s.a.thread());
  const auto [read_end, write_end] = s.a.pipe();
  refused(s.a.thread(), Commands().oneway(handle, 1, Parcel().fd(read_end)), -EPERM);
  // The flags of the first sending stay.
  closed.flags = 0x100;
  accepted(s.b.thread(), Commands().oneway(0, 1, Parcel().binder(closed)));
  const auto data = receive(s.m.thread());
  CHECK(s.m.object_of(data).flags == 0x100);
  refused(s.a.thread(), Commands().oneway(handle, 1, Parcel().fd(read_end)), -EPERM);
  CHECK(s.b.read() == fails(EAGAIN));
}

TEST_CASE("O-17: a refused transaction releases the files it took", "[objects]") {
  Stage s;
  const auto [read_end, write_end] = s.a.pipe();
  refused(s.a.thread(), Commands().oneway(s.h, 1, Parcel().fd(write_end).handle(77)), -EINVAL);
  CHECK(s.b.read() == fails(EAGAIN));
  s.a.close(write_end);
  CHECK(s.a.read_text(read_end) == "");  // end of file: nobody else holds the write end
}

TEST_CASE("O-18: a call whose descriptors cannot be installed fails for its caller", "[objects]") {
  Stage s;
  const auto [read_end, write_end] = s.a.pipe();
  CHECK(s.a.thread().write(Commands().transaction(s.h, 1, 0, Parcel().fd(read_end))).error == 0);
  const std::uint64_t limit = s.b.set_fd_limit(static_cast<std::uint64_t>(lowest_free_fd(s.b)));
  CHECK(s.b.read() == fails(EAGAIN));
  CHECK(s.a.read() == gets(BR_TRANSACTION_COMPLETE, BR_FAILED_REPLY));
  CHECK(s.a.thread().extended_error() == ee(BR_OK, 0));
  s.b.set_fd_limit(limit);
  // Both go on as if nothing had been.
  accepted(s.a.thread(), Commands().oneway(s.h, 2));
  CHECK(s.b.offset_of(receive(s.b.thread()).data.ptr.buffer) == 0);
}

TEST_CASE("O-18: descriptors are installed all or none", "[objects]") {
  Stage s;
  const auto [read_end, write_end] = s.a.pipe();
  CHECK(s.a.thread().write(Commands().transaction(s.h, 1, 0, Parcel().fd(read_end).fd(write_end))).error ==
        0);
  const int free_fd = lowest_free_fd(s.b);
  const std::uint64_t limit = s.b.set_fd_limit(static_cast<std::uint64_t>(free_fd) + 1);  // room for one
  CHECK(s.b.read() == fails(EAGAIN));
  CHECK(s.a.read() == gets(BR_TRANSACTION_COMPLETE, BR_FAILED_REPLY));
  s.b.set_fd_limit(limit);
  CHECK_FALSE(s.b.is_open(free_fd));
}

TEST_CASE("O-19: a oneway whose descriptors cannot be installed is dropped, the next is delivered",
          "[objects]") {
  Stage s;
  const auto [read_end, write_end] = s.a.pipe();
  accepted(s.a.thread(), Commands().oneway(s.h, 1, Parcel().fd(write_end)));
  accepted(s.a.thread(), Commands().oneway(s.h, 2));
  const std::uint64_t limit = s.b.set_fd_limit(static_cast<std::uint64_t>(lowest_free_fd(s.b)));
  CHECK(receive(s.b.thread()).code == 2);
  s.b.set_fd_limit(limit);
  CHECK(s.a.read() == fails(EAGAIN));
  s.a.close(write_end);
  CHECK(s.a.read_text(read_end) == "");  // the dropped one has let its file go
}

TEST_CASE("O-20: a reply whose descriptors cannot be installed becomes BR_FAILED_REPLY", "[objects]") {
  Stage s;
  CHECK(s.a.thread().write(Commands().transaction(s.h, 1, TF_ACCEPT_FDS)).error == 0);
  receive(s.b.thread());
  const auto [read_end, write_end] = s.b.pipe();
  accepted(s.b.thread(), Commands().reply(0, 0, Parcel().fd(read_end)));
  const std::uint64_t limit = s.a.set_fd_limit(static_cast<std::uint64_t>(lowest_free_fd(s.a)));
  CHECK(s.a.read() == gets(BR_TRANSACTION_COMPLETE, BR_FAILED_REPLY));
  s.a.set_fd_limit(limit);
  // The call is over: the next one works.
  CHECK(s.a.thread().write(Commands().transaction(s.h, 2)).error == 0);
  CHECK(receive(s.b.thread()).code == 2);
}

TEST_CASE("O-21: a pointed-to buffer is copied behind the offsets", "[objects]") {
  Stage s;
  const Address source = s.a.put(bytes_of("sixth!"));
  accepted(s.a.thread(),
           Commands().transaction_sg(s.h, 1, TF_ONE_WAY, Parcel().u64(0x1122).ptr(source, 6), 64));
  const auto data = receive(s.b.thread());
  CHECK(data.data_size == 48);
  const Bytes bytes = s.b.data_of(data);
  CHECK(at<std::uint64_t>(bytes, 0) == 0x1122);
  const auto object = at<binder_buffer_object>(bytes, 8);
  CHECK(object.hdr.type == BINDER_TYPE_PTR);
  CHECK(object.buffer == data.data.ptr.buffer + 48 + 8);
  CHECK(object.length == 6);
  CHECK(s.b.peek(object.buffer, 6) == bytes_of("sixth!"));
}

TEST_CASE("O-21: pointed-to buffers follow one another at multiples of eight", "[objects]") {
  Stage s;
  const Address first = s.a.put(bytes_of("abcdefghi"));
  const Address second = s.a.put(bytes_of("xyz"));
  accepted(s.a.thread(),
           Commands().transaction_sg(s.h, 1, TF_ONE_WAY, Parcel().ptr(first, 9).ptr(second, 3), 24));
  const auto data = receive(s.b.thread());
  const Bytes bytes = s.b.data_of(data);
  const std::uint64_t room = data.data.ptr.buffer + 80 + 16;
  CHECK(at<binder_buffer_object>(bytes, 0).buffer == room);
  CHECK(at<binder_buffer_object>(bytes, 40).buffer == room + 16);
  CHECK(s.b.peek(room, 9) == bytes_of("abcdefghi"));
  CHECK(s.b.peek(room + 16, 3) == bytes_of("xyz"));
}

TEST_CASE("O-21: a reply may point to buffers, too", "[objects]") {
  Stage s;
  done(s.a.thread(), Commands().transaction(s.h, 1));
  receive(s.b.thread());
  const Address source = s.b.put(bytes_of("an answer"));
  accepted(s.b.thread(), Commands().reply_sg(2, 0, Parcel().ptr(source, 9), 16));
  const Result answer = s.a.read();
  REQUIRE(answer == gets(BR_TRANSACTION_COMPLETE, BR_REPLY));
  const auto data = answer.reply();
  const auto object = at<binder_buffer_object>(s.a.data_of(data), 0);
  CHECK(object.buffer == data.data.ptr.buffer + 40 + 8);
  CHECK(s.a.peek(object.buffer, 9) == bytes_of("an answer"));
}

TEST_CASE("O-22: a pointed-to buffer without room, or unreadable, is refused", "[objects]") {
  Stage s;
  const Address source = s.a.put(bytes_of("123456789"));
  refused(s.a.thread(), Commands().transaction_sg(s.h, 1, TF_ONE_WAY, Parcel().ptr(source, 9), 8), -EINVAL);
  refused(s.a.thread(), Commands().oneway(s.h, 1, Parcel().ptr(source, 1)), -EINVAL);  // no room at all
  refused(s.a.thread(), Commands().transaction_sg(s.h, 1, TF_ONE_WAY, Parcel().ptr(source, ~0ull - 3), 64),
          -EINVAL);
  refused(s.a.thread(), Commands().transaction_sg(s.h, 1, TF_ONE_WAY, Parcel().ptr(s.a.unmapped(), 8), 8),
          -EINVAL);
  // Readable at first, unreadable behind.
  refused(s.a.thread(),
          Commands().transaction_sg(s.h, 1, TF_ONE_WAY, Parcel().ptr(s.a.arena_end() - 4, 8), 8), -EINVAL);
  CHECK(s.b.read() == fails(EAGAIN));
}

// A parcel with a parent buffer of `size` bytes 0xaa, not at data offset 0, as object 0.
struct Family {
  explicit Family(Actor& sender, std::uint64_t size = 32)
      : parent(sender.put(Bytes(size, std::byte{0xaa}))),
        child(sender.put(bytes_of("children"))),
        parcel(Parcel().u64(0).ptr(parent, size)) {}
  Address parent, child;
  Parcel parcel;
};

TEST_CASE("O-23: a child's new address is written into the parent's copy", "[objects]") {
  Stage s;
  Family f(s.a);
  accepted(s.a.thread(),
           Commands().transaction_sg(s.h, 1, TF_ONE_WAY, f.parcel.ptr_with_parent(f.child, 8, 0, 8), 40));
  const auto data = receive(s.b.thread());
  const Bytes bytes = s.b.data_of(data);
  const auto parent = at<binder_buffer_object>(bytes, 8);
  const auto child = at<binder_buffer_object>(bytes, 48);
  CHECK(child.flags == BINDER_BUFFER_FLAG_HAS_PARENT);
  CHECK(child.parent == 0);
  CHECK(child.parent_offset == 8);
  const auto copy = s.b.peek(parent.buffer, 32);
  REQUIRE(copy.has_value());
  CHECK(at<std::uint64_t>(*copy, 8) == child.buffer);
  CHECK(at<std::uint64_t>(*copy, 0) == 0xaaaaaaaaaaaaaaaa);
  CHECK(at<std::uint64_t>(*copy, 16) == 0xaaaaaaaaaaaaaaaa);
  CHECK(at<std::uint64_t>(*copy, 24) == 0xaaaaaaaaaaaaaaaa);
  CHECK(s.b.peek(child.buffer, 8) == bytes_of("children"));
}

TEST_CASE("O-24: a fix-up must lie inside an existing parent", "[objects]") {
  Stage s;
  for (const std::uint64_t offset :
       {std::uint64_t{25}, std::uint64_t{28}, std::uint64_t{32}, ~std::uint64_t{3}, ~std::uint64_t{7}}) {
    Family f(s.a);
    INFO("parent_offset " << offset);
    refused(
        s.a.thread(),
        Commands().transaction_sg(s.h, 1, TF_ONE_WAY, f.parcel.ptr_with_parent(f.child, 8, 0, offset), 40),
        -EINVAL);
  }
  for (const std::uint64_t parent : {std::uint64_t{5}, std::uint64_t{1}, ~std::uint64_t{0}}) {  // 1 is itself
    Family f(s.a);
    INFO("parent " << parent);
    refused(
        s.a.thread(),
        Commands().transaction_sg(s.h, 1, TF_ONE_WAY, f.parcel.ptr_with_parent(f.child, 8, parent, 0), 40),
        -EINVAL);
  }
  {
    // A parent that is no pointer.
    Parcel parcel = Parcel().u64(0).handle(s.h).ptr_with_parent(s.a.put(bytes_of("children")), 8, 0, 0);
    refused(s.a.thread(), Commands().transaction_sg(s.h, 1, TF_ONE_WAY, parcel, 40), -EINVAL);
  }
  Family f(s.a);
  accepted(s.a.thread(),
           Commands().transaction_sg(s.h, 1, TF_ONE_WAY, f.parcel.ptr_with_parent(f.child, 8, 0, 24), 40));
}

TEST_CASE("O-25: a fix-up needs four-byte alignment", "[objects]") {
  Stage s;
  Family odd(s.a);
  refused(s.a.thread(),
          Commands().transaction_sg(s.h, 1, TF_ONE_WAY, odd.parcel.ptr_with_parent(odd.child, 8, 0, 9), 40),
          -EINVAL);
  Family f(s.a);
  accepted(s.a.thread(),
           Commands().transaction_sg(s.h, 1, TF_ONE_WAY, f.parcel.ptr_with_parent(f.child, 8, 0, 4), 40));
  const Bytes bytes = s.b.data_of(receive(s.b.thread()));
  const auto copy = s.b.peek(at<binder_buffer_object>(bytes, 8).buffer, 16);
  REQUIRE(copy.has_value());
  CHECK(at<std::uint32_t>(*copy, 0) == 0xaaaaaaaa);
  CHECK(at<std::uint64_t>(*copy, 4) == at<binder_buffer_object>(bytes, 48).buffer);
  CHECK(at<std::uint32_t>(*copy, 12) == 0xaaaaaaaa);
}

TEST_CASE("O-26: fix-ups of one parent go upwards without overlap", "[objects]") {
  Stage s;
  struct Pair {
    std::uint64_t first, second;
    bool fine;
  };
  for (const Pair pair : {Pair{0, 8, true}, Pair{16, 0, false}, Pair{8, 8, false}, Pair{8, 12, false},
                          Pair{4, 12, true}, Pair{0, 24, true}}) {
    Family f(s.a);
    INFO("fix-ups at " << pair.first << " and " << pair.second);
    const Commands commands = Commands().transaction_sg(
        s.h, 1, TF_ONE_WAY,
        f.parcel.ptr_with_parent(f.child, 8, 0, pair.first).ptr_with_parent(f.child, 8, 0, pair.second), 48);
    if (!pair.fine) {
      refused(s.a.thread(), commands, -EINVAL);
      continue;
    }
    accepted(s.a.thread(), commands);
    const auto data = receive(s.b.thread());
    CHECK(s.b.thread().write(Commands().free_buffer(data.data.ptr.buffer)).error == 0);
  }
}

TEST_CASE("O-27: a parent must be the last touched buffer or one of its ancestors", "[objects]") {
  Stage s;
  {
    Family f(s.a);  // 0 is the parent; 1 and 2 are its children; 3 wants to be a child of 1
    f.parcel.ptr_with_parent(f.parent, 16, 0, 0).ptr_with_parent(f.parent, 16, 0, 8);
    refused(s.a.thread(),
            Commands().transaction_sg(s.h, 1, TF_ONE_WAY, f.parcel.ptr_with_parent(f.child, 8, 1, 0), 72),
            -EINVAL);
  }
  {
    Family f(s.a);  // 3 becomes a child of 2, and 4 of the common ancestor
    f.parcel.ptr_with_parent(f.parent, 16, 0, 0).ptr_with_parent(f.parent, 16, 0, 8);
    f.parcel.ptr_with_parent(f.child, 8, 2, 0).ptr_with_parent(f.child, 8, 0, 16);
    accepted(s.a.thread(), Commands().transaction_sg(s.h, 1, TF_ONE_WAY, f.parcel, 80));
  }
  {
    Family f(s.a);  // two unrelated buffers: the first is not an ancestor of the second
    f.parcel.ptr(f.parent, 16);
    refused(s.a.thread(),
            Commands().transaction_sg(s.h, 1, TF_ONE_WAY, f.parcel.ptr_with_parent(f.child, 8, 0, 0), 56),
            -EINVAL);
  }
}

TEST_CASE("O-28: a parent at data offset 0 cannot get a fix-up", "[objects]") {
  Stage s;
  const Address parent = s.a.put(Bytes(32, std::byte{0xaa}));
  const Address child = s.a.put(bytes_of("children"));
  refused(s.a.thread(),
          Commands().transaction_sg(s.h, 1, TF_ONE_WAY,
                                    Parcel().ptr(parent, 32).ptr_with_parent(child, 8, 0, 8), 40),
          -EINVAL);
}

// A parent buffer of four words [5, x, y, 7] as object 0 and an array of the two in the middle.
struct FdFamily {
  FdFamily(Actor& sender, std::uint32_t x, std::uint32_t y) {
    const std::uint32_t words[4] = {5, x, y, 7};
    parent = sender.put(std::as_bytes(std::span(words)));
    parcel = Parcel().u64(0).ptr(parent, 16);
  }
  Address parent;
  Parcel parcel;
};

TEST_CASE("O-29: an array of descriptors is replaced in the parent's copy", "[objects]") {
  Stage s;
  const auto [read_end, write_end] = s.a.pipe();
  FdFamily f(s.a, static_cast<std::uint32_t>(read_end), static_cast<std::uint32_t>(write_end));
  const int expected = lowest_free_fd(s.b);
  accepted(s.a.thread(), Commands().transaction_sg(s.h, 1, TF_ONE_WAY, f.parcel.fd_array(2, 0, 4), 16));
  const Bytes bytes = s.b.data_of(receive(s.b.thread()));
  const auto array = at<binder_fd_array_object>(bytes, 48);
  CHECK(array.hdr.type == BINDER_TYPE_FDA);
  CHECK(array.num_fds == 2);
  CHECK(array.parent == 0);
  CHECK(array.parent_offset == 4);
  const auto copy = s.b.peek(at<binder_buffer_object>(bytes, 8).buffer, 16);
  REQUIRE(copy.has_value());
  CHECK(at<std::uint32_t>(*copy, 0) == 5);
  const int first = static_cast<int>(at<std::uint32_t>(*copy, 4));
  const int second = static_cast<int>(at<std::uint32_t>(*copy, 8));
  CHECK(at<std::uint32_t>(*copy, 12) == 7);
  CHECK(first == expected);
  CHECK(second != first);
  CHECK(s.b.is_cloexec(first));
  CHECK(s.b.is_cloexec(second));
  CHECK(s.b.write_text(second, "round") == 5);
  CHECK(s.b.read_text(first) == "round");
}

TEST_CASE("O-30: freeing the buffer closes the descriptors of an array", "[objects]") {
  Stage s;
  const auto [read_end, write_end] = s.a.pipe();
  FdFamily f(s.a, static_cast<std::uint32_t>(read_end), static_cast<std::uint32_t>(write_end));
  const int first = lowest_free_fd(s.b);
  accepted(s.a.thread(), Commands().transaction_sg(s.h, 1, TF_ONE_WAY, f.parcel.fd_array(2, 0, 4), 16));
  const auto data = receive(s.b.thread());
  const Bytes bytes = s.b.data_of(data);
  const auto copy = s.b.peek(at<binder_buffer_object>(bytes, 8).buffer, 16);
  REQUIRE(copy.has_value());
  const int second = static_cast<int>(at<std::uint32_t>(*copy, 8));
  REQUIRE(s.b.is_open(first));
  REQUIRE(s.b.is_open(second));
  CHECK(s.b.thread().write(Commands().free_buffer(data.data.ptr.buffer)).error == 0);
  if (!s.w.traits().closes_fd_arrays) {
    unreachable(s.w, "this door cannot close descriptors of its clients");
    return;
  }
  CHECK_FALSE(s.b.is_open(first));
  CHECK_FALSE(s.b.is_open(second));
}

TEST_CASE("O-31: bad arrays of descriptors are refused, an empty one is not", "[objects]") {
  Stage s;
  const auto [read_end, write_end] = s.a.pipe();
  const auto x = static_cast<std::uint32_t>(read_end), y = static_cast<std::uint32_t>(write_end);
  const auto send = [&](std::uint32_t handle, Parcel parcel) {
    return Commands().transaction_sg(handle, 1, TF_ONE_WAY, std::move(parcel), 16);
  };
  refused(s.a.thread(), send(s.h, FdFamily(s.a, x, y).parcel.fd_array(5, 0, 0)), -EINVAL);
  refused(s.a.thread(), send(s.h, FdFamily(s.a, x, y).parcel.fd_array(4, 0, 4)), -EINVAL);
  refused(s.a.thread(), send(s.h, FdFamily(s.a, x, y).parcel.fd_array(~0ull >> 2, 0, 4)), -EINVAL);
  refused(s.a.thread(), send(s.h, FdFamily(s.a, x, y).parcel.fd_array(1, 0, 2)), -EINVAL);
  refused(s.a.thread(), send(s.h, FdFamily(s.a, x, y).parcel.fd_array(1, 1, 4)), -EINVAL);
  refused(s.a.thread(), send(s.h, FdFamily(s.a, x, 9999).parcel.fd_array(2, 0, 4)), -EBADF);
  CHECK(s.b.read() == fails(EAGAIN));
  s.a.close(write_end);
  CHECK(s.a.read_text(read_end) == "");  // none of them kept a file

  accepted(s.a.thread(), send(s.h, FdFamily(s.a, x, x).parcel.fd_array(0, 0, 4)));
  receive(s.b.thread());
  const std::uint32_t closed = s.w.introduce(s.b.thread(), Node{0x2000, 0x22, 0}, s.a.thread());
  refused(s.a.thread(), send(closed, FdFamily(s.a, x, x).parcel.fd_array(1, 0, 4)), -EPERM);
  accepted(s.a.thread(), send(closed, FdFamily(s.a, x, x).parcel.fd_array(0, 0, 4)));
}

// Transaction data that stays at a known address of the sender.
struct Visible {
  Visible(Actor& sender, std::uint32_t handle, const Parcel& parcel) {
    data.target.handle = handle;
    data.code = 1;
    data.flags = TF_ONE_WAY;
    data.data_size = parcel.data.size();
    data.offsets_size = parcel.offsets.size() * sizeof(binder_size_t);
    data.data.ptr.buffer = sender.put(parcel.data);
    data.data.ptr.offsets = sender.put(std::as_bytes(std::span(parcel.offsets)));
  }
  binder_transaction_data data{};
};

TEST_CASE("O-32: the sender's memory is never written", "[objects]") {
  Stage s;
  const auto [read_end, write_end] = s.a.pipe();
  FdFamily f(s.a, static_cast<std::uint32_t>(read_end), static_cast<std::uint32_t>(write_end));
  const Address child = s.a.put(bytes_of("children"));
  const Parcel parcel =
      f.parcel.fd_array(1, 0, 4).fd(read_end).handle(s.h).ptr(child, 8).binder({0x8000, 0x88, 0});
  Visible visible(s.a, s.h, parcel);
  const auto before = s.a.peek(visible.data.data.ptr.buffer, parcel.data.size());
  const auto words = s.a.peek(f.parent, 16);
  CHECK(s.a.thread().write_read(Commands().transaction_data(BC_TRANSACTION_SG, visible.data, 24)) ==
        gets(BR_INCREFS, BR_ACQUIRE, BR_TRANSACTION_COMPLETE));
  receive(s.b.thread());
  CHECK(s.a.peek(visible.data.data.ptr.buffer, parcel.data.size()) == before);
  CHECK(s.a.peek(f.parent, 16) == words);
}

TEST_CASE("O-33: what the sender changes afterwards changes nothing at the receiver", "[objects]") {
  Stage s;
  const Address child = s.a.put(bytes_of("children"));
  const Parcel parcel = Parcel().u64(0x1122).handle(s.h).ptr(child, 8);
  Visible visible(s.a, s.h, parcel);
  accepted(s.a.thread(), Commands().transaction_data(BC_TRANSACTION_SG, visible.data, 8));
  std::memset(s.a.at(visible.data.data.ptr.buffer), 0xff, parcel.data.size());
  std::memset(s.a.at(visible.data.data.ptr.offsets), 0xff, parcel.offsets.size() * 8);
  std::memset(s.a.at(child), 0xff, 8);
  const auto data = receive(s.b.thread());
  const Bytes bytes = s.b.data_of(data);
  CHECK(at<std::uint64_t>(bytes, 0) == 0x1122);
  CHECK(at<flat_binder_object>(bytes, 8).binder == s.n.ptr);
  CHECK(s.b.peek(at<binder_buffer_object>(bytes, 32).buffer, 8) == bytes_of("children"));
  const auto offsets = s.b.peek(data.data.ptr.offsets, 16);
  REQUIRE(offsets.has_value());
  CHECK(at<std::uint64_t>(*offsets, 0) == 8);
  CHECK(at<std::uint64_t>(*offsets, 8) == 32);
}

TEST_CASE("O-34: the manager's node received as an object is handle 0", "[objects]") {
  World w;
  Actor& m = w.actor("manager").open().map().become_manager(0x100, 0x1230, 0x456);
  Actor& a = w.actor("client").open().map();
  CHECK(a.thread().write_read(Commands().oneway(0, 1, Parcel().binder({0x1000, 0xc0de, 0}))) ==
        gets(BR_INCREFS, BR_ACQUIRE, BR_TRANSACTION_COMPLETE));
  const std::uint32_t back = m.object_of(receive(m.thread())).handle;
  // No BR_INCREFS, BR_ACQUIRE: the manager's own node was announced from the start.
  accepted(m.thread(), Commands().oneway(back, 2, Parcel().binder({0x1230, 0x456, 0})));
  const flat_binder_object object = a.object_of(receive(a.thread()));
  CHECK(object.hdr.type == BINDER_TYPE_HANDLE);
  CHECK(object.binder == 0);
}

}  // namespace
}  // namespace cuse_binder::conformance
