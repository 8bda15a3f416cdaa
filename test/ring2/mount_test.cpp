// A real mount, over both transports, with clients in processes of their own.
#include <dirent.h>
#include <linux/android/binderfs.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <fstream>
#include <future>
#include <set>
#include <sstream>
#include <thread>

#include "catch.h"
#include "client_process.h"
#include "cuse_binder/base/log.h"
#include "cuse_binder/base/unique_fd.h"
#include "cuse_binder/frontends/fuse_mount.h"
#include "cuse_binder/frontends/fuse_transport.h"
#include "fake_driver.h"

namespace cuse_binder::test {
namespace {

using frontends::FuseMount;
using frontends::TransportChoice;

class Directory {
 public:
  Directory() {
    char name[] = "/tmp/ring2.XXXXXX";
    path_ = mkdtemp(name);
  }
  ~Directory() {
    umount2(path_.c_str(), MNT_DETACH);
    rmdir(path_.c_str());
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Why this machine cannot do it, or an empty string.
std::string missing(TransportChoice transport) {
  if (geteuid() != 0) return "not root";
  if (access("/dev/fuse", R_OK | W_OK) != 0) return "no /dev/fuse";
  if (transport == TransportChoice::uring && !frontends::uring_enabled()) {
    return "FUSE over io_uring is switched off (/sys/module/fuse/parameters/enable_uring)";
  }
  return {};
}

struct Mounted {
  explicit Mounted(TransportChoice transport, FuseMount::Options options = {}) {
    options.mount_point = directory.path();
    options.transport = transport;
    auto result = FuseMount::mount(driver, options);
    REQUIRE(result.error() == 0);
    mount = std::move(result.value());
  }
  std::string path(const std::string& name) const { return directory.path() + '/' + name; }
  std::string binder() const { return path("binder"); }

  Directory directory;
  FakeDriver driver;
  std::unique_ptr<FuseMount> mount;
};

int open_device(const std::string& path, int flags = O_RDWR) {
  return open(path.c_str(), flags | O_CLOEXEC);
}

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::set<std::string> names_in(const std::string& path) {
  std::set<std::string> names;
  DIR* directory = opendir(path.c_str());
  if (directory == nullptr) return names;
  while (const dirent* entry = readdir(directory)) names.insert(entry->d_name);
  closedir(directory);
  return names;
}

bool has_thread_pidfds() {
  const base::UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, syscall(SYS_gettid), O_EXCL)));
  return static_cast<bool>(pidfd);
}

// For what nobody announces.
template <typename Condition>
bool soon(Condition condition) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > limit) return false;
    std::this_thread::yield();
  }
  return true;
}

int add_device(const Mounted& mounted, const std::string& name, binderfs_device* out = nullptr) {
  const base::UniqueFd control(open_device(mounted.path("binder-control"), O_RDONLY));
  binderfs_device device{};
  std::memcpy(device.name, name.data(), std::min(name.size(), sizeof device.name));
  const int error = ioctl(control.get(), BINDER_CTL_ADD, &device) == 0 ? 0 : errno;
  if (out != nullptr) *out = device;
  return error;
}

#define FOR_BOTH_TRANSPORTS()                                                                \
  const TransportChoice transport = GENERATE(TransportChoice::read, TransportChoice::uring); \
  if (const std::string reason = missing(transport); !reason.empty()) {                      \
    WARN("skipped: " << reason);                                                             \
    return;                                                                                  \
  }

}  // namespace

