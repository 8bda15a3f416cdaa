// Section X of the protocol: clients that do anything at all harm nobody but themselves.
//
// [long] marks what takes seconds and runs on every driver. Random cases are seeded and bounded;
// CONFORMANCE_SEED repeats one run. A failing one prints its seed.
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <map>
#include <new>
#include <random>
#include <regex>
#include <sstream>
#include <thread>

#include "cuse_binder/base/unique_fd.h"
#include "cuse_binder/device/binder_device.h"
#include "test/conformance/environment.h"
#include "test/conformance/steps.h"

namespace cuse_binder::conformance {
namespace {

bool in_process() {
  return environment().device().empty();
}

class Random {
 public:
  explicit Random(std::uint32_t seed) : engine_(seed) {}
  std::uint64_t below(std::uint64_t limit) { return limit == 0 ? 0 : engine_() % limit; }
  std::uint64_t bits() { return engine_(); }
  bool one_in(std::uint64_t number) { return below(number) == 0; }
  template <typename T>
  T any_of(std::initializer_list<T> values) {
    return values.begin()[below(values.size())];
  }

 private:
  std::mt19937_64 engine_;
};

std::vector<std::uint32_t> seeds() {
  if (const char* text = std::getenv("CONFORMANCE_SEED"))
    return {static_cast<std::uint32_t>(std::atol(text))};
  return {1, 2, 3};
}

// "active" of each kind of object that stats counts.
std::map<std::string, long> active_objects(World& w) {
  std::map<std::string, long> active;
  std::istringstream stats(w.log("stats"));
  static const std::regex kLine("([a-z_]+): active (\\d+) total \\d+");
  for (std::string line; std::getline(stats, line);) {
    std::smatch match;
    if (std::regex_match(line, match, kLine)) active[match[1]] = std::stol(match[2]);
  }
  REQUIRE_FALSE(active.empty());
  return active;
}

// Two who only want to be served: a calls b, and b answers.
void is_served(Stage& s) {
  done(s.a.thread(), Commands().transaction(s.h, 42, 0, Parcel::text("are you there")));
  const auto call = receive(s.b.thread());
  REQUIRE(s.b.text_of(call) == "are you there");
  REQUIRE(s.b.thread().write_read(Commands().free_buffer(call.data.ptr.buffer).reply(1)) ==
          gets(BR_TRANSACTION_COMPLETE));
  const Result answer = s.a.read();
  REQUIRE(answer == gets(BR_TRANSACTION_COMPLETE, BR_REPLY));
  free_buffer(s.a.thread(), answer.reply());
}

// The manager takes what it was sent and gives the room back.
void drain(Actor& actor) {
  for (Result result = actor.read(); result.error == 0; result = actor.read()) {
    for (const Return& item : result.returns) {
      if (item.code == BR_TRANSACTION)
        actor.thread().write(Commands().free_buffer(item.data.data.ptr.buffer));
    }
  }
}

TEST_CASE("X-01: any struct gives an errno or returns of the protocol", "[robustness][long]") {
  for (const std::uint32_t seed : seeds()) {
    INFO("CONFORMANCE_SEED=" << seed);
    Stage s;
    Random random(seed);
    Actor& c = s.w.actor("hostile").open().map();
    constexpr std::size_t kRoom = 32 << 10;
    const Address room = c.reserve(kRoom);
    const Address frame = c.reserve(sizeof(binder_write_read));
    const auto address = [&]() -> std::uint64_t {
      switch (random.below(8)) {
        case 0:
          return 0;
        case 1:
          return random.below(4096);
        case 2:
          return c.unmapped();
        case 3:
          return c.arena_end() - random.below(64);
        case 4:
          return ~random.below(64);
        case 5:
          return std::uint64_t{1} << (40 + random.below(24));  // beyond every user address, mostly
        default:
          return room + random.below(kRoom / 2);
      }
    };
    const auto size = [&]() -> std::uint64_t {
      switch (random.below(6)) {
        case 0:
          return 0;
        case 1:
          return random.below(16);
        case 2:
          return ~random.below(16);
        case 3:
          return random.bits();
        default:
          return random.below(kRoom / 2);
      }
    };
    const int rounds = in_process() ? 3000 : 300;
    for (int round = 0; round < rounds; ++round) {
      for (std::size_t i = 0; i < 256; ++i)
        c.at(room)[random.below(kRoom)] = static_cast<std::byte>(random.bits());
      binder_write_read request{};
      request.write_size = size();
      request.write_consumed = random.one_in(2) ? 0 : size();
      request.write_buffer = address();
      request.read_size = size();
      // A position behind the buffer's end is where the kernel's driver would write: only small ones.
      request.read_consumed = random.one_in(2) ? 0 : random.below(64);
      request.read_buffer = address();
      std::memcpy(c.at(frame), &request, sizeof request);
      const Outcome outcome =
          c.thread().call({Sys::ioctl, {static_cast<std::uint64_t>(c.fd()), BINDER_WRITE_READ, frame}});
      const int error = outcome.value < 0 ? outcome.error : 0;
      if (error != 0 && error != EFAULT && error != EINVAL && error != EAGAIN) {
        FAIL("round " << round << ": " << errno_name(error));
      }
      if (round % 50 == 0) is_served(s);
    }
    is_served(s);
    drain(s.m);
    is_served(s);
  }
}

TEST_CASE("X-01: any ioctl number with any argument gives an errno", "[robustness][long]") {
  Stage s;
  Random random(7);
  Actor& c = s.w.actor("hostile").open().map();
  const Address room = c.reserve(4096);
  const int rounds = in_process() ? 5000 : 500;
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < 16; ++i)
      c.at(room)[random.below(512)] = static_cast<std::byte>(random.bits());
    const std::uint32_t type = random.one_in(4) ? static_cast<std::uint32_t>(random.below(256)) : 'b';
    const std::uint64_t direction = random.below(4);
    // The runner's fake of the kernel's copying takes no empty struct.
    const std::uint64_t size = direction != 0 && in_process() ? 1 + random.below(299) : random.below(300);
    const std::uint32_t request =
        static_cast<std::uint32_t>((direction << 30) | (size << 16) | (type << 8) | random.below(20));
    // Being the manager is the one thing that would disturb the others; it is taken.
    const Outcome outcome = c.thread().call(
        {Sys::ioctl, {static_cast<std::uint64_t>(c.fd()), request, room + 8 * random.below(64)}});
    const int error = outcome.value < 0 ? outcome.error : 0;
    if (error != 0 && error != EINVAL && error != EFAULT && error != EAGAIN && error != EBUSY &&
        error != EPERM && error != ENOTTY) {
      FAIL("request 0x" << std::hex << request << ": " << errno_name(error));
    }
  }
  is_served(s);
}

