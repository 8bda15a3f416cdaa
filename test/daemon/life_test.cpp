// The life of a serving daemon: readiness, signals, crashes, rivals.
#include <fcntl.h>
#include <linux/android/binder.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "cuse_binder/base/unique_fd.h"
#include "test/daemon/program.h"
#include "test/daemon/scene.h"
#include "test/support/catch.h"

namespace cuse_binder::test {
namespace {

pid_t pid_in(const std::string& file) {
  return static_cast<pid_t>(std::atol(contents(file).c_str()));
}

bool is_empty_directory(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_empty(path, error) && !error;
}

// The end every daemon should come to: exit 0, mount gone, the directory as before.
void end_orderly(Program& daemon, const Scene& scene) {
  daemon.signal(SIGTERM);
  const int status = daemon.wait();
  INFO(daemon.output());
  CHECK(status == 0);
  CHECK_FALSE(is_mounted(scene.mount_point()));
  CHECK(is_empty_directory(scene.mount_point()));
}

std::string receive(int socket) {
  pollfd descriptor{socket, POLLIN, 0};
  REQUIRE(poll(&descriptor, 1, kPatienceMilliseconds) == 1);
  char text[1024];
  const ssize_t size = recv(socket, text, sizeof(text), 0);
  REQUIRE(size > 0);
  return std::string(text, static_cast<std::size_t>(size));
}

base::UniqueFd notify_socket(const std::string& path) {
  base::UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  REQUIRE(bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
  return socket;
}

}  // namespace

TEST_CASE("a daemon in the foreground serves until SIGTERM and leaves nothing behind", "[life]") {
  Scene scene;
  Program daemon(scene.serve());
  daemon.expect("serving " + scene.mount_point());
  for (const auto* name : {"binder", "hwbinder", "vndbinder"})
    CHECK(device_answers(scene.mount_point() + "/" + name));
  end_orderly(daemon, scene);
}

TEST_CASE("SIGINT ends a daemon as SIGTERM does", "[life]") {
  Scene scene;
  Program daemon(scene.serve());
  daemon.expect("serving " + scene.mount_point());
  daemon.signal(SIGINT);
  CHECK(daemon.wait() == 0);
  CHECK_FALSE(is_mounted(scene.mount_point()));
}

TEST_CASE("a service manager is told when devices can be opened, and when that ends", "[life]") {
  Scene scene;
  const auto path = scene.path("notify");
  const auto socket = notify_socket(path);
  Program daemon(scene.serve(), [&] { setenv("NOTIFY_SOCKET", path.c_str(), 1); });
  const auto ready = receive(socket.get());
  CHECK(ready.find("READY=1\n") == 0);
  CHECK(ready.find("MAINPID=" + std::to_string(daemon.pid()) + "\n") != std::string::npos);
  CHECK(ready.find(scene.mount_point()) != std::string::npos);
  CHECK(device_answers(scene.mount_point() + "/binder"));
  daemon.signal(SIGTERM);
  CHECK(receive(socket.get()) == "STOPPING=1\n");
  CHECK(daemon.wait() == 0);
}

TEST_CASE("--daemonize returns when devices can be opened", "[life]") {
  Scene scene;
  const auto pid_file = scene.path("pid");
  Program starter(scene.serve({"--daemonize", "--pid-file", pid_file, "--log-file", scene.path("log")}));
  REQUIRE(starter.wait() == 0);
  CHECK(starter.output().empty());
  CHECK(device_answers(scene.mount_point() + "/binder"));
  const pid_t daemon = pid_in(pid_file);
  REQUIRE(daemon > 0);
  CHECK(daemon != starter.pid());
  REQUIRE(kill(daemon, SIGTERM) == 0);
  wait_for_end_of(daemon);
  CHECK_FALSE(is_mounted(scene.mount_point()));
  CHECK_FALSE(std::filesystem::exists(pid_file));
  CHECK(contents(scene.path("log")).find("unmounted " + scene.mount_point()) != std::string::npos);
}

TEST_CASE("a second daemon on the same mount point is refused and does not disturb the first", "[life]") {
  Scene scene;
  Program first(scene.serve());
  first.expect("serving " + scene.mount_point());
  Program second(scene.serve());
  CHECK(second.wait() == 3);
  INFO(second.output());
  CHECK(second.output().find("another daemon serves it") != std::string::npos);
  CHECK(device_answers(scene.mount_point() + "/binder"));
  end_orderly(first, scene);
}

TEST_CASE("a second daemon with the same pid file is refused", "[life]") {
  Scene scene;
  const auto other = scene.make_directory("other");
  const auto pid_file = scene.path("pid");
  Program first(scene.serve({"--pid-file", pid_file}));
  first.expect("serving");
  Program second(Scene::binderd({"--fuse", other, "--pid-file", pid_file}));
  CHECK(second.wait() == 3);
  CHECK(second.output().find(std::to_string(first.pid())) != std::string::npos);
  CHECK_FALSE(is_mounted(other));
  CHECK(pid_in(pid_file) == first.pid());
  end_orderly(first, scene);
  CHECK_FALSE(std::filesystem::exists(pid_file));
}

TEST_CASE("the mount and pid file of a killed daemon are replaced", "[life]") {
  Scene scene;
  const auto pid_file = scene.path("pid");
  {
    Program killed(scene.serve({"--pid-file", pid_file}));
    killed.expect("serving");
    // A client that still holds a device keeps the dead connection alive.
    const base::UniqueFd device(open((scene.mount_point() + "/binder").c_str(), O_RDWR | O_CLOEXEC));
    REQUIRE(device);
    killed.signal(SIGKILL);
    CHECK(killed.wait() == 128 + SIGKILL);
    REQUIRE(is_mounted(scene.mount_point()));
    CHECK_FALSE(device_answers(scene.mount_point() + "/binder"));

    Program next(scene.serve({"--pid-file", pid_file}));
    next.expect("serving");
    CHECK(device_answers(scene.mount_point() + "/binder"));
    end_orderly(next, scene);
  }
}

TEST_CASE("SIGHUP opens a rotated log file anew, SIGUSR1 writes the counters", "[life]") {
  Scene scene;
  const auto log = scene.path("log");
  Program daemon(scene.serve({"--log-file", log}));
  wait_for_text(log, "serving " + scene.mount_point());
  daemon.signal(SIGUSR1);
  wait_for_text(log, "counters: transactions=0 ");
  std::filesystem::rename(log, log + ".1");
  daemon.signal(SIGHUP);
  wait_for_text(log, "log file opened anew");
  end_orderly(daemon, scene);
  CHECK(contents(log).find("unmounted") != std::string::npos);
  CHECK(contents(log + ".1").find("unmounted") == std::string::npos);
}

TEST_CASE("a daemon whose only mount is taken away ends", "[life]") {
  Scene scene;
  Program daemon(scene.serve());
  daemon.expect("serving");
  REQUIRE(umount2(scene.mount_point().c_str(), 0) == 0);
  CHECK(daemon.wait() == 0);
  CHECK(daemon.output().find("unmounted by somebody else") != std::string::npos);
}

TEST_CASE("a daemon with several mounts serves on when one is taken away", "[life]") {
  Scene scene;
  const auto other = scene.make_directory("other");
  Program daemon(scene.serve({"--fuse", other}));
  daemon.expect("serving " + scene.mount_point());
  daemon.expect("serving " + other);
  REQUIRE(umount2(other.c_str(), 0) == 0);
  daemon.expect(other + " was unmounted by somebody else");
  CHECK(device_answers(scene.mount_point() + "/binder"));
  end_orderly(daemon, scene);
}

TEST_CASE("all mounts are taken back when one of them fails", "[life]") {
  Scene scene;
  Program daemon(scene.serve({"--fuse", scene.path("nowhere")}));
  CHECK(daemon.wait() == 1);
  CHECK_FALSE(is_mounted(scene.mount_point()));
}

TEST_CASE("devices have the names, mode and owner that were asked for", "[life]") {
  Scene scene;
  Program daemon(scene.serve({"--device", "one", "--device", "two words", "--mode", "0640", "--owner", "12",
                              "--group", "34", "--no-logs"}));
  daemon.expect("serving");
  for (const auto* name : {"one", "two words"}) {
    struct stat status;
    REQUIRE(stat((scene.mount_point() + "/" + name).c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0640);
    CHECK(status.st_uid == 12);
    CHECK(status.st_gid == 34);
  }
  CHECK_FALSE(std::filesystem::exists(scene.mount_point() + "/binder"));
  CHECK_FALSE(std::filesystem::exists(scene.mount_point() + "/binder_logs"));
  end_orderly(daemon, scene);
}

TEST_CASE("--symlinks makes links in /dev, removes them, and leaves other files alone", "[life]") {
  Scene scene;
  const std::string mine = "binderd-test-a" + std::to_string(getpid());
  const std::string taken = "binderd-test-b" + std::to_string(getpid());
  REQUIRE(symlink("/nowhere", ("/dev/" + taken).c_str()) == 0);
  {
    Program daemon(scene.serve({"--device", mine, "--device", taken, "--symlinks"}));
    daemon.expect("no link /dev/" + taken);
    daemon.expect("devices can be opened");
    CHECK(device_answers("/dev/" + mine));
    end_orderly(daemon, scene);
  }
  CHECK_FALSE(std::filesystem::is_symlink("/dev/" + mine));
  CHECK(std::filesystem::read_symlink("/dev/" + taken) == "/nowhere");
  unlink(("/dev/" + taken).c_str());
}

TEST_CASE("a configuration file says what the command line can say", "[life]") {
  Scene scene;
  const auto config = scene.path("binderd.conf");
  std::ofstream(config) << "fuse = [\"" << scene.mount_point() << "\"]\ndevice = [\"x\", \"y\"]\n"
                        << "mode = \"0604\"\nlog-level = \"warn,daemon=info\"\n";
  Program daemon(Scene::binderd({"--config", config}));
  daemon.expect("serving " + scene.mount_point());
  struct stat status;
  REQUIRE(stat((scene.mount_point() + "/y").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0604);
  end_orderly(daemon, scene);
}

TEST_CASE("a client that waits in the driver gets an error when the daemon ends", "[life]") {
  Scene scene;
  Program daemon(scene.serve());
  daemon.expect("devices can be opened");
  const base::UniqueFd device(open((scene.mount_point() + "/binder").c_str(), O_RDWR | O_CLOEXEC));
  REQUIRE(device);
  constexpr std::size_t kSize = 128 * 1024;
  void* area = mmap(nullptr, kSize, PROT_READ, MAP_PRIVATE | MAP_NORESERVE, device.get(), 0);
  REQUIRE(area != MAP_FAILED);

  int result = 0;
  int error = 0;
  std::thread reader([&] {
    std::uint32_t enter = BC_ENTER_LOOPER;
    std::uint64_t room[32];
    binder_write_read exchange{};
    exchange.write_buffer = reinterpret_cast<binder_uintptr_t>(&enter);
    exchange.write_size = sizeof(enter);
    exchange.read_buffer = reinterpret_cast<binder_uintptr_t>(room);
    exchange.read_size = sizeof(room);
    // The first read ends at once with BR_NOOP and perhaps work for the thread pool; then it waits.
    do {
      exchange.read_consumed = 0;
      result = ioctl(device.get(), BINDER_WRITE_READ, &exchange);
      error = errno;
      exchange.write_size = 0;
    } while (result == 0);
  });
  // The daemon's own words say when the reader waits.
  do daemon.signal(SIGUSR1);
  while (daemon.expect("objects: processes=1 ").find("parked_reads=1") == std::string::npos);

  end_orderly(daemon, scene);
  reader.join();
  CHECK(result == -1);
  CHECK((error == EINTR || error == ENOTCONN || error == ECONNABORTED || error == EIO));
  munmap(area, kSize);
}

TEST_CASE("mount.binder mounts as mount -t binder would", "[life]") {
  Scene scene;
  const std::string helper = MOUNT_HELPER_PATH;
  SECTION("with logs and room for four devices") {
    Program mount({helper, "binder", scene.mount_point(), "-o", "rw,max=4,stats=global,mode=0666"});
    INFO(mount.output());
    REQUIRE(mount.wait() == 0);
    CHECK(device_answers(scene.mount_point() + "/binder"));
    CHECK(std::filesystem::exists(scene.mount_point() + "/binder_logs/state"));
  }
  SECTION("without logs unless asked for") {
    Program mount({helper, "binder", scene.mount_point()});
    REQUIRE(mount.wait() == 0);
    CHECK(device_answers(scene.mount_point() + "/binder"));
    CHECK_FALSE(std::filesystem::exists(scene.mount_point() + "/binder_logs"));
  }
  SECTION("but not with an unknown option") {
    Program mount({helper, "binder", scene.mount_point(), "-o", "max=4,colour=blue"});
    CHECK(mount.wait() == 32);
    CHECK(mount.output().find("colour=blue") != std::string::npos);
    CHECK_FALSE(is_mounted(scene.mount_point()));
    return;
  }
  SECTION("nor with a bad value") {
    Program mount({helper, "binder", scene.mount_point(), "-o", "stats=some"});
    CHECK(mount.wait() == 32);
    Program other({helper, "binder", scene.mount_point(), "-o", "max=-1"});
    CHECK(other.wait() == 1);
    CHECK_FALSE(is_mounted(scene.mount_point()));
    return;
  }
  // The daemon belongs to the mount: it ends with it.
  const pid_t daemon = find_process(scene.mount_point());
  REQUIRE(daemon > 0);
  REQUIRE(umount2(scene.mount_point().c_str(), 0) == 0);
  wait_for_end_of(daemon);
}

}  // namespace cuse_binder::test