TEST_CASE("a client opens, asks for the version, maps and sees what the daemon writes", "[mount]") {
  FOR_BOTH_TRANSPORTS();
  Mounted mounted(transport);
  CHECK(mounted.mount->transport() == (transport == TransportChoice::uring ? "uring" : "read"));
  const std::string path = mounted.binder();
  const bool passthrough = mounted.mount->passthrough();
  ClientProcess client([&] {
    const int fd = open_device(path);
    if (fd < 0) return errno;
    binder_version version{};
    if (ioctl(fd, BINDER_VERSION, &version) != 0 || version.protocol_version != 8) return 101;
    void* area = mmap(nullptr, (1 << 20) - 8192, PROT_READ, MAP_PRIVATE | MAP_NORESERVE, fd, 0);
    if (area == MAP_FAILED) return 102;
    if (wait_for_message(fd) != 0) return 103;
    if (std::memcmp(area, "hello", 6) != 0) return 104;
    if (ioctl(fd, _IO('b', 99)) == 0 || errno != EINVAL) return 105;
    char byte;
    // Without passthrough read(2) looks like a page being filled.
    if (passthrough && (read(fd, &byte, 1) != -1 || errno != EINVAL)) return 106;
    if (write(fd, &byte, 1) != -1 || errno != EINVAL) return 107;
    if (mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) != MAP_FAILED || errno != EPERM)
      return 108;
    return 0;
  });
  REQUIRE(mounted.driver.world.eventually([](auto& counts) { return counts.parked == 1; }));
  const auto session = mounted.driver.last_session();
  REQUIRE(session != nullptr);
  CHECK(session->pid() == client.pid());
  const auto mapping = session->info().find_mapping();
  REQUIRE(mapping.has_value());
  CHECK(mapping->size == (1 << 20) - 8192);
  CHECK_FALSE(session->info().is_nonblocking(client.pid()));
  {
    ClientProcess sender([&] {
      const int fd = open_device(path);
      return send_message(fd, "hello", 6);
    });
    CHECK(sender.wait() == 0);
  }
  CHECK(client.wait() == 0);
  CHECK(mounted.driver.world.eventually(
      [](auto& counts) { return counts.released == 2 && counts.flushed >= 2; }));
  CHECK(mounted.mount->counters().open_files == 0);
}

TEST_CASE("a signal ends a parked read with EINTR and its bytes", "[mount]") {
  FOR_BOTH_TRANSPORTS();
  Mounted mounted(transport);
  const std::string path = mounted.binder();
  ClientProcess client([&] {
    struct sigaction action {};
    action.sa_handler = [](int) {};
    sigaction(SIGUSR1, &action, nullptr);
    const int fd = open_device(path, O_RDWR);
    return wait_for_message(fd);
  });
  REQUIRE(mounted.driver.world.eventually([](auto& counts) { return counts.parked == 1; }));
  client.signal(SIGUSR1);
  CHECK(client.wait() == EINTR);
  CHECK(mounted.driver.world.counts().interrupted == 1);
}

TEST_CASE("a client that is killed in a parked read goes away", "[mount]") {
  FOR_BOTH_TRANSPORTS();
  Mounted mounted(transport);
  const std::string path = mounted.binder();
  for (int round = 0; round < 20; ++round) {
    ClientProcess client([&] { return wait_for_message(open_device(path)); });
    REQUIRE(mounted.driver.world.eventually([](auto& counts) { return counts.parked == 1; }));
    client.signal(SIGKILL);
    REQUIRE(client.wait() == 1000 + SIGKILL);
    REQUIRE(mounted.driver.world.eventually([&](auto& counts) { return counts.released == round + 1; }));
  }
  CHECK(mounted.driver.world.counts().parked == 0);
}

TEST_CASE("a client that is killed at any moment leaves nothing", "[mount]") {
  FOR_BOTH_TRANSPORTS();
  Mounted mounted(transport);
  const std::string path = mounted.binder();
  for (int round = 0; round < 60; ++round) {
    ClientProcess client([&] {
      for (;;) {
        const int fd = open_device(path);
        binder_version version{};
        ioctl(fd, BINDER_VERSION, &version);
        send_message(fd, "x", 1);
        wait_for_message(fd);
        close(fd);
      }
      return 0;
    });
    // Not a moment that is chosen, but one that varies: after the n-th open.
    REQUIRE(mounted.driver.world.eventually([&](auto& counts) { return counts.opened > round * 3; }));
    client.signal(SIGKILL);
    REQUIRE(client.wait() == 1000 + SIGKILL);
    REQUIRE(mounted.driver.world.eventually([](auto& counts) { return counts.opened == counts.released; }));
  }
  CHECK(mounted.mount->counters().open_files == 0);
}