// Random commands of one hostile client.
class Stream {
 public:
  Stream(Random& random, Actor& sender) : random_(random), sender_(sender) {}

  Commands make() {
    Commands commands;
    const std::uint64_t length = 1 + random_.below(6);
    for (std::uint64_t i = 0; i < length; ++i) add(commands);
    return commands;
  }

 private:
  std::uint32_t handle() {
    return static_cast<std::uint32_t>(random_.one_in(8) ? random_.bits() : random_.below(5));
  }
  std::uint64_t cookie() { return random_.below(4); }
  Address buffer() { return sender_.mapping() + 8 * random_.below(random_.one_in(2) ? 8 : 4096); }

  Parcel parcel() {
    Parcel parcel;
    const std::uint64_t objects = random_.below(5);
    parcel.u64(0);
    for (std::uint64_t i = 0; i < objects; ++i) {
      const Node node{0x1000 * random_.below(6), random_.below(2),
                      static_cast<std::uint32_t>(random_.below(0x200))};
      switch (random_.below(9)) {
        case 0:
          parcel.binder(node);
          break;
        case 1:
          parcel.weak_binder(node);
          break;
        case 2:
          parcel.handle(handle());
          break;
        case 3:
          parcel.weak_handle(handle());
          break;
        case 4:
          parcel.ptr(sender_.arena_end() - random_.below(128), random_.below(96));
          break;
        case 5:
          parcel.ptr_with_parent(sender_.arena_end() - 128, random_.below(64), random_.below(4),
                                 4 * random_.below(12));
          break;
        case 6:
          parcel.fd_array(random_.one_in(8) ? random_.bits() : random_.below(4), random_.below(4),
                          4 * random_.below(8));
          break;
        case 7:
          parcel.fd(static_cast<int>(random_.below(40)) - 2);
          break;
        default:
          parcel.u32(static_cast<std::uint32_t>(random_.bits()));
          parcel.offset(random_.below(200));
          break;
      }
    }
    if (random_.one_in(6)) parcel.data.resize(random_.below(parcel.data.size() + 1));
    if (random_.one_in(6) && !parcel.offsets.empty()) {
      parcel.offsets[random_.below(parcel.offsets.size())] =
          random_.one_in(2) ? random_.bits() : random_.below(256);
    }
    return parcel;
  }

