// The CUSE door with a kernel side written by hand, the real driver behind it, and real processes as clients.
#include <fcntl.h>
#include <poll.h>

#include <cerrno>
#include <future>
#include <map>
#include <set>
#include <thread>

#include "catch.h"
#include "cuse_binder/client/process_files.h"
#include "cuse_binder/client/process_identity.h"
#include "cuse_binder/client/process_memory.h"
#include "cuse_binder/frontends/cuse_device.h"
#include "cuse_binder/frontends/fuse_abi.h"
#include "cuse_binder/protocol/driver.h"
#include "cuse_binder/uapi/binder.h"
#include "cuse_client.h"
#include "fake_kernel.h"

namespace cuse_binder::test {
namespace {

using namespace frontends;

struct Machine {
  client::ProcessMemory memory;
  client::ProcessFiles files;
  client::ProcClientIdentity identity;
  std::unique_ptr<protocol::Driver> driver = protocol::Driver::create(memory, files, identity);
  std::shared_ptr<protocol::Device> context = driver->create_device("binder");
};

// One device, and one file that the client has open.
struct CuseScene {
  Machine machine;
  CuseClient client;
  FakeKernel kernel;
  Crew crew{*machine.driver};
  AreaServer areas;
  std::promise<void> lost;
  CuseDevice device;
  fuse_out_header init_header{};
  abi::CuseInitOut init{};
  std::string description;
  std::uint64_t handle = 0;

  explicit CuseScene(AreaServer::Options options = {})
      : areas(std::move(options)),
        device({"binder", machine.context, crew, areas, 2, [this] { lost.set_value(); }}) {
    REQUIRE(areas.start() == 0);
    crew.start({[this](Worker& worker) { device.transport().retire(worker); },
                [this](Worker& worker) { device.transport().replace(worker); }});
    struct {
      std::uint32_t major = 7, minor = 38, unused = 0, flags = 1;
    } offered;
    kernel.send(CUSE_INIT, 0, offered);
    REQUIRE(device.start(kernel.take_daemon_end()) == 0);
    const auto reply = kernel.receive();
    init_header = reply.header;
    init = reply.as<abi::CuseInitOut>();
    for (std::size_t i = sizeof init; i < reply.body.size(); ++i)
      description.push_back(static_cast<char>(reply.body[i]));
    kernel.client = client.pid();
    handle = open(2);
  }
  ~CuseScene() {
    device.close_files();
    device.stop();
    crew.join();
    areas.stop();
    device.remove();
    machine.driver->check_invariants();
  }