TEST_CASE("unmounting ends the calls of waiting clients", "[mount]") {
  FOR_BOTH_TRANSPORTS();
  Mounted mounted(transport);
  const std::string path = mounted.binder();
  ClientProcess client([&] {
    const int fd = open_device(path);
    const int first = wait_for_message(fd);
    if (first != EINTR && first != ENOTCONN && first != ECONNABORTED) return first;
    for (;;) {  // it goes on asking, as a client library would
      const int next = wait_for_message(fd);
      if (next == EINTR) continue;
      return next == ENOTCONN || next == ECONNABORTED ? 0 : next;
    }
  });
  REQUIRE(mounted.driver.world.eventually([](auto& counts) { return counts.parked == 1; }));
  mounted.mount->unmount();
  CHECK(client.wait() == 0);
  CHECK(mounted.driver.world.counts().parked == 0);
  CHECK(mounted.driver.world.counts().released == 1);
  struct stat attributes;
  CHECK((stat(mounted.binder().c_str(), &attributes) == -1 && errno == ENOENT));
}

TEST_CASE("somebody else's unmount is reported, and open files go on working", "[mount]") {
  FOR_BOTH_TRANSPORTS();
  Mounted mounted(transport);
  std::promise<void> lost;
  mounted.mount->on_lost([&] { lost.set_value(); });
  {
    const base::UniqueFd fd(open_device(mounted.binder()));
    REQUIRE(fd);
    REQUIRE(umount2(mounted.directory.path().c_str(), MNT_DETACH) == 0);
    binder_version version{};
    CHECK(ioctl(fd.get(), BINDER_VERSION, &version) == 0);
  }
  CHECK(lost.get_future().wait_for(std::chrono::seconds(10)) == std::future_status::ready);
  mounted.mount->unmount();
}

TEST_CASE("the mount can be left while a client keeps a file of a detached mount open", "[mount]") {
  FOR_BOTH_TRANSPORTS();
  Mounted mounted(transport);
  const base::UniqueFd fd(open_device(mounted.binder()));
  REQUIRE(umount2(mounted.directory.path().c_str(), MNT_DETACH) == 0);
  mounted.mount.reset();
  binder_version version{};
  CHECK(ioctl(fd.get(), BINDER_VERSION, &version) == -1);
}

TEST_CASE("poll and epoll wake when something arrives", "[mount]") {
  FOR_BOTH_TRANSPORTS();
  Mounted mounted(transport);
  const std::string path = mounted.binder();
  ClientProcess client([&] {
    const int fd = open_device(path, O_RDWR | O_NONBLOCK);
    const int epoll = epoll_create1(0);
    epoll_event event{EPOLLIN, {}};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    if (epoll_wait(epoll, &event, 1, 10000) != 1) return 101;
    pollfd ready{fd, POLLIN, 0};
    if (poll(&ready, 1, 10000) != 1 || ready.revents != POLLIN) return 102;
    return wait_for_message(fd);
  });
  REQUIRE(mounted.driver.world.eventually([](auto& counts) { return counts.polls >= 1; }));
  CHECK(mounted.driver.last_session()->info().nonblocking);
  const base::UniqueFd fd(open_device(path));
  CHECK(send_message(fd.get(), "x", 1) == 0);
  CHECK(client.wait() == 0);
}

TEST_CASE("O_NONBLOCK that is set after open is found", "[mount]") {
  FOR_BOTH_TRANSPORTS();
  Mounted mounted(transport);
  const std::string path = mounted.binder();
  ClientProcess client([&] {
    const int fd = open_device(path);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return wait_for_message(fd);
  });
  REQUIRE(mounted.driver.world.eventually([](auto& counts) { return counts.parked == 1; }));
  const auto session = mounted.driver.last_session();
  CHECK_FALSE(session->info().nonblocking);
  CHECK(session->info().is_nonblocking(client.pid()));
}

TEST_CASE("the end of a client thread is noticed", "[mount]") {
  FOR_BOTH_TRANSPORTS();
  Mounted mounted(transport);
  const base::UniqueFd fd(open_device(mounted.binder()));
  const auto come_and_go = [&] {
    std::thread([&] {
      binder_version version{};
      ioctl(fd.get(), BINDER_VERSION, &version);
    }).join();
  };
  const auto gone = [&] { return mounted.driver.world.counts().threads_gone; };
  if (!has_thread_pidfds()) {  // then the end of one is noticed when another one comes
    CHECK(soon([&] {
      come_and_go();
      return gone() > 0;
    }));
    return;
  }
  for (int i = 1; i <= 3; ++i) {
    come_and_go();
    CHECK(mounted.driver.world.eventually([&](auto& counts) { return counts.threads_gone == i; }));
  }
}