  void add(Commands& commands) {
    const auto flags = static_cast<std::uint32_t>(random_.below(0x80));
    const std::uint64_t ptr = 0x1000 * random_.below(6);
    switch (random_.below(22)) {
      case 0:
        commands.transaction(handle(), 1, flags | TF_ONE_WAY, parcel());
        break;
      case 1:
        commands.transaction(handle(), 2, flags, parcel());
        break;
      case 2:
        commands.reply(3, flags, parcel());
        break;
      case 3:
        commands.transaction_sg(handle(), 4, flags | TF_ONE_WAY, parcel(), 8 * random_.below(64));
        break;
      case 4:
        commands.transaction_sg(handle(), 4, flags, parcel(), random_.bits() >> random_.below(64));
        break;
      case 5:
        commands.reply_sg(5, flags, parcel(), 8 * random_.below(64));
        break;
      case 6:
      case 7:
        commands.free_buffer(buffer());
        break;
      case 8:
        commands.increfs(handle());
        break;
      case 9:
        commands.acquire(handle());
        break;
      case 10:
        commands.release(handle());
        break;
      case 11:
        commands.decrefs(handle());
        break;
      case 12:
        commands.increfs_done(ptr, random_.below(2));
        break;
      case 13:
        commands.acquire_done(ptr, random_.below(2));
        break;
      case 14:
        commands.enter_looper();
        break;
      case 15:
        commands.register_looper();
        break;
      case 16:
        commands.request_death(handle(), cookie());
        break;
      case 17:
        commands.clear_death(handle(), cookie());
        break;
      case 18:
        commands.dead_binder_done(cookie());
        break;
      case 19:
        commands.request_freeze(handle(), cookie());
        break;
      case 20:
        random_.one_in(2) ? commands.clear_freeze(handle(), cookie()) : commands.freeze_done(cookie());
        break;
      default:
        commands.word(
            static_cast<std::uint32_t>(random_.one_in(2) ? random_.bits() : 0x6300 + random_.below(24)));
        break;
    }
  }

  Random& random_;
  Actor& sender_;
};

TEST_CASE("X-02: any stream of commands is answered by the protocol", "[robustness][long]") {
  for (const std::uint32_t seed : seeds()) {
    INFO("CONFORMANCE_SEED=" << seed);
    Stage s;
    Random random(seed);
    std::vector<Actor*> hostile;
    for (const char* name : {"hostile one", "hostile two", "hostile three"}) {
      hostile.push_back(&s.w.actor(name).open().map(64 << 10));
    }
    // Each may call the next, so that they have something to quarrel about.
    for (std::size_t i = 0; i < hostile.size(); ++i) {
      s.w.introduce(hostile[i]->thread(), Node{0x100, 1, 0x100}, hostile[(i + 1) % hostile.size()]->thread());
    }
    const int rounds = in_process() ? 6000 : 500;
    for (int round = 0; round < rounds; ++round) {
      Actor& actor = *hostile[random.below(hostile.size())];
      Thread& thread = actor.thread(static_cast<int>(random.below(3)));
      Frame frame;
      frame.read_size = random.any_of<std::uint64_t>({0, 4, 64, 80, 256, 1024});
      const Commands commands = Stream(random, actor).make();
      if (random.one_in(10)) frame.write_size = random.below(commands.size() + 1);
      const Result result =
          thread.write_read(commands, frame);  // fails the case if the returns are malformed
      const bool documented =
          result.error == 0 || result.error == EINVAL || result.error == EFAULT || result.error == EAGAIN;
      REQUIRE(documented);
      if (random.one_in(200)) thread.thread_exit();
      if (round % 50 == 0) {
        drain(s.m);
        is_served(s);
      }
    }
    drain(s.m);
    is_served(s);
    // What they leave when they die is checked by the end of the world.
  }
}