  std::uint64_t open(std::uint32_t flags) {
    fuse_open_in in{};
    in.flags = flags;
    const auto reply = kernel.ask(FUSE_OPEN, 0, in);
    REQUIRE(reply.header.error == 0);
    return reply.as<fuse_open_out>().fh;
  }
  // As the kernel sends an ioctl: nothing but the pointer.
  std::uint64_t send(std::uint32_t command, std::uint64_t address) {
    fuse_ioctl_in in{};
    in.fh = handle;
    in.flags = FUSE_IOCTL_UNRESTRICTED;
    in.cmd = command;
    in.arg = address;
    return kernel.send(FUSE_IOCTL, 0, in);
  }
  // The whole ioctl with what the kernel does for it; 0 or a negative errno. Bytes are copied as it does.
  int ioctl(std::uint32_t command, std::uint64_t address) {
    send(command, address);
    return finish(command, address, kernel.receive());
  }
  int finish(std::uint32_t command, std::uint64_t address, const FakeKernel::Reply& reply) {
    if (reply.header.error != 0) return reply.header.error;
    const auto out = reply.as<fuse_ioctl_out>();
    if ((out.flags & FUSE_IOCTL_RETRY) == 0) {
      CHECK(reply.body.size() == sizeof out);  // nobody offered room
      return out.result;
    }
    REQUIRE(out.in_iovs + out.out_iovs == 1);
    iovec piece;
    REQUIRE(reply.body.size() == sizeof out + sizeof piece);
    std::memcpy(&piece, reply.body.data() + sizeof out, sizeof piece);
    CHECK(reinterpret_cast<std::uint64_t>(piece.iov_base) == address);
    fuse_ioctl_in in{};
    in.fh = handle;
    in.flags = FUSE_IOCTL_UNRESTRICTED;
    in.cmd = command;
    in.arg = address;
    FakeKernel::Reply second;
    if (out.in_iovs == 1) {
      in.in_size = static_cast<std::uint32_t>(piece.iov_len);
      REQUIRE(piece.iov_len == sizeof(cuse_binder_area_mapping));
      cuse_binder_area_mapping bytes;
      std::memcpy(&bytes, at(address), sizeof bytes);
      second = kernel.ask(FUSE_IOCTL, 0, in, bytes);
    } else {
      in.out_size = static_cast<std::uint32_t>(piece.iov_len);
      second = kernel.ask(FUSE_IOCTL, 0, in);
    }
    if (second.header.error != 0) return second.header.error;
    const auto last = second.as<fuse_ioctl_out>();
    CHECK((last.flags & FUSE_IOCTL_RETRY) == 0);
    const std::size_t size = second.body.size() - sizeof last;
    CHECK(size <= in.out_size);
    std::memcpy(at(address), second.body.data() + sizeof last, size);
    ++copied_by_kernel;
    return last.result;
  }
  int copied_by_kernel = 0;

