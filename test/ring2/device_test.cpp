// The C module for clients, against a daemon's socket, with the kernel's part (mmap that says ENODEV, two
// ioctls) played here: binder_device.c is built once more with other names for mmap and ioctl.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdarg>
#include <cstring>
#include <string>
#include <thread>

#include "catch.h"
#include "cuse_binder/base/unique_fd.h"
#include "cuse_binder/client/process_files.h"
#include "cuse_binder/client/process_identity.h"
#include "cuse_binder/client/process_memory.h"
#include "cuse_binder/client/receive_area.h"
#include "cuse_binder/frontends/area_server.h"
#include "cuse_binder/protocol/driver.h"
#include "device_under_test.h"

namespace cuse_binder::test {
namespace {

using namespace frontends;

// What the two replaced functions do.
struct FakeDevice {
  int fd = -1;
  int offer_error = 0;
  int report_error = 0;
  int interrupted = 0;  // how many ioctls are interrupted first
  cuse_binder_area_offer offer{};
  cuse_binder_area_mapping reported{};
  int reports = 0;
};
FakeDevice fake;

struct ModuleScene {
  client::ProcessMemory memory;
  client::ProcessFiles files;
  client::ProcClientIdentity identity;
  std::unique_ptr<protocol::Driver> driver = protocol::Driver::create(memory, files, identity);
  std::shared_ptr<protocol::Device> context = driver->create_device("binder");
  std::shared_ptr<protocol::Session> session;
  std::shared_ptr<AreaGrant> grant;
  base::UniqueFd file{open("/dev/null", O_RDWR | O_CLOEXEC)};
  std::unique_ptr<AreaServer> server;