TEST_CASE("hundreds of parked threads are all woken", "[mount]") {
  FOR_BOTH_TRANSPORTS();
  Mounted mounted(transport);
  constexpr int kThreads = 600;
  const base::UniqueFd fd(open_device(mounted.binder()));
  std::vector<std::thread> threads;
  std::atomic<int> woken{0};
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      if (wait_for_message(fd.get()) == 0) ++woken;
    });
  }
  CHECK(mounted.driver.world.eventually([](auto& counts) { return counts.parked == kThreads; }));
  const base::UniqueFd sender(open_device(mounted.binder()));
  for (int i = 0; i < kThreads; ++i) CHECK(send_message(sender.get(), "x", 1) == 0);
  for (auto& thread : threads) thread.join();
  CHECK(woken == kThreads);
}

TEST_CASE("many processes open at once", "[mount]") {
  FOR_BOTH_TRANSPORTS();
  Mounted mounted(transport);
  const std::string path = mounted.binder();
  std::vector<std::unique_ptr<ClientProcess>> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(std::make_unique<ClientProcess>([&] {
      for (int n = 0; n < 200; ++n) {
        const int fd = open_device(path);
        if (fd < 0) return errno;
        void* area = mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
        if (area == MAP_FAILED) return 101;
        munmap(area, 4096);
        close(fd);
      }
      return 0;
    }));
  }
  for (auto& client : clients) CHECK(client->wait() == 0);
  CHECK(mounted.driver.world.eventually([](auto& counts) { return counts.released == 1600; }));
}

TEST_CASE("without passthrough a mapping shows each new message", "[mount]") {
  FOR_BOTH_TRANSPORTS();
  FuseMount::Options options;
  options.passthrough = false;
  Mounted mounted(transport, options);
  REQUIRE_FALSE(mounted.mount->passthrough());
  const std::string path = mounted.binder();
  constexpr int kRounds = 200;
  ClientProcess client([&] {
    const int fd = open_device(path);
    const void* area = mmap(nullptr, (1 << 20) - 8192, PROT_READ, MAP_PRIVATE | MAP_NORESERVE, fd, 0);
    if (area == MAP_FAILED) return 101;
    for (std::uint32_t round = 1; round <= kRounds; ++round) {
      if (wait_for_message(fd) != 0) return 102;
      std::uint32_t seen;
      std::memcpy(&seen, area, sizeof seen);
      if (seen != round) return 103;
    }
    return 0;
  });
  const base::UniqueFd sender(open_device(path));
  for (std::uint32_t round = 1; round <= kRounds; ++round) {
    REQUIRE(mounted.driver.world.eventually([](auto& counts) { return counts.parked == 1; }));
    REQUIRE(send_message(sender.get(), &round, sizeof round) == 0);
  }
  CHECK(client.wait() == 0);
  CHECK(mounted.driver.world.eventually([](auto& counts) { return counts.released == 1; }));
}

TEST_CASE("the tree is that of binderfs", "[mount]") {
  FOR_BOTH_TRANSPORTS();
  Mounted mounted(transport);
  CHECK(names_in(mounted.path("")) == std::set<std::string>{".", "..", "binder", "hwbinder", "vndbinder",
                                                            "binder-control", "features", "binder_logs"});
  CHECK(names_in(mounted.path("features")) ==
        std::set<std::string>{".", "..", "oneway_spam_detection", "extended_error", "freeze_notification"});
  CHECK(text_of(mounted.path("features/extended_error")) == "1\n");
  CHECK(text_of(mounted.path("binder_logs/state")) == "binder state:\n");
  CHECK(text_of(mounted.path("binder_logs/stats")) == std::string(20000, 'x'));
  struct stat attributes;
  REQUIRE(stat(mounted.binder().c_str(), &attributes) == 0);
  CHECK(attributes.st_mode == (S_IFREG | 0600));
  CHECK(names_in(mounted.path("binder_logs/proc")).size() == 2);
  const base::UniqueFd fd(open_device(mounted.binder()));
  const std::string own = std::to_string(getpid());
  CHECK(names_in(mounted.path("binder_logs/proc")).count(own) == 1);
  CHECK(text_of(mounted.path("binder_logs/proc/" + own)) == "log of " + own + "\n");
  CHECK(access(mounted.path("binder_logs/proc/1").c_str(), F_OK) == -1);
}