TEST_CASE("X-03: a client killed after any step leaves nothing, and its peers hear of it", "[robustness]") {
  // One life of a client that is connected in every way; killed after step `last`.
  for (int last = 0; last < 12; ++last) {
    INFO("killed after step " << last);
    Stage s;
    Actor& c = s.w.actor("mortal").open().map();
    const Node mine{0x4000, 0x44, 0x100};
    const std::uint32_t hc = s.w.introduce(c.thread(), mine, s.a.thread());
    const std::uint32_t to_b = s.w.introduce(s.b.thread(), s.n, c.thread());
    done(s.a.thread(1).touch(), Commands().request_death(hc, 0xc1));
    done(s.a.thread(), Commands().transaction(hc, 1, 0, Parcel::zeros(5000)));
    const auto [read_end, write_end] = c.pipe();
    int step = 0;
    const auto now = [&] { return step++ <= last; };
    binder_transaction_data call{};
    if (now()) done(c.thread(1).touch(), Commands().oneway(to_b, 2, Parcel().binder({0x5000, 5, 0})));
    if (now()) done(c.thread(1), Commands().oneway(to_b, 3, Parcel().fd(write_end)));
    if (now()) call = receive(c.thread());
    if (now()) done(c.thread(), Commands().transaction(to_b, 4, TF_ACCEPT_FDS));
    if (now()) done(c.thread(1), Commands().request_death(to_b, 0xb).increfs(to_b).acquire(0));
    if (now()) done(c.thread(1), Commands().enter_looper());
    if (now()) CHECK(c.thread(1).poll() >= 0);
    if (now()) CHECK(c.thread(2).thread_exit() == 0);
    if (now()) c.thread(2).touch();
    if (now()) done(c.thread(1), Commands().free_buffer(call.data.ptr.buffer));
    if (now()) done(c.thread(2), Commands().oneway(to_b, 5));
    c.kill();

    CHECK(s.a.thread(1).await(BR_DEAD_BINDER).only(BR_DEAD_BINDER).cookie == 0xc1);
    // Its caller is told. While c waits in a call of its own, b's answer to that ends the chain.
    drain(s.b);
    s.b.thread().write_read(Commands().reply());
    s.w.eventually("the caller is told", [&] {
      const Result result = s.a.read();
      return result.has(BR_DEAD_REPLY);
    });
    drain(s.b);
    refused(s.a.thread(), Commands().transaction(hc, 9), -EINVAL, BR_DEAD_REPLY);
    is_served(s);
  }
}

TEST_CASE("X-03: a client killed in the middle of its calls leaves nothing", "[robustness]") {
  World w;
  if (in_process()) {
    unreachable(w, "nothing runs beside the case in process");
    return;
  }
  Random random(3);
  Stage s;
  for (int round = 0; round < 20; ++round) {
    Actor& c = s.w.actor("mortal").open_blocking().map();
    const std::uint32_t to_b = s.w.introduce(s.b.thread(), s.n, c.thread());
    // Threads that copy much, and one that will sleep.
    for (int i = 0; i < 3; ++i) {
      c.thread(i).touch();
      Commands commands;
      for (int call = 0; call < 6; ++call)
        commands.oneway(to_b, 7, Parcel().binder({0x1000, 1, 0}).raw(Bytes(20000)));
      if (i == 0) commands.transaction(to_b, 8);
      c.thread(i).start(commands);
    }
    const auto moment = std::chrono::steady_clock::now() + std::chrono::microseconds(random.below(400));
    while (std::chrono::steady_clock::now() < moment) {
    }
    c.kill();
    drain(s.b);
    s.b.thread().write_read(Commands().reply());
  }
  s.w.eventually("everything that was sent is gone", [&] {
    drain(s.b);
    s.b.thread().write_read(Commands().reply());
    return s.w.log("proc/" + std::to_string(s.b.pid())).find("transaction ") == std::string::npos;
  });
  is_served(s);
}