  explicit ModuleScene(AreaServer::Options options = {}) {
    protocol::OpenInfo info;
    info.tid = getpid();
    session = context->open(info).value();
    grant = std::make_shared<AreaGrant>(session);
    server = std::make_unique<AreaServer>(options);
    REQUIRE(server->start() == 0);
    fake = FakeDevice{};
    fake.fd = file.get();
    fake.offer = server->offer(grant, geteuid()).value();
    session->receive_area().data()[5] = std::byte{42};
  }
  ~ModuleScene() {
    server.reset();
    session->release();
    fake = FakeDevice{};
  }
  void* map(int protection = PROT_READ, int flags = MAP_PRIVATE | MAP_NORESERVE, off_t offset = 0) {
    return dut_binder_device_map(nullptr, 10'000, protection, flags, file.get(), offset);
  }
};

int open_descriptors() {
  int count = 0;
  for (int fd = 0; fd < 1024; ++fd) count += fcntl(fd, F_GETFD) >= 0;
  return count;
}

// The server, whose descriptors are ours as well here, closes its end a moment after it has answered.
bool descriptors_become(int count) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (open_descriptors() != count && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
  return open_descriptors() == count;
}

}  // namespace

extern "C" void* dut_mmap(void* address, size_t length, int protection, int flags, int fd, off_t offset) {
  if (fd >= 0 && fd == fake.fd) {
    errno = ENODEV;
    return MAP_FAILED;
  }
  return mmap(address, length, protection, flags, fd, offset);
}

extern "C" int dut_ioctl(int fd, unsigned long request, ...) {
  va_list arguments;
  va_start(arguments, request);
  void* const argument = va_arg(arguments, void*);
  va_end(arguments);
  errno = EINTR;
  if (fake.interrupted-- > 0) return -1;
  if (fd != fake.fd) {
    errno = ENOTTY;
    return -1;
  }
  if (request == CUSE_BINDER_OFFER_AREA) {
    errno = fake.offer_error;
    std::memcpy(argument, &fake.offer, sizeof fake.offer);
    return fake.offer_error == 0 ? 0 : -1;
  }
  REQUIRE(request == CUSE_BINDER_AREA_MAPPED);
  errno = fake.report_error;
  std::memcpy(&fake.reported, argument, sizeof fake.reported);
  ++fake.reports;
  return fake.report_error == 0 ? 0 : -1;
}

TEST_CASE("the module maps what the daemon hands over and reports where", "[device]") {
  ModuleScene scene;
  const int before = open_descriptors();
  fake.interrupted = 2;
  errno = 77;
  const void* area = scene.map(PROT_READ, MAP_PRIVATE | MAP_NORESERVE, 4096);
  REQUIRE(area != MAP_FAILED);
  CHECK(errno == 77);
  CHECK(static_cast<const std::byte*>(area)[5] == std::byte{42});  // from the beginning, whatever the offset
  CHECK(fake.reports == 1);
  CHECK(fake.reported.address == reinterpret_cast<std::uintptr_t>(area));
  CHECK(fake.reported.size == 12'288);
  CHECK(mprotect(const_cast<void*>(area), 4096, PROT_READ | PROT_WRITE) == -1);
  CHECK(errno == EACCES);
  CHECK(descriptors_become(before));
  CHECK(dut_binder_device_unmap(const_cast<void*>(area), 10'000) == 0);
}

TEST_CASE("the module's errors are those of the kernel's driver", "[device]") {
  ModuleScene scene;
  const int before = open_descriptors();
  const auto error_of = [](const void* area) { return area == MAP_FAILED ? errno : 0; };
  CHECK(error_of(scene.map(PROT_READ | PROT_WRITE)) == EPERM);
  for (const int error : {EBUSY, EINVAL, ENOTCONN}) {
    fake.offer_error = error;
    CHECK(error_of(scene.map()) == error);
  }
  fake.offer_error = ENOTTY;  // some other device
  CHECK(error_of(scene.map()) == ENODEV);
  fake.offer_error = 0;
  CHECK(scene.server->tokens().outstanding() == 1);  // nothing of that used the token
  fake.report_error = EBUSY;
  CHECK(error_of(scene.map()) == EBUSY);
  CHECK(mprotect(reinterpret_cast<void*>(fake.reported.address), 4096, PROT_NONE) == -1);  // unmapped again
  CHECK(error_of(scene.map()) == EACCES);  // the token is used
  const base::UniqueFd plain(open("/dev/null", O_RDWR | O_CLOEXEC));
  CHECK(error_of(dut_binder_device_map(nullptr, 4096, PROT_READ, MAP_PRIVATE, plain.get(), 0)) == ENODEV);
  CHECK(error_of(dut_binder_device_map(nullptr, 4096, PROT_READ, MAP_PRIVATE, -1, 0)) == EBADF);
  CHECK(descriptors_become(before + 1));
}

TEST_CASE("the module tries the path where the abstract name leads nowhere", "[device]") {
  char directory[] = "/tmp/ring2-area.XXXXXX";
  REQUIRE(mkdtemp(directory) != nullptr);
  const std::string path = std::string(directory) + "/socket";
  {
    AreaServer::Options options;
    options.path = path;
    ModuleScene scene(options);
    CHECK(std::string(fake.offer.path) == path);
    fake.offer.abstract_name[0] = 'X';
    CHECK(scene.map() != MAP_FAILED);
    struct stat attributes;
    REQUIRE(stat(path.c_str(), &attributes) == 0);
    CHECK((attributes.st_mode & 0777) == 0666);
    AreaServer second(options);
    CHECK(second.start() == EADDRINUSE);
  }
  CHECK(access(path.c_str(), F_OK) != 0);
  // What a killed daemon leaves is taken over.
  {
    const base::UniqueFd dead(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(bind(dead.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  AreaServer::Options options;
  options.path = path;
  AreaServer next(options);
  CHECK(next.start() == 0);
  next.stop();
  rmdir(directory);
}

TEST_CASE("the module says so when nobody answers", "[device]") {
  ModuleScene scene;
  SECTION("the daemon is gone") {
    scene.server->stop();
    const int left = open_descriptors();
    CHECK(scene.map() == MAP_FAILED);
    CHECK(errno == ECONNREFUSED);
    CHECK(open_descriptors() == left);
  }
  SECTION("it has no address") {
    fake.offer.abstract_name[0] = '\0';
    CHECK(scene.map() == MAP_FAILED);
    CHECK(errno == ECONNREFUSED);
  }
  SECTION("there is no room for another descriptor") {
    rlimit old, none;
    REQUIRE(getrlimit(RLIMIT_NOFILE, &old) == 0);
    none = old;
    none.rlim_cur = 3;
    REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
    const void* area = scene.map();
    const int error = errno;
    setrlimit(RLIMIT_NOFILE, &old);
    CHECK(area == MAP_FAILED);
    CHECK(error == EMFILE);
  }
}

TEST_CASE("the module opens close-on-exec, and non-blocking when told to", "[device]") {
  const base::UniqueFd plain(dut_binder_device_open("/dev/null", 0));
  REQUIRE(plain);
  CHECK((fcntl(plain.get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK((fcntl(plain.get(), F_GETFL) & (O_ACCMODE | O_NONBLOCK)) == O_RDWR);
  base::UniqueFd nonblocking(dut_binder_device_open("/dev/null", O_NONBLOCK | O_WRONLY));
  REQUIRE(nonblocking);
  CHECK((fcntl(nonblocking.get(), F_GETFL) & (O_ACCMODE | O_NONBLOCK)) == (O_RDWR | O_NONBLOCK));
  CHECK(dut_binder_device_close(nonblocking.release()) == 0);
  CHECK(dut_binder_device_open("/nonexistent/device", 0) == -1);
  CHECK(errno == ENOENT);
}

}  // namespace cuse_binder::test