TEST_CASE("binder-control adds devices", "[mount]") {
  FOR_BOTH_TRANSPORTS();
  FuseMount::Options options;
  options.max_devices = 5;
  Mounted mounted(transport, options);
  binderfs_device device;
  CHECK(add_device(mounted, "fourth", &device) == 0);
  CHECK(device.major != 0);
  const std::uint32_t minor = device.minor;
  struct stat attributes;
  CHECK(stat(mounted.path("fourth").c_str(), &attributes) == 0);
  CHECK(add_device(mounted, "fourth", &device) == EEXIST);
  CHECK(device.minor == minor + 1);  // written back all the same
  for (const char* name : {"binder-control", "features", "binder_logs", "binder"})
    CHECK(add_device(mounted, name) == EEXIST);
  for (const char* name : {"", ".", "..", "a/b"}) CHECK(add_device(mounted, name) == EACCES);
  CHECK(add_device(mounted, std::string(256, 'n')) == 0);
  CHECK(access(mounted.path(std::string(255, 'n')).c_str(), F_OK) == 0);
  CHECK(add_device(mounted, "sixth") == ENOSPC);
  CHECK(unlink(mounted.path("fourth").c_str()) == 0);
  CHECK(add_device(mounted, "sixth", &device) == 0);
  CHECK(device.minor == minor);  // lowest first
  const base::UniqueFd control(open_device(mounted.path("binder-control")));
  CHECK((ioctl(control.get(), BINDER_VERSION, &device) == -1 && errno == EINVAL));
  char byte;
  CHECK((read(control.get(), &byte, 1) == -1 && errno == EINVAL));
  CHECK((lseek(control.get(), 0, SEEK_SET) == -1 && errno == ESPIPE));
}

TEST_CASE("directory operations have binderfs' errors", "[mount]") {
  FOR_BOTH_TRANSPORTS();
  Mounted mounted(transport);
  const auto error = [](int result) { return result == 0 ? 0 : errno; };
  const auto path = [&](const char* name) { return mounted.path(name); };
  CHECK(error(mkdir(path("d").c_str(), 0755)) == EPERM);
  CHECK(error(mknod(path("n").c_str(), S_IFREG | 0600, 0)) == EPERM);
  CHECK(error(symlink("x", path("s").c_str())) == EPERM);
  CHECK(error(link(path("binder").c_str(), path("l").c_str())) == EPERM);
  CHECK(error(rmdir(path("features").c_str())) == EPERM);
  CHECK(error(open_device(path("new"), O_RDWR | O_CREAT)) == EACCES);
  CHECK(error(unlink(path("binder-control").c_str())) == EPERM);
  CHECK(error(rename(path("binder-control").c_str(), path("c").c_str())) == EPERM);
  CHECK(error(rename(path("binder").c_str(), path("binder-control").c_str())) == EPERM);
  CHECK(error(unlink(path("features/extended_error").c_str())) == EPERM);
  CHECK(error(rename(path("features/extended_error").c_str(), path("features/x").c_str())) == EPERM);
  CHECK(error(unlink(path("binder_logs/state").c_str())) == EPERM);
  CHECK(error(rename(path("binder").c_str(), path("renamed").c_str())) == 0);
  CHECK(error(rename(path("renamed").c_str(), path("hwbinder").c_str())) == 0);
  CHECK(names_in(path("")).count("renamed") == 0);
  CHECK(mounted.mount->devices().size() == 2);
  CHECK(error(rename(path("features").c_str(), path("f").c_str())) == 0);
  CHECK(text_of(path("f/extended_error")) == "1\n");

  CHECK(error(chmod(path("hwbinder").c_str(), 0666)) == 0);
  CHECK(error(chown(path("hwbinder").c_str(), 1, 2)) == 0);
  struct stat attributes;
  REQUIRE(stat(path("hwbinder").c_str(), &attributes) == 0);
  CHECK((attributes.st_mode == (S_IFREG | 0666) && attributes.st_uid == 1 && attributes.st_gid == 2));
  CHECK(error(chmod(path("binder-control").c_str(), 0666)) == 0);
}