TEST_CASE("X-04: a sender that changes its memory meanwhile is seen in one consistent version",
          "[robustness]") {
  Stage s;
  if (in_process()) {
    unreachable(s.w, "nothing runs beside the case in process");
    return;
  }
  const Node other{0x2000, 0x22, 0x100};
  const std::uint32_t h2 = s.w.introduce(s.b.thread(), other, s.a.thread());
  // Two versions of the same data: objects at different places and of different kinds.
  const Parcel first = Parcel().u64(1).handle(s.h).u64(1).u64(1).handle(h2);
  const Parcel second = Parcel().u64(2).u64(2).weak_handle(h2).u64(2).handle(s.h);
  const std::size_t size = std::min(first.data.size(), second.data.size());
  binder_transaction_data data{};
  data.target.handle = s.h;
  data.flags = TF_ONE_WAY;
  data.data_size = size;
  data.offsets_size = 16;
  data.data.ptr.buffer = s.a.put(first.data);
  data.data.ptr.offsets = s.a.put(std::as_bytes(std::span(first.offsets)));
  std::byte* const bytes = s.a.at(data.data.ptr.buffer);
  std::byte* const offsets = s.a.at(data.data.ptr.offsets);
  std::atomic<bool> stop{false};
  std::thread scribbler([&] {
    for (std::uint64_t i = 0; !stop.load(std::memory_order_relaxed); ++i) {
      const Parcel& version = i % 2 == 0 ? first : second;
      std::memcpy(bytes, version.data.data(), size);
      if (i % 3 == 0) std::memcpy(offsets, version.offsets.data(), 16);
    }
  });
  int delivered = 0, refusals = 0;
  std::string trouble;
  for (int round = 0; round < 600 && trouble.empty(); ++round) {
    const Result sent = s.a.thread().write_read(Commands().transaction_data(BC_TRANSACTION, data));
    CHECK(sent.error == 0);
    if (sent == gets(BR_FAILED_REPLY)) {
      ++refusals;  // an offset of one version met the other's data
      continue;
    }
    if (!(sent == gets(BR_TRANSACTION_COMPLETE))) trouble = "the sender gets something else";
    const Result result = s.b.read();
    if (!(result == gets(BR_TRANSACTION))) {
      trouble = "nothing is delivered";
      break;
    }
    ++delivered;
    const auto received = result.transaction();
    const Bytes copy = s.b.data_of(received);
    const auto places = s.b.peek(received.data.ptr.offsets, 16);
    std::uint64_t end = 0;
    for (std::size_t i = 0; i < 2; ++i) {
      const auto place = at<std::uint64_t>(*places, 8 * i);
      if (place < end || place % 4 != 0 || place + sizeof(flat_binder_object) > copy.size()) {
        trouble = "the receiver sees an impossible offset";
        break;
      }
      end = place + sizeof(flat_binder_object);
      // b owns both nodes: whatever was read, b must see its own binders, never a handle of a's.
      const auto object = at<flat_binder_object>(copy, place);
      const bool known = (object.binder == s.n.ptr && object.cookie == s.n.cookie) ||
                         (object.binder == other.ptr && object.cookie == other.cookie);
      if ((object.hdr.type != BINDER_TYPE_BINDER && object.hdr.type != BINDER_TYPE_WEAK_BINDER) || !known) {
        trouble = "the receiver sees an object that was not translated";
      }
    }
    free_buffer(s.b.thread(), received);
  }
  stop = true;
  scribbler.join();
  CHECK(trouble == "");
  CHECK(delivered > 0);
  UNSCOPED_INFO(delivered << " delivered, " << refusals << " refused");
  // Every reference that was taken was given back.
  CHECK(s.b.read() == fails(EAGAIN));
  done(s.a.thread(), Commands().release(s.h).release(h2));
  const Result released = s.b.read();
  CHECK(released == gets(BR_RELEASE, BR_DECREFS, BR_RELEASE, BR_DECREFS));
}

