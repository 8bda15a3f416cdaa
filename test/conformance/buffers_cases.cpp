// Section B of the protocol: where buffers lie, how long they live, and when oneway calls are spam.
#include <algorithm>
#include <array>

#include "test/conformance/steps.h"

namespace cuse_binder::conformance {
namespace {

// A server with `count` nodes, so that as many oneway calls can be delivered and held at the same time.
struct Shelf {
  explicit Shelf(int count, std::uint64_t area = 1 << 20) {
    m.open().map().become_manager();
    a.open().map();
    b.open().map(area);
    for (int i = 0; i < count; ++i) handles.push_back(w.introduce(b.thread(), node(i), a.thread()));
  }
  static Node node(int i) {
    const auto number = static_cast<std::uint64_t>(i);
    return {0x1000 * (number + 1), number + 1, 0x100};
  }
  // Sends `size` bytes to node i; the buffer that b received.
  binder_transaction_data deliver(int i, std::uint64_t size) {
    accepted(a.thread(), Commands().oneway(handles[static_cast<std::size_t>(i)], 1,
                                           Parcel::filled(size, static_cast<std::byte>(0x10 + i))));
    return receive(b.thread());
  }
  std::uint64_t place(const binder_transaction_data& data) { return b.offset_of(data.data.ptr.buffer); }
  void drop(const binder_transaction_data& data) { free_buffer(b.thread(), data); }