TEST_CASE("an unlinked device goes on working and its name can be used again", "[mount]") {
  FOR_BOTH_TRANSPORTS();
  Mounted mounted(transport);
  const base::UniqueFd old_file(open_device(mounted.binder()));
  REQUIRE(unlink(mounted.binder().c_str()) == 0);
  binder_version version{};
  CHECK(ioctl(old_file.get(), BINDER_VERSION, &version) == 0);
  CHECK((open_device(mounted.binder()) == -1 && errno == ENOENT));
  REQUIRE(add_device(mounted, "binder") == 0);
  const base::UniqueFd new_file(open_device(mounted.binder()));
  CHECK(ioctl(new_file.get(), BINDER_VERSION, &version) == 0);
  CHECK(send_message(new_file.get(), "x", 1) == 0);
  pollfd states[] = {{old_file.get(), POLLIN, 0}, {new_file.get(), POLLIN, 0}};
  poll(states, 2, 0);
  CHECK(states[0].revents == 0);  // another context
  CHECK(states[1].revents == POLLIN);
}

TEST_CASE("permissions of device files are enforced", "[mount]") {
  FOR_BOTH_TRANSPORTS();
  Mounted mounted(transport);
  const std::string path = mounted.binder();
  const auto try_as_nobody = [&] {
    ClientProcess client([&] {
      if (setgid(65534) != 0 || setuid(65534) != 0) return 255;
      return open_device(path) >= 0 ? 0 : errno;
    });
    return client.wait();
  };
  chmod(mounted.directory.path().c_str(), 0755);
  CHECK(try_as_nobody() == EACCES);
  REQUIRE(chmod(path.c_str(), 0666) == 0);
  CHECK(try_as_nobody() == 0);
}

TEST_CASE("a living daemon is not replaced, a dead one is", "[mount]") {
  FOR_BOTH_TRANSPORTS();
  Directory directory;
  FuseMount::Options options;
  options.mount_point = directory.path();
  options.transport = transport;
  int ready[2];
  REQUIRE(pipe(ready) == 0);
  const pid_t daemon = fork();
  if (daemon == 0) {
    FakeDriver driver;
    auto mount = FuseMount::mount(driver, options);
    const char answer = mount ? 'y' : 'n';
    if (write(ready[1], &answer, 1) != 1) _exit(1);
    for (;;) pause();
  }
  char answer = 'n';
  REQUIRE(read(ready[0], &answer, 1) == 1);
  REQUIRE(answer == 'y');
  const base::UniqueFd held(open_device(directory.path() + "/binder"));
  FakeDriver driver;
  base::log(base::Layer::frontend).set_level(spdlog::level::off);
  CHECK(FuseMount::mount(driver, options).error() == EBUSY);
  kill(daemon, SIGKILL);
  waitpid(daemon, nullptr, 0);
  binder_version version{};
  CHECK(ioctl(held.get(), BINDER_VERSION, &version) == -1);
  const int error_of_orphan = errno;
  CAPTURE(error_of_orphan);
  // ECANCELED: the thread that would have delivered it died.
  CHECK((error_of_orphan == ENOTCONN || error_of_orphan == ECONNABORTED || error_of_orphan == ECANCELED));
  auto mount = FuseMount::mount(driver, options);
  base::log(base::Layer::frontend).set_level(spdlog::level::info);
  REQUIRE(mount.error() == 0);
  const base::UniqueFd fd(open_device(directory.path() + "/binder"));
  CHECK(ioctl(fd.get(), BINDER_VERSION, &version) == 0);
  close(ready[0]);
  close(ready[1]);
}