TEST_CASE("X-05: a receiver that scribbles on its buffers harms only itself", "[robustness]") {
  Stage s;
  Actor& c = s.w.actor("scribbler").open();
  const std::int64_t mapped = c.mmap(c.fd(), 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED);
  if (s.w.traits().refuses_writable_mapping) CHECK(mapped == -EPERM);
  if (mapped < 0 || in_process()) {
    unreachable(s.w, "receive areas cannot be written here");
    return;
  }
  const std::uint32_t hc = s.w.introduce(c.thread(), Node{0x4000, 4, 0x100}, s.a.thread());
  Actor& d = s.w.actor("bystander").open().map();
  const std::uint32_t to_d = s.w.introduce(d.thread(), Node{0x6000, 6, 0x100}, s.a.thread());
  const std::uint32_t kept = s.w.introduce(d.thread(), Node{0x6000, 6, 0x100}, c.thread());
  const auto before = active_objects(s.w);
  const Address junk = c.reserve(4096);
  Random random(5);
  for (int round = 0; round < 200; ++round) {
    accepted(s.a.thread(),
             Commands().oneway(hc, 1, Parcel().handle(s.h).handle(to_d).u64(0).weak_handle(s.h)));
    const auto data = receive(c.thread());
    for (std::size_t i = 0; i < 512; ++i) c.at(junk)[i] = static_cast<std::byte>(random.bits());
    if (round % 4 == 0) {
      // Not noise, but a plausible lie: the buffer now names the handle that c holds by itself, many times.
      const Parcel lie = Parcel().handle(kept).handle(kept).u64(0).handle(kept);
      std::memcpy(c.at(junk), lie.data.data(), lie.data.size());
    }
    REQUIRE(c.thread().call({Sys::peek, {junk, data.data.ptr.buffer, 104}}).value == 0);
    free_buffer(c.thread(), data);
  }
  CHECK(active_objects(s.w) == before);
  accepted(c.thread(), Commands().oneway(kept, 2));  // its own handle is as it was
  CHECK(receive(d.thread()).code == 2);
  CHECK(d.read() == fails(EAGAIN));
  is_served(s);
}

TEST_CASE("X-05: a receiver that unmaps its area harms only itself", "[robustness]") {
  Stage s;
  Actor& c = s.w.actor("unmapper").open().map();
  const std::uint32_t hc = s.w.introduce(c.thread(), Node{0x4000, 4, 0x100}, s.a.thread());
  accepted(s.a.thread(), Commands().oneway(hc, 1));
  CHECK(c.munmap(c.mapping(), c.mapping_size()) == 0);
  for (int i = 0; i < 20; ++i) {
    const Result result = s.a.thread().write_read(Commands().oneway(hc, 2, Parcel().handle(s.h)));
    CHECK((result == gets(BR_DEAD_REPLY) || result == gets(BR_TRANSACTION_COMPLETE)));
  }
  CHECK(c.read().error == 0);
  is_served(s);
  c.kill();
  is_served(s);
}

constexpr int kCycles = 100'000, kBatch = 200;

// In process the cycles are steps like any others.
void run_cycles_in_process() {
  Stage s;
  const auto before = active_objects(s.w);
  Commands batch;
  for (int i = 0; i < kBatch; ++i) batch.oneway(s.h, 1, Parcel().u64(0));
  Frame frame;
  frame.read_size = 8192;
  for (int cycle = 0; cycle < kCycles; cycle += kBatch) {
    const Result sent = s.a.thread().write_read(batch, frame);
    // An assertion per call also lets go of what the transcript keeps for a failure's report.
    REQUIRE(sent.error == 0);
    REQUIRE(sent.returns.size() == kBatch + 1);
    Commands free_last;
    for (int i = 0; i < kBatch; ++i) {
      const Result result = s.b.thread().write_read(free_last, 256);
      REQUIRE(result == gets(BR_TRANSACTION));
      free_last = Commands().free_buffer(result.transaction().data.ptr.buffer);
    }
    done(s.b.thread(), free_last);
  }
  CHECK(s.b.read() == fails(EAGAIN));
  CHECK(active_objects(s.w) == before);
}

