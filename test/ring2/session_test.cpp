// The real libfuse session and our file system, with a kernel side written by hand. Needs no privileges.
#include <cerrno>
#include <future>
#include <sstream>

#include "catch.h"
#include "cuse_binder/frontends/file_system.h"
#include "cuse_binder/frontends/fuse_channel.h"
#include "cuse_binder/frontends/mapping_finder.h"
#include "cuse_binder/frontends/mount_point.h"
#include "cuse_binder/frontends/thread_watch.h"
#include "cuse_binder/frontends/watchdog.h"
#include "cuse_binder/frontends/worker.h"
#include "cuse_binder/uapi/binder.h"
#include "fake_driver.h"
#include "fake_kernel.h"

namespace cuse_binder::test {
namespace {

using namespace frontends;

// Everything of a mount but the mount.
class Door {
 public:
  explicit Door(FakeDriver& driver, FakeKernel& kernel, TransportChoice transport = TransportChoice::read)
      : files_(driver, {}), threads_(workers_), watchdog_(workers_) {
    files_.tree().add_device("binder");
    FuseChannel::Options options;
    options.transport = transport;
    options.readers = 2;
    options.lost = [this] { lost.set_value(); };
    auto channel =
        FuseChannel::create(kernel.take_daemon_end(), FileSystem::operations(), &files_, workers_, options);
    channel_ = std::move(channel.value());
    files_.attach(*channel_, watchdog_, threads_, feeder_);
    threads_.start();
    watchdog_.start({[](Worker&) {}, [](Worker&) {}});
  }
  ~Door() {
    files_.close_devices();
    channel_->stop();
    threads_.stop();
    workers_.join_all();
    watchdog_.stop();
    files_.drop_files();
  }
  int start() { return channel_->start(); }
  FileSystem& files() { return files_; }
  FuseChannel& channel() { return *channel_; }

  std::promise<void> lost;

 private:
  FileSystem files_;
  WorkerSet workers_;
  ThreadWatch threads_;
  Watchdog watchdog_;
  PageFeeder feeder_;
  std::unique_ptr<FuseChannel> channel_;
};

fuse_init_in init_of(std::uint32_t minor, std::uint64_t flags) {
  fuse_init_in init{};
  init.major = FUSE_KERNEL_VERSION;
  init.minor = minor;
  init.max_readahead = 131072;
  init.flags = static_cast<std::uint32_t>(flags);
  init.flags2 = static_cast<std::uint32_t>(flags >> 32);
  return init;
}

constexpr std::uint64_t kModern = abi::kInitExt | abi::kMaxPages | abi::kPassthrough;

// A door that has been through INIT, and one open device file.
struct Served {
  FakeDriver driver;
  FakeKernel kernel;
  std::unique_ptr<Door> door;
  std::uint64_t node = 0;
  std::uint64_t handle = 0;