// Memory that does not answer: every access to it waits until the descriptor that comes with it is closed.
struct SilentMemory {
  void* address = MAP_FAILED;
  int descriptor = -1;
  SilentMemory() {
    descriptor = static_cast<int>(syscall(SYS_userfaultfd, O_CLOEXEC));
    if (descriptor < 0) return;
    uffdio_api api{UFFD_API, 0, 0};
    if (ioctl(descriptor, UFFDIO_API, &api) != 0) return;
    address = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uffdio_register area{{reinterpret_cast<std::uintptr_t>(address), 4096}, UFFDIO_REGISTER_MODE_MISSING, 0};
    if (ioctl(descriptor, UFFDIO_REGISTER, &area) != 0) address = MAP_FAILED;
  }
};

// The calling thread's calls are another user's from now on: root is trusted not to make others wait.
void become_somebody_else() {
  constexpr uid_t kNobody = 65534;
  if (geteuid() == 0) syscall(SYS_setresuid, kNobody, kNobody, kNobody);
}

TEST_CASE("clients whose memory does not answer do not stop others", "[mount][hostile]") {
  FOR_BOTH_TRANSPORTS();
  Mounted mounted(transport);
  const std::string path = mounted.binder();
  base::log(base::Layer::frontend).set_level(spdlog::level::err);
  constexpr int kHostile = 5;
  std::vector<std::unique_ptr<ClientProcess>> hostile;
  for (int i = 0; i < kHostile; ++i) {
    hostile.push_back(std::make_unique<ClientProcess>([&] {
      const SilentMemory memory;
      if (memory.address == MAP_FAILED) return 77;
      const int fd = open_device(path);
      become_somebody_else();
      return send_message(fd, memory.address, 8);
    }));
    if (!mounted.driver.world.eventually([&](auto& counts) { return counts.accessing == i + 1; })) {
      if (hostile.back()->wait() == 77) {
        WARN("skipped: no userfaultfd");
        return;
      }
      FAIL("a hostile client did not get as far as its memory");
    }
    // The watchdog has found somebody to take the place of the worker.
    REQUIRE(mounted.driver.world.eventually([&](auto& counts) { return counts.rescues == i + 1; }));
    ClientProcess other([&] {
      const int fd = open_device(path);
      for (int n = 0; n < 100; ++n) {
        binder_version version{};
        if (ioctl(fd, BINDER_VERSION, &version) != 0) return errno;
      }
      return send_message(fd, "fine", 5);
    });
    CHECK(other.wait() == 0);
  }
  CHECK(mounted.mount->counters().stuck_workers == kHostile);
  // Being killed, they go: the watchdog answers for the workers.
  for (auto& client : hostile) {
    client->signal(SIGKILL);
    CHECK(client->wait() == 1000 + SIGKILL);
  }
  hostile.clear();
  CHECK(mounted.driver.world.eventually(
      [](auto& counts) { return counts.accessing == 0 && counts.opened == counts.released; }));
  base::log(base::Layer::frontend).set_level(spdlog::level::info);
}

TEST_CASE("one client's silent memory holds a limited number of workers", "[mount][hostile]") {
  FOR_BOTH_TRANSPORTS();
  Mounted mounted(transport);
  const std::string path = mounted.binder();
  base::log(base::Layer::frontend).set_level(spdlog::level::err);
  constexpr int kThreads = 12;
  const base::UniqueFd fd(open_device(path));
  SilentMemory memory;
  if (memory.address == MAP_FAILED) {
    WARN("skipped: no userfaultfd");
    return;
  }
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      become_somebody_else();
      send_message(fd.get(), memory.address, 8);
    });
    const int expected = std::min(i + 1, 8);
    CHECK(mounted.driver.world.eventually([&](auto& counts) { return counts.rescues == expected; }));
  }
  CHECK(mounted.mount->counters().stuck_workers == 8);
  ClientProcess other([&] { return send_message(open_device(path), "fine", 5); });
  CHECK(other.wait() == 0);
  close(memory.descriptor);  // now it answers
  for (auto& thread : threads) thread.join();
  CHECK(mounted.driver.world.eventually([](auto& counts) { return counts.accessing == 0; }));
  CHECK(soon([&] { return mounted.mount->counters().stuck_workers == 0; }));
  base::log(base::Layer::frontend).set_level(spdlog::level::info);
}

}  // namespace cuse_binder::test