  std::byte* at(std::uint64_t address) { return client.memory() + (address - client.address()); }
  template <typename T>
  std::uint64_t put(const T& value, std::size_t offset = 0) {
    std::memcpy(client.memory() + offset, &value, sizeof value);
    return client.address() + offset;
  }
  template <typename T>
  T get(std::size_t offset = 0) {
    T value;
    std::memcpy(&value, client.memory() + offset, sizeof value);
    return value;
  }
  // Not the thread's first ioctl: that one would return at once.
  std::uint64_t put_read() {
    REQUIRE(ioctl(BINDER_VERSION, put(binder_version{})) == 0);
    binder_write_read bwr{};
    bwr.read_size = 256;
    bwr.read_buffer = client.address() + 4096;
    return put(bwr);
  }
  void until_parked() {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (machine.driver->counters().parked_reads == 0 && std::chrono::steady_clock::now() < limit)
      std::this_thread::yield();
    REQUIRE(machine.driver->counters().parked_reads == 1);
  }
  cuse_binder_area_offer offer() {
    const std::uint64_t address = put(cuse_binder_area_offer{}, 8192);
    REQUIRE(ioctl(CUSE_BINDER_OFFER_AREA, address) == 0);
    return get<cuse_binder_area_offer>(8192);
  }
  int report(std::uint64_t address, std::uint64_t size) {
    return ioctl(CUSE_BINDER_AREA_MAPPED, put(cuse_binder_area_mapping{address, size}, 12288));
  }
  void map() {
    REQUIRE(visit(offer()).error == 0);
    REQUIRE(report(0x7f0000000000, 0x100000) == 0);
  }
  // Another process sends a oneway to the manager, which is `handle`; its own request's number.
  std::uint64_t send_oneway(CuseClient& sender) {
    struct {
      std::uint32_t command = BC_TRANSACTION;
      binder_transaction_data data{};
    } __attribute__((packed)) call;
    call.data.flags = TF_ONE_WAY;
    call.data.code = 7;
    binder_write_read bwr{};
    bwr.write_size = sizeof call;
    bwr.write_buffer = sender.address() + 1024;
    std::memcpy(sender.memory() + 1024, &call, sizeof call);
    std::memcpy(sender.memory(), &bwr, sizeof bwr);
    const std::uint64_t manager = handle;
    kernel.client = sender.pid();
    handle = open(2 | O_NONBLOCK);
    const std::uint64_t unique = send(BINDER_WRITE_READ, sender.address());
    kernel.client = client.pid();
    handle = manager;
    return unique;
  }
  Visit visit(const cuse_binder_area_offer& offered, uid_t uid = 0) {
    return client.visit(offered, uid, sizeof offered.token, std::byte{0});
  }
};

fuse_release_in release_of(std::uint64_t handle) {
  fuse_release_in release{};
  release.fh = handle;
  return release;
}

AreaServer::Options with(std::chrono::milliseconds token_lifetime, std::chrono::milliseconds patience,
                         std::size_t most) {
  AreaServer::Options options;
  options.token_lifetime = token_lifetime;
  options.patience = patience;
  options.most_connections = most;
  return options;
}

}  // namespace

TEST_CASE("CUSE_INIT asks for bare pointers and small requests and names the device", "[cuse]") {
  CuseScene scene;
  CHECK(scene.init_header.error == 0);
  CHECK(scene.init.major == 7);
  CHECK(scene.init.flags == CUSE_UNRESTRICTED_IOCTL);
  CHECK(scene.init.max_write == abi::kMaxWrite);
  CHECK(scene.init.dev_major == 0);
  CHECK(scene.description == std::string("DEVNAME=binder\0", 15));
}

TEST_CASE("a CUSE device does not begin with a FUSE mount's INIT", "[cuse]") {
  Machine machine;
  FakeKernel kernel;
  Crew crew(*machine.driver);
  AreaServer areas({});
  CuseDevice device({"binder", machine.context, crew, areas, 2, [] {}});
  kernel.send(FUSE_INIT, 0, fuse_init_in{});
  CHECK(device.start(kernel.take_daemon_end()) == EPROTO);
  CHECK_FALSE(device.serves());
}

TEST_CASE("a kernel that hangs up after INIT has given the name to another", "[cuse]") {
  Machine machine;
  FakeKernel kernel;
  Crew crew(*machine.driver);
  AreaServer areas({});
  CuseDevice device({"binder", machine.context, crew, areas, 2, [] {}});
  kernel.send(CUSE_INIT, 0, fuse_init_in{});
  kernel.stop_listening();
  CHECK(device.start(kernel.take_daemon_end()) == EEXIST);
}

TEST_CASE("arguments are fetched from the client and answers written there in one request", "[cuse]") {
  CuseScene scene;
  CHECK(scene.ioctl(BINDER_VERSION, scene.put(binder_version{})) == 0);
  CHECK(scene.get<binder_version>().protocol_version == 8);
  CHECK(scene.ioctl(BINDER_SET_MAX_THREADS, scene.put(std::uint32_t{4})) == 0);
  binder_write_read bwr{};
  const std::uint32_t command = BC_ENTER_LOOPER;
  bwr.write_size = sizeof command;
  bwr.write_buffer = scene.put(command, 1024);
  CHECK(scene.ioctl(BINDER_WRITE_READ, scene.put(bwr)) == 0);
  CHECK(scene.get<binder_write_read>().write_consumed == 4);
  CHECK(scene.copied_by_kernel == 0);
}

TEST_CASE("bad and NULL arguments are answered as by the kernel's driver", "[cuse]") {
  CuseScene scene;
  for (const std::uint64_t address : {std::uint64_t{0}, scene.client.bad_address()}) {
    CHECK(scene.ioctl(BINDER_THREAD_EXIT, address) == 0);
    CHECK(scene.ioctl(BINDER_VERSION, address) == -EINVAL);
    CHECK(scene.ioctl(BINDER_SET_MAX_THREADS, address) == -EINVAL);
    CHECK(scene.ioctl(BINDER_SET_CONTEXT_MGR_EXT, address) == -EINVAL);
    CHECK(scene.ioctl(BINDER_WRITE_READ, address) == -EFAULT);
    CHECK(scene.ioctl(BINDER_FREEZE, address) == -EFAULT);
    CHECK(scene.ioctl(BINDER_GET_FROZEN_INFO, address) == -EFAULT);
    CHECK(scene.ioctl(BINDER_GET_NODE_DEBUG_INFO, address) == -EFAULT);
    CHECK(scene.ioctl(BINDER_GET_NODE_INFO_FOR_REF, address) == -EFAULT);
    CHECK(scene.ioctl(BINDER_ENABLE_ONEWAY_SPAM_DETECTION, address) == -EFAULT);
    CHECK(scene.ioctl(BINDER_GET_EXTENDED_ERROR, address) == -EFAULT);
  }
  // A struct that ends where the memory does, and one byte later.
  const auto last = scene.put(binder_write_read{}, CuseClient::kMemorySize - sizeof(binder_write_read));
  CHECK(scene.ioctl(BINDER_WRITE_READ, last) == 0);
  CHECK(scene.ioctl(BINDER_WRITE_READ, last + 1) == -EFAULT);
  // Another size is another number.
  CHECK(scene.ioctl(_IOWR('b', 1, std::uint64_t[5]), scene.put(binder_write_read{})) == -EINVAL);
  CHECK(scene.ioctl(_IOW('b', 5, std::uint64_t), scene.put(std::uint64_t{})) == -EINVAL);
  CHECK(scene.ioctl(BINDER_SET_CONTEXT_MGR, 0) == 0);
}

TEST_CASE("a read that is interrupted gets its bytes from the kernel", "[cuse]") {
  CuseScene scene;
  const std::uint64_t address = scene.put_read();
  const auto unique = scene.send(BINDER_WRITE_READ, address);
  scene.until_parked();
  CHECK(scene.kernel.silent());
  fuse_interrupt_in interrupt{};
  interrupt.unique = unique;
  scene.kernel.send(FUSE_INTERRUPT, 0, interrupt);
  const auto reply = scene.kernel.receive();
  CHECK(reply.header.unique == unique);
  CHECK(scene.finish(BINDER_WRITE_READ, address, reply) == -EINTR);
  CHECK(scene.copied_by_kernel == 1);
  CHECK(scene.get<binder_write_read>().read_consumed == 0);
}

TEST_CASE("a repetition that nobody asked for is an error", "[cuse]") {
  CuseScene scene;
  fuse_ioctl_in in{};
  in.fh = scene.handle;
  in.flags = FUSE_IOCTL_UNRESTRICTED;
  in.cmd = BINDER_WRITE_READ;
  in.out_size = sizeof(binder_write_read);
  CHECK(scene.kernel.ask(FUSE_IOCTL, 0, in).header.error == -EIO);
}

TEST_CASE("one access brings what is read and the counts", "[cuse]") {
  CuseScene scene;
  CuseClient sender;
  REQUIRE(scene.ioctl(BINDER_SET_CONTEXT_MGR, 0) == 0);
  scene.map();
  const std::uint64_t address = scene.put_read();
  scene.send_oneway(sender);
  REQUIRE(scene.kernel.receive().as<fuse_ioctl_out>().result == 0);
  const auto accesses = scene.machine.memory.accesses();
  REQUIRE(scene.ioctl(BINDER_WRITE_READ, address) == 0);
  const auto result = scene.get<binder_write_read>();
  CHECK(result.read_consumed >= 8 + sizeof(binder_transaction_data));
  CHECK(scene.get<std::uint32_t>(4096) == BR_NOOP);
  CHECK(scene.copied_by_kernel > 0);  // the offer and the report; not the read:
  // the argument in, BR_NOOP into a buffer that is shown for the first time, everything else at once.
  CHECK(scene.machine.memory.accesses() - accesses == 3);
}

TEST_CASE("work that was read is not lost when only the counts cannot be written", "[cuse]") {
  CuseScene scene;
  CuseClient sender;
  REQUIRE(scene.ioctl(BINDER_SET_CONTEXT_MGR, 0) == 0);
  scene.map();
  scene.put_read();
  // The struct lies across the end of what the client can write; it parks, and then the end moves.
  const auto at_the_end =
      scene.put(scene.get<binder_write_read>(), CuseClient::kMemorySize - sizeof(binder_write_read));
  scene.send(BINDER_WRITE_READ, at_the_end);
  scene.until_parked();
  scene.client.take_last_page_away();
  const auto sent = scene.send_oneway(sender);
  int result = 1;
  for (int i = 0; i < 2; ++i) {
    const auto reply = scene.kernel.receive();
    if (reply.header.unique != sent) result = reply.as<fuse_ioctl_out>().result;
  }
  CHECK(result == -EFAULT);
  CHECK(scene.get<std::uint32_t>(4096) == BR_NOOP);  // the returns themselves are there
}

TEST_CASE("a client whose argument never comes keeps nobody waiting, and can be killed", "[cuse]") {
  CuseScene scene;
  CuseClient other;
  if (!scene.client.make_slow()) {
    WARN("skipped: no userfaultfd");
    return;
  }
  // More of them than there are workers: one fetches, in all others it is the answer that cannot be written.
  const std::uint64_t slow = scene.client.address() + CuseClient::kSlow;
  std::set<std::uint64_t> waiting;
  waiting.insert(scene.send(BINDER_WRITE_READ, slow));
  for (int i = 0; i < 3; ++i) waiting.insert(scene.send(BINDER_VERSION, slow));
  const std::uint64_t hostile = scene.handle;
  scene.kernel.client = other.pid();
  scene.handle = scene.open(2);
  std::memset(other.memory(), 0, sizeof(binder_version));
  const auto unique = scene.send(BINDER_VERSION, other.address());
  const auto reply = scene.kernel.receive();
  CHECK(reply.header.unique == unique);
  CHECK(reply.as<fuse_ioctl_out>().result == 0);
  scene.handle = hostile;
  std::map<std::uint64_t, std::uint64_t> interrupts;  // to what they interrupt
  const auto interrupt = [&](std::uint64_t target) {
    fuse_interrupt_in in{};
    in.unique = target;
    interrupts[scene.kernel.send(FUSE_INTERRUPT, 0, in)] = target;
  };
  for (const std::uint64_t each : waiting) interrupt(each);
  while (!waiting.empty()) {
    const auto ended = scene.kernel.receive();
    if (const auto early = interrupts.find(ended.header.unique); early != interrupts.end()) {
      CHECK(ended.header.error ==
            -EAGAIN);  // libfuse did not know the request yet: the kernel would repeat it
      if (waiting.count(early->second) > 0) interrupt(early->second);
      continue;
    }
    CHECK(waiting.erase(ended.header.unique) == 1);
    CHECK(ended.as<fuse_ioctl_out>().result == -EINTR);
  }
  scene.client.end();
}

TEST_CASE("RELEASE ends what is parked on the file", "[cuse]") {
  CuseScene scene;
  const std::uint64_t address = scene.put_read();
  scene.send(BINDER_WRITE_READ, address);
  scene.until_parked();
  const auto released = scene.kernel.send(FUSE_RELEASE, 0, release_of(scene.handle));
  // In any order: the worker that parked the read may not have left the session yet, and then it releases.
  bool was_released = false, was_ended = false;
  for (int i = 0; i < 2; ++i) {
    const auto message = scene.kernel.receive();
    if (message.header.unique == released) {
      was_released = message.header.error == 0;
    } else {
      was_ended = (message.as<fuse_ioctl_out>().flags & FUSE_IOCTL_RETRY) != 0;
    }
  }
  CHECK(was_released);
  CHECK(was_ended);
  CHECK(scene.device.open_files() == 0);
}

TEST_CASE("poll announces later readiness once, also on a character device", "[cuse]") {
  CuseScene scene;
  CuseClient sender;
  REQUIRE(scene.ioctl(BINDER_VERSION, scene.put(binder_version{})) == 0);  // the first poll is readable
  REQUIRE(scene.ioctl(BINDER_SET_CONTEXT_MGR, 0) == 0);
  scene.map();
  fuse_poll_in in{};
  in.fh = scene.handle;
  in.kh = 77;
  in.flags = FUSE_POLL_SCHEDULE_NOTIFY;
  CHECK(scene.kernel.ask(FUSE_POLL, 0, in).as<fuse_poll_out>().revents == 0);
  const auto unique = scene.send_oneway(sender);
  bool notified = false, answered = false;
  for (int i = 0; i < 2; ++i) {
    const auto message = scene.kernel.receive();
    if (message.header.unique == 0) {
      notified =
          message.header.error == FUSE_NOTIFY_POLL && message.as<fuse_notify_poll_wakeup_out>().kh == 77;
    } else {
      answered = message.header.unique == unique;
    }
  }
  CHECK(notified);
  CHECK(answered);
  CHECK(scene.kernel.ask(FUSE_POLL, 0, in).as<fuse_poll_out>().revents == POLLIN);
}

TEST_CASE("read and write of a character device are refused", "[cuse]") {
  CuseScene scene;
  fuse_read_in read{};
  read.fh = scene.handle;
  read.size = 16;
  CHECK(scene.kernel.ask(FUSE_READ, 0, read).header.error == -EINVAL);
  fuse_write_in write{};
  write.fh = scene.handle;
  write.size = 1;
  CHECK(scene.kernel.ask(FUSE_WRITE, 0, write, 'x').header.error == -EINVAL);
}

TEST_CASE("closing the door ends what is parked and refuses what comes", "[cuse]") {
  CuseScene scene;
  const std::uint64_t address = scene.put_read();
  scene.send(BINDER_WRITE_READ, address);
  scene.until_parked();
  scene.device.close_files();
  CHECK(scene.finish(BINDER_WRITE_READ, address, scene.kernel.receive()) == -EINTR);
  CHECK(scene.ioctl(BINDER_VERSION, address) == -ENOTCONN);
  CHECK(scene.kernel.ask(FUSE_OPEN, 0, fuse_open_in{}).header.error == -ENOTCONN);
}

TEST_CASE("the kernel's end of the connection is reported once", "[cuse]") {
  CuseScene scene;
  auto lost = scene.lost.get_future();
  scene.kernel.hang_up();
  CHECK(lost.wait_for(std::chrono::seconds(10)) == std::future_status::ready);
}

TEST_CASE("the opener gets its receive area, read-only, once per token", "[cuse]") {
  CuseScene scene;
  const auto offered = scene.offer();
  const Visit first = scene.visit(offered);
  CHECK(first.error == 0);
  CHECK(first.has_area);
  CHECK(first.readable);
  CHECK_FALSE(first.writable);
  const Visit second = scene.visit(offered);
  CHECK(second.error == EACCES);
  CHECK_FALSE(second.has_area);
}

TEST_CASE("a token is worth nothing in other hands", "[cuse]") {
  CuseScene scene;
  SECTION("a wrong one") {
    auto offered = scene.offer();
    offered.token[15] ^= 1;
    CHECK(scene.visit(offered).error == EACCES);
  }
  SECTION("another process") {
    CuseClient other;
    const auto offered = scene.offer();
    CHECK(other.visit(offered, 0, sizeof offered.token, std::byte{0}).error == EACCES);
    CHECK(scene.visit(offered).error == EACCES);  // and it is void: somebody has seen it
  }
  SECTION("another user") {
    if (geteuid() != 0) return;
    const auto offered = scene.offer();
    CHECK(scene.visit(offered, 65534).error == EACCES);
  }
  SECTION("the user who asked, whoever opened") {
    if (geteuid() != 0) return;
    scene.kernel.uid = 65534;
    const Visit visit = scene.visit(scene.offer(), 65534);
    CHECK(visit.error == 0);
    CHECK(visit.readable);
    CHECK_FALSE(visit.writable);
  }
  SECTION("too short, too long, nothing") {
    const auto offered = scene.offer();
    for (const std::size_t size : {std::size_t{1}, std::size_t{15}, std::size_t{17}, std::size_t{100}})
      CHECK(scene.client.visit(offered, 0, size, std::byte{0}).error == EACCES);
    CHECK(scene.visit(offered).error == 0);
  }
}

TEST_CASE("a token expires, and ends with its file", "[cuse]") {
  SECTION("expired") {
    CuseScene scene(with(std::chrono::milliseconds(0), std::chrono::seconds(5), 256));
    CHECK(scene.visit(scene.offer()).error == EACCES);
  }
  SECTION("closed") {
    CuseScene scene;
    const auto offered = scene.offer();
    CHECK(scene.kernel.ask(FUSE_RELEASE, 0, release_of(scene.handle)).header.error == 0);
    CHECK(scene.visit(offered).error == EACCES);
    CHECK(scene.areas.tokens().outstanding() == 0);
  }
  SECTION("too many") {
    CuseScene scene;
    const auto first = scene.offer();
    for (unsigned i = 0; i < AreaTokens::kPerFile; ++i) scene.offer();
    CHECK(scene.areas.tokens().outstanding() == AreaTokens::kPerFile);
    CHECK(scene.visit(first).error == EACCES);
  }
}

TEST_CASE("a mapping is reported once, after the area was handed over, and must be one", "[cuse]") {
  CuseScene scene;
  CHECK(scene.report(0x10000, 0x10000) == -EINVAL);  // what should it have mapped?
  REQUIRE(scene.visit(scene.offer()).error == 0);
  CHECK(scene.report(0x10000, 0) == -EINVAL);
  CHECK(scene.report(0x10001, 0x1000) == -EINVAL);
  CHECK(scene.report(0x10000, 0x1001) == -EINVAL);
  CHECK(scene.report(0xfffffffffffff000, 0x2000) == -EINVAL);
  CHECK(scene.report(0x10000, 0xfffffffffffff000) == -EINVAL);
  CHECK(scene.report(0x10000, std::uint64_t{1} << 40) == 0);  // 4 MiB of it are used
  CHECK(scene.report(0x10000, 0x1000) == -EBUSY);
  CHECK(scene.ioctl(CUSE_BINDER_OFFER_AREA, scene.put(cuse_binder_area_offer{})) == -EBUSY);
}

TEST_CASE("another process cannot map an inherited file", "[cuse]") {
  CuseScene scene;
  CuseClient child;
  scene.kernel.client = child.pid();
  CHECK(scene.ioctl(CUSE_BINDER_OFFER_AREA, scene.put(cuse_binder_area_offer{})) == -EINVAL);
  CHECK(scene.report(0x10000, 0x1000) == -EINVAL);
}

TEST_CASE("connections that say nothing are let go, and keep nobody out", "[cuse]") {
  SECTION("late ones") {
    CuseScene scene(with(std::chrono::seconds(30), std::chrono::milliseconds(1), 256));
    const auto offered = scene.offer();
    const base::UniqueFd silent = connect_abstract(offered.abstract_name);
    REQUIRE(silent);
    pollfd gone{silent.get(), POLLIN, 0};
    CHECK(::poll(&gone, 1, 10'000) == 1);
    char byte;
    CHECK(read(silent.get(), &byte, 1) == 0);
  }
  SECTION("a flood") {
    CuseScene scene(with(std::chrono::seconds(30), std::chrono::hours(1), 8));
    const auto offered = scene.offer();
    std::vector<base::UniqueFd> flood;
    for (int i = 0; i < 100; ++i) flood.push_back(connect_abstract(offered.abstract_name));
    CHECK(scene.visit(offered).error == 0);
    // The first ones had to give way.
    pollfd gone{flood.front().get(), POLLIN, 0};
    CHECK(::poll(&gone, 1, 10'000) == 1);
  }
}

}  // namespace cuse_binder::test