  explicit Served(std::function<void()> before_read = {}, std::uint64_t offered = kModern) {
    driver.before_read = std::move(before_read);
    door = std::make_unique<Door>(driver, kernel);
    kernel.send(FUSE_INIT, 0, init_of(45, offered));
    REQUIRE(door->start() == 0);
    REQUIRE(kernel.receive().header.error == 0);
    node = look_up("binder");
    handle = open(node);
  }
  std::uint64_t look_up(const std::string& name) {
    const auto reply = kernel.ask(FUSE_LOOKUP, 1, name);
    REQUIRE(reply.header.error == 0);
    return reply.as<fuse_entry_out>().nodeid;
  }
  std::uint64_t open(std::uint64_t number) {
    fuse_open_in in{};
    in.flags = 2;
    const auto reply = kernel.ask(FUSE_OPEN, number, in);
    REQUIRE(reply.header.error == 0);
    return reply.as<fuse_open_out>().fh;
  }
  template <typename Argument>
  std::uint64_t send_ioctl(std::uint32_t command, const Argument& argument) {
    fuse_ioctl_in in{};
    in.fh = handle;
    in.cmd = command;
    in.in_size = in.out_size = sizeof argument;
    return kernel.send(FUSE_IOCTL, node, in, argument);
  }
  std::uint64_t wait_for_message() {
    binder_write_read bwr{};
    bwr.read_size = 4;
    return send_ioctl(BINDER_WRITE_READ, bwr);
  }
  void interrupt(std::uint64_t unique) {
    fuse_interrupt_in in{};
    in.unique = unique;
    kernel.send(FUSE_INTERRUPT, 0, in);
  }
};

int result_of(const FakeKernel::Reply& reply) {
  return reply.as<fuse_ioctl_out>().result;
}

}  // namespace

TEST_CASE("INIT asks for passthrough and small requests where the kernel offers it", "[session]") {
  FakeDriver driver;
  FakeKernel kernel;
  Door door(driver, kernel);
  kernel.send(FUSE_INIT, 0, init_of(45, kModern | abi::kOverIoUring));
  REQUIRE(door.start() == 0);
  const auto out = kernel.receive().as<abi::InitOut>();
  CHECK(out.minor >= abi::kMinorForPassthrough);
  CHECK((out.flags & abi::kInitExt) != 0);
  CHECK(out.flags2 == abi::kPassthrough >> 32);  // and not io_uring: this door was told to read
  CHECK(out.max_stack_depth == 1);
  CHECK(out.max_write == abi::kMaxWrite);
  CHECK(out.max_pages == abi::kPagesPerRequest);
  CHECK(door.channel().passthrough());
}

TEST_CASE("INIT of an older kernel is answered without what it lacks", "[session]") {
  FakeDriver driver;
  FakeKernel kernel;
  Door door(driver, kernel);
  kernel.send(FUSE_INIT, 0, init_of(31, abi::kMaxPages));
  REQUIRE(door.start() == 0);
  const auto out = kernel.receive().as<abi::InitOut>();
  CHECK((out.flags & abi::kInitExt) == 0);
  CHECK(out.flags2 == 0);
  CHECK(out.max_stack_depth == 0);
  CHECK_FALSE(door.channel().passthrough());
}

TEST_CASE("io_uring can be insisted on", "[session]") {
  FakeDriver driver;
  FakeKernel kernel;
  Door door(driver, kernel, TransportChoice::uring);
  kernel.send(FUSE_INIT, 0, init_of(45, kModern));
  CHECK(door.start() == EOPNOTSUPP);
}

TEST_CASE("the first message must be INIT", "[session]") {
  FakeDriver driver;
  FakeKernel kernel;
  Door door(driver, kernel);
  kernel.send(FUSE_LOOKUP, 1, std::string("binder"));
  CHECK(door.start() == EPROTO);
}

TEST_CASE("each lookup of a device makes a fresh inode that is not cached", "[session]") {
  Served served;
  const auto first = served.kernel.ask(FUSE_LOOKUP, 1, std::string("binder")).as<fuse_entry_out>();
  const auto second = served.kernel.ask(FUSE_LOOKUP, 1, std::string("binder")).as<fuse_entry_out>();
  CHECK(first.nodeid != second.nodeid);
  CHECK(first.attr.ino == first.nodeid);
  CHECK(first.entry_valid == 0);
  CHECK(first.attr_valid == 0);
  CHECK(served.kernel.ask(FUSE_LOOKUP, 1, std::string("nothing")).header.error == -ENOENT);
  fuse_forget_in forget{1};
  served.kernel.send(FUSE_FORGET, first.nodeid, forget);
  // FORGET has no answer, and another thread may get to it later than to what follows.
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  const auto attributes = [&] { return served.kernel.ask(FUSE_GETATTR, first.nodeid, fuse_getattr_in{}); };
  int error = 0;
  while (error == 0 && std::chrono::steady_clock::now() < limit) error = attributes().header.error;
  CHECK(error == -ESTALE);
}

TEST_CASE("a second open of the same inode is refused so that the kernel looks it up again", "[session]") {
  Served served;
  CHECK(served.kernel.ask(FUSE_OPEN, served.node, fuse_open_in{}).header.error == -ESTALE);
}

TEST_CASE("read and write come to the daemon and are refused", "[session]") {
  Served served;
  fuse_read_in read{};
  read.fh = served.handle;
  read.size = 4096;
  CHECK(served.kernel.ask(FUSE_READ, served.node, read).header.error == -EINVAL);
  fuse_write_in write{};
  write.fh = served.handle;
  write.size = 1;
  CHECK(served.kernel.ask(FUSE_WRITE, served.node, write, 'x').header.error == -EINVAL);
}

TEST_CASE("without passthrough pages of the receive area are read", "[session]") {
  Served served({}, abi::kInitExt | abi::kMaxPages);
  std::memcpy(served.driver.last_session()->receive_area().data() + 8192, "page", 4);
  fuse_read_in read{};
  read.fh = served.handle;
  read.size = 4096;
  read.offset = 8192;
  const auto page = served.kernel.ask(FUSE_READ, served.node, read);
  CHECK(page.body.size() == 4096);
  CHECK(std::memcmp(page.body.data(), "page", 4) == 0);
  read.offset = 1 << 30;
  CHECK(served.kernel.ask(FUSE_READ, served.node, read).body.empty());
}

TEST_CASE("an ioctl carries its result and its bytes", "[session]") {
  Served served;
  served.send_ioctl(BINDER_VERSION, binder_version{});
  auto reply = served.kernel.receive();
  CHECK(reply.header.error == 0);
  CHECK(result_of(reply) == 0);
  REQUIRE(reply.body.size() == sizeof(fuse_ioctl_out) + sizeof(binder_version));
  binder_version version;
  std::memcpy(&version, reply.body.data() + sizeof(fuse_ioctl_out), sizeof version);
  CHECK(version.protocol_version == 8);
  served.send_ioctl(_IOW('b', 99, std::uint32_t), std::uint32_t{});
  CHECK(result_of(served.kernel.receive()) == -EINVAL);
}

TEST_CASE("INTERRUPT ends a parked read with EINTR and the bytes of its argument", "[session]") {
  Served served;
  const auto unique = served.wait_for_message();
  REQUIRE(served.driver.world.eventually([](auto& counts) { return counts.parked == 1; }));
  CHECK(served.kernel.silent());
  served.interrupt(unique);
  const auto reply = served.kernel.receive();
  CHECK(reply.header.unique == unique);
  CHECK(reply.header.error == 0);
  CHECK(result_of(reply) == -EINTR);
  CHECK(reply.body.size() == sizeof(fuse_ioctl_out) + sizeof(binder_write_read));
}

TEST_CASE("an INTERRUPT that comes before the read is parked is not lost", "[session]") {
  std::promise<std::uint64_t> number;
  auto known = number.get_future().share();
  Served* self = nullptr;
  Served served([&] {
    if (self == nullptr) return;
    self->interrupt(known.get());
    self->driver.world.eventually([](auto& counts) { return counts.missed_interrupts > 0; });
  });
  self = &served;
  const auto unique = served.wait_for_message();
  number.set_value(unique);
  const auto reply = served.kernel.receive();
  CHECK(reply.header.unique == unique);
  CHECK(result_of(reply) == -EINTR);
  CHECK(served.driver.world.counts().interrupted == 1);
}

TEST_CASE("poll announces later readiness once", "[session]") {
  Served served;
  fuse_poll_in in{};
  in.fh = served.handle;
  in.kh = 77;
  in.flags = FUSE_POLL_SCHEDULE_NOTIFY;
  CHECK(served.kernel.ask(FUSE_POLL, served.node, in).as<fuse_poll_out>().revents == 0);
  binder_write_read bwr{};
  char text[] = "x";
  bwr.write_size = sizeof text;
  bwr.write_buffer = reinterpret_cast<std::uintptr_t>(text);
  const auto unique = served.send_ioctl(BINDER_WRITE_READ, bwr);
  const auto notification = served.kernel.receive();
  CHECK(notification.header.unique == 0);
  CHECK(notification.header.error == FUSE_NOTIFY_POLL);
  CHECK(notification.as<fuse_notify_poll_wakeup_out>().kh == 77);
  CHECK(served.kernel.receive().header.unique == unique);
  CHECK(served.kernel.ask(FUSE_POLL, served.node, in).as<fuse_poll_out>().revents == POLLIN);
}

TEST_CASE("flush and release reach the session; release ends parked reads", "[session]") {
  Served served;
  fuse_flush_in flush{};
  flush.fh = served.handle;
  CHECK(served.kernel.ask(FUSE_FLUSH, served.node, flush).header.error == 0);
  CHECK(served.driver.world.counts().flushed == 1);
  const auto parked = served.wait_for_message();
  REQUIRE(served.driver.world.eventually([](auto& counts) { return counts.parked == 1; }));
  fuse_release_in release{};
  release.fh = served.handle;
  const auto released = served.kernel.send(FUSE_RELEASE, served.node, release);
  const auto first = served.kernel.receive();
  CHECK(first.header.unique == parked);
  CHECK(result_of(first) == -EINTR);
  CHECK(served.kernel.receive().header.unique == released);
  CHECK(served.driver.world.counts().released == 1);
  CHECK(served.door->files().open_devices() == 0);
}

TEST_CASE("BINDER_CTL_ADD writes the number back also when it fails", "[session]") {
  Served served;
  const auto control = served.look_up("binder-control");
  fuse_ioctl_in in{};
  in.fh = served.open(control);
  in.cmd = 0xc1086201;
  struct {
    char name[256];
    std::uint32_t major, minor;
  } device{};
  in.in_size = in.out_size = sizeof device;
  std::strcpy(device.name, "new");
  CHECK(result_of(served.kernel.ask(FUSE_IOCTL, control, in, device)) == 0);
  const auto again = served.kernel.ask(FUSE_IOCTL, control, in, device);
  CHECK(result_of(again) == -EEXIST);
  CHECK(again.body.size() == sizeof(fuse_ioctl_out) + sizeof device);
  served.look_up("new");
}

TEST_CASE("names cannot be made or removed by ordinary means", "[session]") {
  Served served;
  fuse_mkdir_in make{};
  make.mode = 0755;
  CHECK(served.kernel.ask(FUSE_MKDIR, 1, make, std::string("d")).header.error == -EPERM);
  CHECK(served.kernel.ask(FUSE_RMDIR, 1, std::string("features")).header.error == -EPERM);
  CHECK(served.kernel.ask(FUSE_UNLINK, 1, std::string("binder-control")).header.error == -EPERM);
  fuse_create_in create{};
  CHECK(served.kernel.ask(FUSE_CREATE, 1, create, std::string("f")).header.error == -EACCES);
  CHECK(served.kernel.ask(FUSE_UNLINK, 1, std::string("binder")).header.error == 0);
  CHECK(served.kernel.ask(FUSE_LOOKUP, 1, std::string("binder")).header.error == -ENOENT);
  // Still open, and still at work.
  served.send_ioctl(BINDER_VERSION, binder_version{});
  CHECK(result_of(served.kernel.receive()) == 0);
}

TEST_CASE("what is not understood is answered and harms nobody", "[session]") {
  Served served;
  CHECK(served.kernel.ask(4000, 1).header.error == -ENOSYS);
  CHECK(served.kernel.ask(FUSE_GETATTR, 123456789, fuse_getattr_in{}).header.error == -ESTALE);
  CHECK(served.kernel.ask(FUSE_OPEN, 123456789, fuse_open_in{}).header.error == -ESTALE);
  fuse_interrupt_in nobody{};
  nobody.unique = 99999998;
  served.kernel.send(FUSE_INTERRUPT, 0, nobody);
  served.send_ioctl(BINDER_VERSION, binder_version{});
  // libfuse asks the kernel to repeat an interrupt whose request it does not know.
  for (auto reply = served.kernel.receive();; reply = served.kernel.receive()) {
    if (reply.header.error == -EAGAIN) continue;
    CHECK(result_of(reply) == 0);
    break;
  }
}

TEST_CASE("the end of the connection is reported once", "[session]") {
  Served served;
  auto lost = served.door->lost.get_future();
  served.kernel.hang_up();
  CHECK(lost.wait_for(std::chrono::seconds(10)) == std::future_status::ready);
}

TEST_CASE("a mapping is found by device and inode", "[session]") {
  std::istringstream maps(
      "7f0000000000-7f0000001000 r--p 00000000 00:2f 41                         /dev/binderfs/binder\n"
      "7f0000001000-7f00000fe000 r--p 00000000 00:2f 42                         /dev/binderfs/binder\n"
      "7f00000fe000-7f00000ff000 ---p 000fd000 00:2f 42                         /dev/binderfs/binder\n"
      "7f0000200000-7f0000201000 r--p 00000000 00:2f 42                         /dev/binderfs/binder\n");
  const auto found = find_mapping_in(maps, {0, 0x2f, 42});
  REQUIRE(found.has_value());
  CHECK(found->address == 0x7f0000001000);
  CHECK(found->size == 0xfe000);
  std::istringstream none("7f0000000000-7f0000001000 r--p 00000000 00:2e 42 /dev/binderfs/binder\n");
  CHECK_FALSE(find_mapping_in(none, {0, 0x2f, 42}).has_value());
}

TEST_CASE("the file system on top at a path is found in mountinfo", "[session]") {
  std::istringstream text(
      "22 1 254:0 / / rw - ext4 /dev/vda rw\n"
      "40 22 0:47 / /mnt/a\\040b rw,nosuid - fuse.binder binder rw,user_id=0\n"
      "41 40 0:48 / /mnt/a\\040b rw shared:1 master:2 - tmpfs tmpfs rw\n");
  const auto found = find_mount_in(text, "/mnt/a b");
  REQUIRE(found.has_value());
  CHECK(found->type == "tmpfs");
  CHECK(found->device_minor == 48);
}

}  // namespace cuse_binder::test