// On a device an actor's round trip through the runner costs more than the cycle, so two bare processes do
// it.
class BareManager {
 public:
  BareManager() {
    void* page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(page != MAP_FAILED);
    received_ = new (page) std::atomic<int>(-1);
    pid_ = fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) _exit(run());
  }
  BareManager(const BareManager&) = delete;
  ~BareManager() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    munmap(received_, 4096);
  }
  // Buffers received and freed; -1 before it is the manager.
  int received() const { return received_->load(); }
  bool lives() const { return waitpid(pid_, nullptr, WNOHANG) == 0; }

 private:
  int run() {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int fd = open(environment().device().c_str(), O_RDWR | O_CLOEXEC);
    if (fd < 0 || binder_device_map(nullptr, 1 << 20, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED) return 1;
    std::int32_t unused = 0;
    while (ioctl(fd, BINDER_SET_CONTEXT_MGR, &unused) != 0) {
      if (errno != EBUSY) return 2;
      std::this_thread::yield();  // the manager of an earlier case is being released
    }
    received_->store(0);
    for (;;) {
      alignas(8) std::byte buffer[256];
      binder_write_read read{};
      read.read_size = sizeof buffer;
      read.read_buffer = reinterpret_cast<binder_uintptr_t>(buffer);
      if (ioctl(fd, BINDER_WRITE_READ, &read) != 0) return 3;
      const auto returns = parse_returns(std::span(buffer).first(read.read_consumed));
      if (!returns) return 4;
      for (const Return& item : *returns) {
        if (item.code != BR_TRANSACTION) continue;
        Bytes free =
            Commands().free_buffer(item.data.data.ptr.buffer).encode([](auto, auto) { return Address{0}; });
        binder_write_read write{};
        write.write_size = free.size();
        write.write_buffer = reinterpret_cast<binder_uintptr_t>(free.data());
        if (ioctl(fd, BINDER_WRITE_READ, &write) != 0) return 5;
        received_->fetch_add(1);
      }
    }
  }

  pid_t pid_ = -1;
  std::atomic<int>* received_ = nullptr;
};

void run_cycles_on_device(World& w) {
  BareManager manager;
  w.eventually("there is a manager", [&] { return manager.received() >= 0 || !manager.lives(); });
  const base::UniqueFd fd(open(environment().device().c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK));
  REQUIRE(fd.get() >= 0);
  const std::uint64_t payload = 1;
  Commands batch;
  for (int i = 0; i < kBatch; ++i) batch.oneway(0, 1, Parcel().u64(0));
  Bytes stream = batch.encode([&](auto, auto) { return reinterpret_cast<Address>(&payload); });
  const auto send_batch = [&] {
    std::byte buffer[4096];
    binder_write_read request{};
    request.write_size = stream.size();
    request.write_buffer = reinterpret_cast<binder_uintptr_t>(stream.data());
    request.read_size = sizeof buffer;
    request.read_buffer = reinterpret_cast<binder_uintptr_t>(buffer);
    REQUIRE(ioctl(fd.get(), BINDER_WRITE_READ, &request) == 0);
    REQUIRE(request.write_consumed == stream.size());
    const auto returns = parse_returns(std::span(buffer).first(request.read_consumed));
    REQUIRE(returns.has_value());
    REQUIRE(std::count_if(returns->begin(), returns->end(),
                          [](const Return& item) { return item.code == BR_TRANSACTION_COMPLETE; }) == kBatch);
  };
  const auto all_received = [&](int number) {
    w.eventually("everything is received and freed",
                 [&] { return manager.received() >= number || !manager.lives(); });
    REQUIRE(manager.received() == number);
  };
  send_batch();
  all_received(kBatch);
  const auto before = active_objects(w);
  for (int sent = kBatch; sent < kCycles; sent += kBatch) {
    send_batch();
    if (sent % 2000 == 0) all_received(sent + kBatch);
  }
  all_received(kCycles);
  CHECK(active_objects(w) == before);
}

TEST_CASE("X-06: a hundred thousand cycles leave the counters where they were", "[robustness][long]") {
  if (in_process()) {
    run_cycles_in_process();
  } else {
    World w;
    run_cycles_on_device(w);
  }
}

