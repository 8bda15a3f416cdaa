// Section F: open, mmap, poll, close and bare ioctls of the device file.
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "test/conformance/world.h"

namespace cuse_binder::conformance {
namespace {

constexpr std::uint64_t kPage = 4096;

// True if the case concerns the file below a session and there is none.
bool without_file(World& w) {
  if (w.traits().is_file) return false;
  unreachable(w, "there is no file below a session in process; the doors are asked this on their own files");
  return true;
}

TEST_CASE("F-01 every open mode works", "[F]") {
  World w;
  Actor& a = w.actor("client");
  for (const int mode : {O_RDONLY, O_WRONLY, O_RDWR}) {
    const int fd = a.open_flags(mode | O_CLOEXEC);
    CHECK(fd >= 0);
    binder_version version{};
    CHECK(a.thread().on(fd).ioctl(BINDER_VERSION, version) == 0);
    CHECK(version.protocol_version == 8);
  }
}

TEST_CASE("F-02 read, write and lseek are refused", "[F]") {
  World w;
  if (without_file(w)) return;
  Actor& a = w.actor("client").open();
  const Address memory = a.reserve(16);
  const auto fd = static_cast<std::uint64_t>(a.fd());
  const Outcome read = a.thread().call({Sys::read, {fd, memory, 16}});
  CHECK(read.value == -1);
  CHECK(read.error == EINVAL);
  const Outcome write = a.thread().call({Sys::write, {fd, memory, 16}});
  CHECK(write.value == -1);
  CHECK(write.error == EINVAL);
  const Outcome seek = a.thread().call({Sys::lseek, {fd, 0, SEEK_SET}});
  if (w.traits().refuses_seek) {
    CHECK(seek.value == -1);
    CHECK(seek.error == ESPIPE);
  } else {
    CHECK(seek.value == 0);
  }
}

TEST_CASE("F-03 mappings for reading, private and shared, at any offset", "[F]") {
  World w;
  if (without_file(w)) return;
  Actor& a = w.actor("client");
  for (const int flags : {MAP_PRIVATE, MAP_SHARED, MAP_PRIVATE | MAP_NORESERVE}) {
    a.open();
    CHECK(a.mmap(a.fd(), 16 * kPage, PROT_READ, flags) > 0);
  }
  a.open();
  CHECK(a.mmap(a.fd(), 16 * kPage, PROT_READ, MAP_PRIVATE, 3 * kPage) > 0);
}

TEST_CASE("F-03 the mapping's offset is ignored", "[F]") {
  World w;
  if (without_file(w)) return;
  w.actor("manager").open().map().become_manager();
  Actor& a = w.actor("client").open().map();
  Actor& b = w.actor("server").open();
  REQUIRE(b.mmap(b.fd(), 16 * kPage, PROT_READ, MAP_PRIVATE, 3 * kPage) > 0);
  if (!w.traits().ignores_mmap_offset) {
    unreachable(w, "the kernel maps the backing file at the client's offset and nobody is asked");
    return;
  }
  const std::uint32_t h = w.introduce(b.thread(), Node{0x1000, 0xc0de}, a.thread());
  REQUIRE(a.thread().write(Commands().oneway(h, 1, Parcel::text("hello"))).error == 0);
  const Result r = b.read();
  CHECK(b.offset_of(r.transaction().data.ptr.buffer) == 0);
  CHECK(b.text_of(r.transaction()) == "hello");
}

TEST_CASE("F-04 a mapping that asks for writing is refused", "[F]") {
  World w;
  if (without_file(w)) return;
  Actor& a = w.actor("client").open();
  const std::int64_t private_mapping = a.mmap(a.fd(), 16 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE);
  a.open();
  const std::int64_t shared_mapping = a.mmap(a.fd(), 16 * kPage, PROT_WRITE, MAP_SHARED);
  if (w.traits().refuses_writable_mapping) {
    CHECK(private_mapping == -EPERM);
    CHECK(shared_mapping == -EPERM);
  } else {
    // The client gets memory of its own, or harms only itself: the server's text below still arrives
    // elsewhere.
    CHECK(private_mapping > 0);
    CHECK((shared_mapping > 0 || shared_mapping == -EPERM));
  }
}

TEST_CASE("F-05 after a refused mapping another succeeds", "[F]") {
  World w;
  if (without_file(w)) return;
  Actor& a = w.actor("client").open();
  (void)a.mmap(a.fd(), 16 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE);
  CHECK(a.mmap(a.fd(), 16 * kPage, PROT_READ, MAP_PRIVATE) > 0);
}

TEST_CASE("F-06 a second mapping is refused, also after the first is gone", "[F]") {
  World w;
  if (without_file(w)) return;
  Actor& a = w.actor("client").open();
  const std::int64_t first = a.mmap(a.fd(), 16 * kPage, PROT_READ, MAP_PRIVATE);
  REQUIRE(first > 0);
  const std::int64_t second = a.mmap(a.fd(), 16 * kPage, PROT_READ, MAP_PRIVATE);
  REQUIRE(a.munmap(static_cast<Address>(first), 16 * kPage) == 0);
  const std::int64_t third = a.mmap(a.fd(), 16 * kPage, PROT_READ, MAP_PRIVATE);
  if (w.traits().counts_mappings) {
    CHECK(second == -EBUSY);
    CHECK(third == -EBUSY);
  } else {
    CHECK(second > 0);
    CHECK(third > 0);
  }
}

TEST_CASE("F-07 a forked child cannot map", "[F]") {
  World w;
  if (without_file(w)) return;
  Actor& a = w.actor("client").open();
  Actor& child = a.fork_child("child");
  const std::int64_t mapping = child.mmap(a.fd(), 16 * kPage, PROT_READ, MAP_PRIVATE);
  if (w.traits().counts_mappings) {
    CHECK(mapping == -EINVAL);
  } else {
    CHECK(mapping > 0);
  }
}

TEST_CASE("F-08 mapping a write-only descriptor is EACCES", "[F]") {
  World w;
  if (without_file(w)) return;
  Actor& a = w.actor("client");
  const int fd = a.open_flags(O_WRONLY | O_CLOEXEC);
  REQUIRE(fd >= 0);
  CHECK(a.mmap(fd, 16 * kPage, PROT_READ, MAP_PRIVATE) == -EACCES);
}

TEST_CASE("F-09 the mapping cannot become writable", "[F]") {
  World w;
  if (without_file(w)) return;
  Actor& a = w.actor("client").open().map(16 * kPage);
  CHECK(a.mprotect(a.mapping(), 16 * kPage, PROT_READ | PROT_WRITE) ==
        (w.traits().refuses_writable_mapping ? EACCES : 0));
}

TEST_CASE("F-10 a page that never held a buffer", "[F]") {
  Stage s;
  if (without_file(s.w)) return;
  const auto bytes = s.b.peek(s.b.mapping() + 200 * kPage, 8);
  if (s.w.traits().unused_pages_fault) {
    CHECK_FALSE(bytes.has_value());
  } else {
    REQUIRE(bytes.has_value());
    CHECK(*bytes == Bytes(8, std::byte{0}));
  }
}

TEST_CASE("F-11 at most 4 MiB of a mapping are used", "[F]") {
  World w;
  w.actor("manager").open().map().become_manager();
  Actor& a = w.actor("client").open().map();
  Actor& b = w.actor("server").open().map(8 << 20);
  const std::uint32_t h = w.introduce(b.thread(), Node{0x1000, 0xc0de}, a.thread());
  constexpr std::size_t kMiB = 1 << 20;

  REQUIRE(a.thread().write_read(Commands().oneway(h, 1, Parcel::zeros(2 * kMiB))) ==
          gets(BR_TRANSACTION_COMPLETE));
  CHECK(a.thread().write_read(Commands().oneway(h, 2, Parcel::zeros(8))) == gets(BR_FAILED_REPLY));
  CHECK(a.thread().extended_error() == ee(BR_FAILED_REPLY, -ENOSPC));
  const Result oneway = b.read();
  b.thread().write(Commands().free_buffer(oneway.transaction().data.ptr.buffer));

  CHECK(a.thread().write_read(Commands().transaction(h, 3, 0, Parcel::zeros(4 * kMiB + 8))) ==
        gets(BR_FAILED_REPLY));
  CHECK(a.thread().extended_error() == ee(BR_FAILED_REPLY, -ENOSPC));
  CHECK(a.thread().write_read(Commands().transaction(h, 4, 0, Parcel::zeros(4 * kMiB))) == fails(EAGAIN));
  const Result call = b.read();
  CHECK(call.transaction().data_size == 4 * kMiB);
  CHECK(b.offset_of(call.transaction().data.ptr.buffer) == 0);
}

TEST_CASE("F-12 unknown ioctls and the two that never worked are EINVAL", "[F]") {
  World w;
  Actor& a = w.actor("client").open();
  std::uint64_t argument = 0;
  CHECK(a.thread().ioctl(_IOWR('b', 99, std::uint64_t), argument) == EINVAL);
  CHECK(a.thread().ioctl(_IOWR('x', 9, std::uint64_t), argument) == EINVAL);
  CHECK(a.thread().ioctl(_IOWR('b', 9, std::uint64_t), argument) == EINVAL);
  CHECK(a.thread().ioctl(BINDER_SET_IDLE_TIMEOUT, argument) == EINVAL);
  std::uint32_t priority = 0;
  CHECK(a.thread().ioctl(BINDER_SET_IDLE_PRIORITY, priority) == EINVAL);
}

TEST_CASE("F-13 BINDER_VERSION is 8, also unmapped", "[F]") {
  World w;
  Actor& a = w.actor("client").open();
  binder_version version{};
  CHECK(a.thread().ioctl(BINDER_VERSION, version) == 0);
  CHECK(version.protocol_version == 8);
}

TEST_CASE("F-14 a bad pointer is EFAULT", "[F]") {
  Stage s;
  if (without_file(s.w)) return;
  for (const std::uint32_t request :
       {static_cast<std::uint32_t>(BINDER_WRITE_READ),
        static_cast<std::uint32_t>(BINDER_GET_NODE_INFO_FOR_REF),
        static_cast<std::uint32_t>(BINDER_GET_NODE_DEBUG_INFO), static_cast<std::uint32_t>(BINDER_FREEZE),
        static_cast<std::uint32_t>(BINDER_GET_FROZEN_INFO),
        static_cast<std::uint32_t>(BINDER_ENABLE_ONEWAY_SPAM_DETECTION), kGetExtendedError}) {
    INFO("request 0x" << std::hex << request);
    CHECK(s.m.thread().ioctl_at(request, 8) == EFAULT);
  }
}

TEST_CASE("F-15 a bad pointer is EINVAL in three ioctls", "[F]") {
  World w;
  if (without_file(w)) return;
  Actor& a = w.actor("client").open();
  const int expected = w.traits().reads_bad_pointer ? EINVAL : EFAULT;
  for (const std::uint32_t request :
       {static_cast<std::uint32_t>(BINDER_SET_MAX_THREADS),
        static_cast<std::uint32_t>(BINDER_SET_CONTEXT_MGR_EXT), static_cast<std::uint32_t>(BINDER_VERSION)}) {
    INFO("request 0x" << std::hex << request);
    CHECK(a.thread().ioctl_at(request, 8) == expected);
  }
}

TEST_CASE("F-16 the first poll of a thread is readable", "[F]") {
  Stage s;
  Thread& fresh = s.a.thread(1);
  CHECK(fresh.poll() == POLLIN);
  fresh.touch();
  CHECK(fresh.poll() == 0);
}

TEST_CASE("F-17 a oneway wakes a poll", "[F]") {
  Stage s;
  REQUIRE(s.b.thread().poll() == 0);
  Thread& poller = s.b.thread();
  poller.start_call(
      {Sys::poll, {static_cast<std::uint64_t>(s.b.fd()), POLLIN, static_cast<std::uint64_t>(-1)}});
  s.w.eventually("the poll sleeps", [&] { return poller.sleeps(); });
  REQUIRE(s.a.thread().write_read(Commands().oneway(s.h, 1)) == gets(BR_TRANSACTION_COMPLETE));
  const Outcome outcome = poller.finish_call();
  CHECK((outcome.value & POLLIN) != 0);
  CHECK(s.b.read() == gets(BR_TRANSACTION));
}

TEST_CASE("F-18 with a call pending only the reply makes the descriptor readable", "[F]") {
  Stage s;
  const std::uint32_t to_a = s.w.introduce(s.a.thread(), Node{0x2000, 0x22}, s.b.thread());
  REQUIRE(s.a.thread().write(Commands().transaction(s.h, 1)).error == 0);
  REQUIRE(s.b.thread().write_read(Commands().oneway(to_a, 7)).has(BR_TRANSACTION_COMPLETE));
  CHECK(s.a.thread().poll() == 0);
  Result incoming = s.b.read();
  REQUIRE(incoming == gets(BR_TRANSACTION));
  REQUIRE(s.b.thread().write(Commands().reply()).error == 0);
  CHECK(s.a.thread().poll() == POLLIN);
}

TEST_CASE("F-18 process work makes the descriptor readable", "[F]") {
  Stage s;
  REQUIRE(s.b.thread().poll() == 0);
  REQUIRE(s.a.thread().write(Commands().oneway(s.h, 1)).error == 0);
  CHECK(s.b.thread().poll() == POLLIN);
}

TEST_CASE("F-19 a deferred completion alone does not make the descriptor readable", "[F]") {
  Stage s;
  REQUIRE(s.a.thread().write(Commands().transaction(s.h, 1)).error == 0);
  CHECK(s.a.thread().poll() == 0);
}

TEST_CASE("F-20 the completion of a oneway makes the descriptor readable", "[F]") {
  Stage s;
  REQUIRE(s.a.thread().write(Commands().oneway(s.h, 1)).error == 0);
  CHECK(s.a.thread().poll() == POLLIN);
}

TEST_CASE("F-21 poll never reports POLLOUT", "[F]") {
  Stage s;
  constexpr short kAll = POLLIN | POLLOUT | POLLPRI | POLLRDNORM | POLLWRNORM;
  CHECK((s.a.thread(1).poll(kAll) & (POLLOUT | POLLWRNORM)) == 0);
  CHECK((s.a.thread(1).touch().poll(kAll) & (POLLOUT | POLLWRNORM)) == 0);
  REQUIRE(s.a.thread().write(Commands().oneway(s.h, 1)).error == 0);
  CHECK((s.a.thread().poll(kAll) & (POLLIN | POLLOUT | POLLWRNORM)) == POLLIN);
}

TEST_CASE("F-22 closing a duplicate ends a blocking read with BR_NOOP", "[F]") {
  World w;
  Actor& a = w.actor("client").open_blocking().map();
  if (!w.traits().flushes) {
    unreachable(w, "this door is not told of closed duplicates");
    return;
  }
  Pending read = a.thread().start_read();
  REQUIRE(read.blocked());
  a.close(a.dup(a.fd()));
  const Result r = read.finish();
  CHECK(r == gets());
  CHECK(r.read_consumed == 4);
  CHECK(r.word(0) == 0x0000720c);
}

TEST_CASE("F-23 after close the mapping keeps the receiver alive", "[F]") {
  Stage s;
  const Address mapping = s.b.mapping();
  s.b.close();
  const auto send = [&] { return s.a.thread().write_read(Commands().oneway(s.h, 1)); };
  if (s.w.traits().mapping_keeps_file) {
    CHECK(send() == gets(BR_TRANSACTION_COMPLETE));
    REQUIRE(s.b.munmap(mapping, 1 << 20) == 0);
  }
  s.w.eventually("the server is dead", [&] { return send() == gets(BR_DEAD_REPLY); });
}

TEST_CASE("F-24 a partly unmapped receiver", "[F]") {
  Stage s;
  REQUIRE(s.b.munmap(s.b.mapping() + 100 * kPage, kPage) == 0);
  const Result r = s.a.thread().write_read(Commands().oneway(s.h, 1));
  if (s.w.traits().sees_munmap) {
    CHECK(r == gets(BR_DEAD_REPLY));
    CHECK(s.a.thread().extended_error() == ee(BR_DEAD_REPLY, -ESRCH));
  } else {
    CHECK(r == gets(BR_TRANSACTION_COMPLETE));
  }
}

TEST_CASE("F-25 two opens of one process are two procs", "[F]") {
  World w;
  w.actor("manager").open().map().become_manager();
  Actor& a = w.actor("client").open().map();
  const int first = a.fd();
  Thread owner = a.thread(0);
  a.open().map();
  const int second = a.fd();
  REQUIRE(first != second);
  Thread caller = a.thread(0);
  const std::uint32_t h = w.introduce(owner, Node{0x1000, 0xc0de}, caller);
  CHECK(h == 1);
  REQUIRE(caller.write_read(Commands().oneway(h, 5)) == gets(BR_TRANSACTION_COMPLETE));
  const Result r = owner.read();
  CHECK(r == gets(BR_TRANSACTION));
  CHECK(r.transaction().target.ptr == 0x1000);
}

TEST_CASE("F-26 a forked child calls through the inherited descriptor", "[F]") {
  Stage s;
  Actor& child = s.a.fork_child("child");
  REQUIRE(child.thread().touch().write(Commands().transaction(s.h, 5)).error == 0);
  const Result r = s.b.read();
  REQUIRE(r == gets(BR_TRANSACTION));
  CHECK(r.transaction().sender_pid == s.a.pid());
  s.b.thread().write(Commands().reply(6));
  CHECK(child.read() == gets(BR_TRANSACTION_COMPLETE, BR_REPLY));
}

TEST_CASE("F-27 clearing O_NONBLOCK takes effect on the next read", "[F]") {
  World w;
  Actor& a = w.actor("client").open().map();
  CHECK(a.read() == fails(EAGAIN));
  REQUIRE(a.fcntl(a.fd(), F_SETFL, 0) == 0);
  Pending read = a.thread().start_read();
  CHECK(read.blocked());
  a.thread().signal();
  CHECK(read.finish() == fails(EINTR));
}

TEST_CASE("F-27 setting O_NONBLOCK after a blocking open takes effect on the next read", "[F]") {
  World w;
  Actor& a = w.actor("client").open_blocking().map();
  REQUIRE(a.fcntl(a.fd(), F_SETFL, O_NONBLOCK) == 0);
  Pending read = a.thread().start_read();
  if (!w.traits().sees_nonblock_set_later) {
    CHECK(read.blocked());
    a.thread().signal();
    CHECK(read.finish() == fails(EINTR));
    return;
  }
  CHECK(read.finish() == fails(EAGAIN));
}

}  // namespace
}  // namespace cuse_binder::conformance
