#include "cuse_binder/client/process_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <thread>

#include "cuse_binder/client/descriptor_file.h"
#include "test/client/borrowed_client.h"
#include "test/support/catch.h"

namespace cuse_binder::test {
namespace {

int descriptor(const base::FilePtr& file) {
  const auto* taken = dynamic_cast<const client::DescriptorFile*>(file.get());
  REQUIRE(taken != nullptr);
  return taken->fd();
}

}  // namespace

TEST_CASE("a file is taken out of a client and is the same open file", "[no-tsan]") {
  client::ProcessFiles files;
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  BorrowedClient client([&](const auto& report) {
    int own[2];
    if (pipe(own) != 0 || write(own[1], "text", 4) != 4) _exit(1);
    std::thread([&] {
      report(gettid());
      report(own[0]);
      pause();
    }).join();
  });
  close(ends[0]);
  close(ends[1]);
  const auto tid = static_cast<pid_t>(client.next_report());
  const auto fd = static_cast<int>(client.next_report());
  REQUIRE(tid != client.pid());  // also with a thread that is not the first
  auto file = files.take(tid, fd);
  REQUIRE(file.ok());
  const int taken = descriptor(file.value());
  CHECK((fcntl(taken, F_GETFD) & FD_CLOEXEC) != 0);
  char text[4];
  CHECK(read(taken, text, 4) == 4);
  CHECK(std::string(text, 4) == "text");
  file.value().reset();
  CHECK(fcntl(taken, F_GETFD) == -1);
}

TEST_CASE("what is not open cannot be taken") {
  client::ProcessFiles files;
  BorrowedClient client([](const auto& report) {
    report(open("/", O_PATH));
    pause();
  });
  const auto path = static_cast<int>(client.next_report());
  REQUIRE(path >= 0);
  CHECK(files.take(client.pid(), path).error() == EBADF);
  CHECK(files.take(client.pid(), 1000).error() == EBADF);
  CHECK(files.take(client.pid(), -1).error() == EBADF);
  CHECK(files.take(client.pid(), -2147483647 - 1).error() == EBADF);
  CHECK(files.take(client.pid(), 2147483647).error() == EBADF);
  CHECK(files.take(0x3fffffff, 0).error() == ESRCH);
  CHECK(files.take(0, 0).error() == ESRCH);
}

TEST_CASE("without the permission nothing can be taken") {
  BorrowedClient client([](const auto& report) {
    report(0);
    pause();
  });
  REQUIRE(client.next_report() == 0);
  BorrowedClient stranger([&](const auto& report) {
    if (setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0) _exit(1);
    client::ProcessFiles files;
    report(files.take(client.pid(), 0).error());
  });
  CHECK(stranger.next_report() == EPERM);
}

}  // namespace cuse_binder::test