TEST_CASE("X-07: a failed transaction leaves nothing behind", "[robustness]") {
  Stage s;
  Actor& dead = s.w.actor("dead").open().map();
  const std::uint32_t to_dead = s.w.introduce(dead.thread(), Node{0x9000, 9, 0}, s.a.thread());
  Actor& tiny = s.w.actor("tiny").open().map(4096);
  const std::uint32_t to_tiny = s.w.introduce(tiny.thread(), Node{0xa000, 0xa, 0x100}, s.a.thread());
  done(s.a.thread(), Commands().request_death(to_dead, 1));
  dead.kill();
  s.a.thread().await(BR_DEAD_BINDER);
  const auto [read_end, write_end] = s.a.pipe();
  const auto before = active_objects(s.w);
  const std::string state = s.w.log("proc/" + std::to_string(s.b.pid()));

  const auto objects = [&] {
    return Parcel().u64(0).binder({0x7000, 7, 0}).weak_binder({0x7100, 7, 0}).handle(s.h).fd(write_end);
  };
  const Address text = s.a.put(Bytes(64, std::byte{1}));
  binder_transaction_data unreadable{};
  unreadable.target.handle = s.h;
  unreadable.data_size = 64;
  unreadable.data.ptr.buffer = s.a.unmapped();
  unreadable.data.ptr.offsets = s.a.unmapped();
  struct Failure {
    const char* what;
    Commands commands;
  };
  for (const std::uint32_t flags : {0u, static_cast<std::uint32_t>(TF_ONE_WAY)}) {
    unreadable.flags = flags;
    const Failure failures[] = {
        {"a bad handle at the end", Commands().transaction(s.h, 1, flags, objects().handle(77))},
        {"a bad descriptor", Commands().transaction(s.h, 1, flags, objects().fd(9999))},
        {"a bad offset", Commands().transaction(s.h, 1, flags, objects().offset(3))},
        {"an unreadable pointer",
         Commands().transaction_sg(s.h, 1, flags, objects().ptr(s.a.unmapped(), 8), 64)},
        {"a bad parent",
         Commands().transaction_sg(s.h, 1, flags, objects().ptr(text, 8).ptr_with_parent(text, 8, 0, 0), 64)},
        {"an unreadable body", Commands().transaction_data(BC_TRANSACTION, unreadable)},
        {"a dead target", Commands().transaction(to_dead, 1, flags, objects())},
        {"no such target", Commands().transaction(77, 1, flags, objects())},
        {"too little room", Commands().transaction(to_tiny, 1, flags, objects().raw(Bytes(8192)))},
    };
    for (const Failure& failure : failures) {
      INFO(failure.what << ", flags " << flags);
      const Result result = s.a.thread().write_read(failure.commands);
      CHECK((result == gets(BR_FAILED_REPLY) || result == gets(BR_DEAD_REPLY)));
      CHECK(active_objects(s.w) == before);
    }
  }
  CHECK(s.b.read() == fails(EAGAIN));
  CHECK(tiny.read() == fails(EAGAIN));
  CHECK(s.w.log("proc/" + std::to_string(s.b.pid())) == state);
  s.a.close(write_end);
  CHECK(s.a.read_text(read_end) == "");
  is_served(s);
}

TEST_CASE("X-08: every sleeper gets work when there is enough", "[robustness]") {
  World w;
  w.actor("manager").open().map().become_manager();
  Actor& a = w.actor("client").open().map();
  Actor& b = w.actor("server").open_blocking().map();
  const std::uint32_t h = w.introduce(b.thread(), Node{0x1000, 1, 0}, a.thread());
  constexpr int kThreads = 6;
  for (int round = 0; round < 5; ++round) {
    std::vector<Pending> reads;
    for (int i = 0; i < kThreads; ++i) {
      reads.push_back(b.thread(i).touch().start(Commands().enter_looper()));
      REQUIRE(reads.back().blocked());
    }
    for (int i = 0; i < kThreads; ++i) done(a.thread(i).touch(), Commands().transaction(h, 1));
    for (int i = 0; i < kThreads; ++i) {
      const Result result = reads[static_cast<std::size_t>(i)].finish();
      REQUIRE(result == gets(BR_TRANSACTION));
      REQUIRE(b.thread(i).write_read(Commands().free_buffer(result.transaction().data.ptr.buffer).reply()) ==
              gets(BR_TRANSACTION_COMPLETE));
    }
    for (int i = 0; i < kThreads; ++i) {
      const Result answer = a.thread(i).read();
      REQUIRE(answer == gets(BR_TRANSACTION_COMPLETE, BR_REPLY));
      free_buffer(a.thread(i), answer.reply());
    }
  }
}

}  // namespace
}  // namespace cuse_binder::conformance