  World w;
  Actor& m = w.actor("manager");
  Actor& a = w.actor("client");
  Actor& b = w.actor("server");
  std::vector<std::uint32_t> handles;
};

TEST_CASE("B-01: buffers stack upwards from the start of the mapping", "[buffers]") {
  Shelf s(3);
  CHECK(s.place(s.deliver(0, 8)) == 0);
  CHECK(s.place(s.deliver(1, 8)) == 8);
  CHECK(s.place(s.deliver(2, 13)) == 16);
}

TEST_CASE("B-02: an empty call has an address of its own and takes eight bytes", "[buffers]") {
  Shelf s(3);
  CHECK(s.deliver(0, 0).data.ptr.buffer == s.b.mapping());
  CHECK(s.place(s.deliver(1, 0)) == 8);
  CHECK(s.place(s.deliver(2, 1)) == 16);
}

TEST_CASE("B-03: after everything is freed the next buffer is at the start, in every order of freeing",
          "[buffers]") {
  Shelf s(4);
  const std::array<std::uint64_t, 4> sizes{8, 1000, 0, 40};
  std::array<int, 4> order{0, 1, 2, 3};
  do {
    std::vector<binder_transaction_data> held;
    for (int i = 0; i < 4; ++i) held.push_back(s.deliver(i, sizes[static_cast<std::size_t>(i)]));
    CHECK(s.place(held[0]) == 0);
    CHECK(s.place(held[3]) == 8 + 1000 + 8);
    for (const int i : order) s.drop(held[static_cast<std::size_t>(i)]);
  } while (std::next_permutation(order.begin(), order.end()));
  CHECK(s.place(s.deliver(0, 100)) == 0);
}

TEST_CASE("B-04: oneway calls may take half of the area, exactly", "[buffers]") {
  Shelf s(1, 64 << 10);
  refused(s.a.thread(), Commands().oneway(s.handles[0], 1, Parcel::zeros(32769)), -ENOSPC);
  const auto data = s.deliver(0, 32768);
  refused(s.a.thread(), Commands().oneway(s.handles[0], 1, Parcel::zeros(8)), -ENOSPC);
  refused(s.a.thread(), Commands().oneway(s.handles[0], 1), -ENOSPC);
  s.drop(data);
  CHECK(s.place(s.deliver(0, 32768)) == 0);
}

TEST_CASE("B-05: a synchronous call may take the whole area", "[buffers]") {
  Shelf s(1, 64 << 10);
  const std::uint32_t h = s.handles[0];
  refused(s.a.thread(), Commands().transaction(h, 1, 0, Parcel::zeros(65537)), -ENOSPC);
  done(s.a.thread(), Commands().transaction(h, 1, 0, Parcel::filled(65536, std::byte{0x5a})));
  refused(s.a.thread(1).touch(), Commands().transaction(h, 2), -ENOSPC);
  refused(s.a.thread(1), Commands().oneway(h, 3), -ENOSPC);
  const auto data = receive(s.b.thread());
  CHECK(data.data_size == 65536);
  CHECK(s.b.data_of(data) == Bytes(65536, std::byte{0x5a}));
  s.drop(data);
  accepted(s.a.thread(1), Commands().oneway(h, 4, Parcel::zeros(32768)));
}

TEST_CASE("B-06: a buffer that was not delivered cannot be freed", "[buffers]") {
  Shelf s(1);
  accepted(s.a.thread(), Commands().oneway(s.handles[0], 7, Parcel::text("kept")));
  done(s.b.thread(), Commands().free_buffer(s.b.mapping()));
  const auto data = receive(s.b.thread());
  CHECK(data.code == 7);
  CHECK(s.b.text_of(data) == "kept");
  // Nor can anything that is no buffer's start.
  done(s.b.thread(), Commands()
                         .free_buffer(data.data.ptr.buffer + 4)
                         .free_buffer(data.data.ptr.buffer + 8)
                         .free_buffer(s.b.mapping() + s.b.mapping_size())
                         .free_buffer(0)
                         .free_buffer(~0ull));
  CHECK(s.b.text_of(data) == "kept");
  accepted(s.a.thread(), Commands().oneway(s.handles[0], 8));
  CHECK(s.b.read() == fails(EAGAIN));  // 7 is still in progress, so nothing was freed
}

TEST_CASE("B-07: freeing twice has no effect", "[buffers]") {
  Shelf s(2);
  const auto first = s.deliver(0, 64);
  s.drop(first);
  s.drop(first);
  // Also when the range is in use again, but not delivered.
  accepted(s.a.thread(), Commands().oneway(s.handles[0], 9, Parcel::text("again")));
  s.drop(first);
  const auto again = receive(s.b.thread());
  CHECK(s.b.text_of(again) == "again");
  CHECK(s.place(again) == 0);
  CHECK(s.place(s.deliver(1, 8)) == 8);
}

TEST_CASE("B-08: TF_CLEAR_BUF zeroes a buffer when it is freed, otherwise its bytes stay", "[buffers]") {
  Shelf s(1);
  for (const bool clear : {false, true}) {
    INFO("clear " << clear);
    const std::uint32_t flags = clear ? TF_ONE_WAY | TF_CLEAR_BUF : TF_ONE_WAY;
    accepted(s.a.thread(),
             Commands().transaction(s.handles[0], 1, flags, Parcel::filled(5000, std::byte{0x77})));
    const auto data = receive(s.b.thread());
    CHECK(data.flags == flags);
    CHECK(s.b.data_of(data) == Bytes(5000, std::byte{0x77}));
    s.drop(data);
    CHECK(s.b.peek(data.data.ptr.buffer, 5000) == Bytes(5000, clear ? std::byte{0} : std::byte{0x77}));
  }
}

TEST_CASE("B-08: TF_CLEAR_BUF in a reply clears the caller's buffer", "[buffers]") {
  Shelf s(1);
  done(s.a.thread(), Commands().transaction(s.handles[0], 1));
  receive(s.b.thread());
  accepted(s.b.thread(), Commands().reply(0, TF_CLEAR_BUF, Parcel::text("secret answer")));
  const Result answer = s.a.read();
  REQUIRE(answer == gets(BR_TRANSACTION_COMPLETE, BR_REPLY));
  const auto data = answer.reply();
  CHECK(s.a.text_of(data) == "secret answer");
  free_buffer(s.a.thread(), data);
  CHECK(s.a.peek(data.data.ptr.buffer, 13) == Bytes(13, std::byte{0}));
}

// A server with 64 KiB and a client that sends oneway calls to it without anybody freeing.
struct Flood : Shelf {
  explicit Flood(bool detection) : Shelf(1, 64 << 10) { detect(a, detection); }
  static void detect(Actor& sender, bool on) {
    std::uint32_t value = on ? 1 : 0;
    REQUIRE(sender.thread().ioctl(BINDER_ENABLE_ONEWAY_SPAM_DETECTION, value) == 0);
  }
  Result send(std::uint32_t code, std::uint64_t size = 1024) {
    return a.thread().write_read(
        Commands().oneway(handles[0], code, Parcel::filled(size, static_cast<std::byte>(code))));
  }
};

TEST_CASE("B-09: the first oneway of a phase of low space is suspect, once", "[buffers]") {
  Flood s(true);
  for (std::uint32_t i = 1; i <= 33; ++i) {
    INFO("oneway " << i);
    const Result result = s.send(i);
    if (i == 33) {
      CHECK(result == gets(BR_FAILED_REPLY));
    } else if (i == 26) {
      CHECK(result == gets(BR_ONEWAY_SPAM_SUSPECT));
    } else {
      CHECK(result == gets(BR_TRANSACTION_COMPLETE));
    }
  }
}

TEST_CASE("B-10: without detection nothing is suspect", "[buffers]") {
  Flood s(false);
  for (std::uint32_t i = 1; i <= 32; ++i) CHECK(s.send(i) == gets(BR_TRANSACTION_COMPLETE));
  CHECK(s.send(33) == gets(BR_FAILED_REPLY));
}

TEST_CASE("B-10: whether detection is on is looked at when the completion is read", "[buffers]") {
  Flood s(false);
  for (std::uint32_t i = 1; i <= 25; ++i) CHECK(s.send(i) == gets(BR_TRANSACTION_COMPLETE));
  done(s.a.thread(), Commands().oneway(s.handles[0], 26, Parcel::zeros(1024)));
  Flood::detect(s.a, true);
  CHECK(s.a.read() == gets(BR_ONEWAY_SPAM_SUSPECT));
}

TEST_CASE("B-11: a sender with too many small oneways is suspect", "[buffers]") {
  Flood s(true);
  // Two other senders take most of the space first.
  for (int i = 0; i < 2; ++i) {
    Actor& other = s.w.actor("other sender").open().map();
    Flood::detect(other, true);
    const std::uint32_t handle = s.w.introduce(s.b.thread(), Shelf::node(0), other.thread());
    accepted(other.thread(), Commands().oneway(handle, 1, Parcel::zeros(14000)));
  }
  const std::uint32_t suspect = s.w.traits().spam_counts_own ? 51 : 52;
  for (std::uint32_t i = 1; i <= suspect + 2; ++i) {
    INFO("oneway " << i);
    const Result result = s.send(i, 8);
    if (i == suspect) {
      CHECK(result == gets(BR_ONEWAY_SPAM_SUSPECT));
    } else {
      CHECK(result == gets(BR_TRANSACTION_COMPLETE));
    }
  }
}

TEST_CASE("B-12: a suspect oneway is delivered like any other", "[buffers]") {
  Flood s(true);
  for (std::uint32_t i = 1; i <= 25; ++i) CHECK(s.send(i) == gets(BR_TRANSACTION_COMPLETE));
  CHECK(s.send(26) == gets(BR_ONEWAY_SPAM_SUSPECT));
  for (std::uint32_t i = 1; i <= 26; ++i) {
    const auto data = receive(s.b.thread());
    CHECK(data.code == i);
    CHECK(s.b.data_of(data) == Bytes(1024, static_cast<std::byte>(i)));
    s.drop(data);
  }
  CHECK(s.b.read() == fails(EAGAIN));
}

TEST_CASE("B-13: enough free space ends a phase, the next one has its own suspect", "[buffers]") {
  Flood s(true);
  for (std::uint32_t i = 1; i <= 27; ++i) {
    CHECK(s.send(i) == (i == 26 ? gets(BR_ONEWAY_SPAM_SUSPECT) : gets(BR_TRANSACTION_COMPLETE)));
  }
  for (int i = 0; i < 3; ++i) s.drop(receive(s.b.thread()));
  CHECK(s.send(28) == gets(BR_TRANSACTION_COMPLETE));
  CHECK(s.send(29) == gets(BR_ONEWAY_SPAM_SUSPECT));
}

TEST_CASE("B-14: a buffer takes the lower end of the smallest chunk that fits", "[buffers]") {
  Shelf s(7);
  const auto small = s.deliver(0, 16);
  s.deliver(1, 8);  // keeps the two chunks apart
  const auto large = s.deliver(2, 64);
  s.deliver(3, 8);
  CHECK(s.place(large) == 24);
  s.drop(small);
  s.drop(large);
  CHECK(s.place(s.deliver(4, 24)) == 24);
  CHECK(s.place(s.deliver(5, 16)) == 0);
  CHECK(s.place(s.deliver(6, 40)) == 24 + 24);
}

TEST_CASE("B-15: freed neighbours become one chunk, in every order of freeing", "[buffers]") {
  Shelf s(5);
  std::array<std::size_t, 3> order{0, 1, 2};
  s.deliver(4, 8);  // at the start, so that the three do not
  do {
    std::vector<binder_transaction_data> held;
    for (int i = 0; i < 3; ++i) held.push_back(s.deliver(i, 1024));
    const auto end = s.deliver(3, 8);  // keeps the rest of the area apart
    for (const std::size_t i : order) s.drop(held[i]);
    const auto merged = s.deliver(0, 3072);
    CHECK(s.place(merged) == s.place(held[0]));
    s.drop(merged);
    s.drop(end);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("B-16: offsets lie behind the data at a multiple of eight", "[buffers]") {
  Shelf s(1);
  for (const auto& [size, expected] :
       std::vector<std::pair<std::uint64_t, std::uint64_t>>{{1, 8}, {8, 8}, {9, 0x10}, {100, 0x68}}) {
    const auto data = s.deliver(0, size);
    CHECK(data.data.ptr.offsets - data.data.ptr.buffer == expected);
    s.drop(data);
  }
  // With an object, they really are there.
  Parcel parcel = Parcel().handle(s.handles[0]).raw(bytes_of("x"));
  accepted(s.a.thread(), Commands().oneway(s.handles[0], 1, parcel));
  const auto data = receive(s.b.thread());
  CHECK(data.data_size == 25);
  CHECK(data.offsets_size == 8);
  CHECK(data.data.ptr.offsets - data.data.ptr.buffer == 32);
  CHECK(s.b.object_of(data).binder == Shelf::node(0).ptr);
}

TEST_CASE("B-17: a buffer stays as it is until it is freed", "[buffers]") {
  Shelf s(2);
  done(s.a.thread(), Commands().transaction(s.handles[0], 1, 0, Parcel::text("the long-lived one")));
  const auto data = receive(s.b.thread());
  accepted(s.b.thread(), Commands().reply());
  CHECK(s.a.read() == gets(BR_TRANSACTION_COMPLETE, BR_REPLY));
  CHECK(s.b.text_of(data) == "the long-lived one");
  for (int i = 0; i < 3; ++i) s.drop(s.deliver(1, 5000));
  CHECK(s.b.text_of(data) == "the long-lived one");
  const std::uint32_t senders = s.w.introduce(s.a.thread(), Node{0x9000, 9, 0}, s.b.thread());
  done(s.b.thread(), Commands().request_death(senders, 1));
  s.a.kill();
  s.b.thread().await(BR_DEAD_BINDER);
  CHECK(s.b.text_of(data) == "the long-lived one");
  done(s.b.thread(), Commands().free_buffer(data.data.ptr.buffer));
}

}  // namespace
}  // namespace cuse_binder::conformance
