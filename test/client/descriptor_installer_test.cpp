#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include "test/client/borrowed_client.h"
#include "test/client/installation.h"
#include "test/client/ioctl_mount.h"
#include "test/support/catch.h"

namespace cuse_binder::test {
namespace {

// Opens the file and makes one ioctl; reports its result.
void make_ioctl(const std::string& file, const BorrowedClient::Report& report) {
  const int fd = open(file.c_str(), O_RDWR | O_CLOEXEC);
  IoctlArgument argument;
  argument.key = 42;
  report(ioctl(fd, kTestIoctl, &argument));
  report(argument.numbers[0]);
}

std::string own_target(int fd) {
  return std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd));
}

// Runs the work, checks that the ioctl is repeated, and ends it.
client::DescriptorOutcome run_and_repeat(IoctlMount& mount, client::DescriptorInstaller& installer,
                                         PendingIoctl first, client::DescriptorWork work) {
  Installation installation(installer, first, std::move(work));
  auto outcome = installation.outcome();
  CHECK(installation.leaves() == 1);
  PendingIoctl again = mount.next();
  CHECK(again.tid == first.tid);
  CHECK(again.argument.key == first.argument.key);
  IoctlArgument out = again.argument;
  out.numbers[0] = outcome.installed.empty() ? -1 : outcome.installed.front();
  again.answer(out, 7);
  return outcome;
}

void check_installs(const std::function<void()>& prepare, std::size_t count) {
  IoctlMount mount;
  client::DescriptorInstaller installer;
  BorrowedClient client([&](const auto& report) {
    prepare();
    make_ioctl(mount.file(), report);
    pause();
  });
  const PendingIoctl first = mount.next();
  const auto before = client.descriptors();
  const auto expected = client.lowest_free(count);
  Pipes pipes(count);
  const auto outcome = run_and_repeat(mount, installer, first, pipes.work());
  CHECK(outcome.error == 0);
  REQUIRE(outcome.installed == expected);
  CHECK(client.next_report() == 7);
  CHECK(client.next_report() == expected.front());
  for (std::size_t i = 0; i < count; ++i) {
    CHECK(client.target(expected[i]) == own_target(pipes.fd(i)));
    CHECK(client.close_on_exec(expected[i]));
  }
  std::vector<int> after = before;
  after.insert(after.end(), expected.begin(), expected.end());
  std::sort(after.begin(), after.end());
  CHECK(client.descriptors() == after);
}

void no_preparation() {}

}  // namespace

TEST_CASE("files get the lowest free numbers in order, close-on-exec, and the ioctl is repeated") {
  for (const std::size_t count : {1, 3, 250, 300}) {
    INFO(count << " files");
    check_installs(no_preparation, count);
  }
}

TEST_CASE("holes in the client's table are filled first") {
  check_installs(
      [] {
        for (int fd = 5; fd < 300; ++fd) {
          if (fd % 3 != 0) dup2(0, fd);
        }
      },
      120);
}

TEST_CASE("the temporary socket is out of the way even when its first place is in the way") {
  check_installs(
      [] {
        for (int fd = 7; fd < 61; ++fd) dup2(0, fd);
      },
      5);
}

TEST_CASE("an unprivileged client in namespaces of its own gets files") {
  check_installs(
      [] {
        if (unshare(CLONE_NEWNET | CLONE_NEWIPC) != 0 || setgroups(0, nullptr) != 0 ||
            setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0) {
          _exit(1);
        }
      },
      2);
}

TEST_CASE("at the limit of descriptors either all files are installed or none") {
  constexpr std::size_t kCount = 4;
  for (const int room : {4, 5, 6, 3, 1, 0}) {
    INFO("free numbers: " << room);
    IoctlMount mount;
    client::DescriptorInstaller installer;
    const rlim_t limit = static_cast<rlim_t>(5 + room);  // 0 … 3 and the open file are in use
    BorrowedClient client([&](const auto& report) {
      const int fd = open(mount.file().c_str(), O_RDWR | O_CLOEXEC);
      const rlimit few{limit, 1000};
      if (fd != 4 || setrlimit(RLIMIT_NOFILE, &few) != 0) _exit(1);
      IoctlArgument argument;
      report(ioctl(fd, kTestIoctl, &argument));
      pause();
    });
    const PendingIoctl first = mount.next();
    const auto before = client.descriptors();
    Pipes pipes(kCount);
    const auto outcome = run_and_repeat(mount, installer, first, pipes.work());
    CHECK(client.next_report() == 7);
    rlimit now{};
    REQUIRE(prlimit(client.pid(), RLIMIT_NOFILE, nullptr, &now) == 0);
    CHECK(now.rlim_cur == limit);
    CHECK(now.rlim_max == 1000);
    if (room >= static_cast<int>(kCount)) {
      CHECK(outcome.error == 0);
      CHECK(outcome.installed == std::vector<int>{5, 6, 7, 8});
    } else {
      CHECK(outcome.error == EMFILE);
      CHECK(outcome.installed.empty());
      CHECK(client.descriptors() == before);
    }
  }
}

TEST_CASE("a limit that cannot be raised costs one number at most") {
  // What happens depends on CAP_SYS_RESOURCE of this process; both ways nothing is left behind.
  constexpr std::size_t kCount = 4;
  for (const int room : {4, 5, 6, 40, 3, 0}) {
    INFO("free numbers: " << room);
    IoctlMount mount;
    client::DescriptorInstaller installer;
    const rlim_t limit = static_cast<rlim_t>(5 + room);
    BorrowedClient client([&](const auto& report) {
      const int fd = open(mount.file().c_str(), O_RDWR | O_CLOEXEC);
      const rlimit few{limit, limit};
      if (fd != 4 || setrlimit(RLIMIT_NOFILE, &few) != 0 || setresuid(65534, 65534, 65534) != 0) _exit(1);
      IoctlArgument argument;
      report(ioctl(fd, kTestIoctl, &argument));
      pause();
    });
    const PendingIoctl first = mount.next();
    const auto before = client.descriptors();
    Pipes pipes(kCount);
    const auto outcome = run_and_repeat(mount, installer, first, pipes.work());
    CHECK(client.next_report() == 7);
    if (room > static_cast<int>(kCount)) CHECK(outcome.error == 0);
    if (room < static_cast<int>(kCount)) CHECK(outcome.error == EMFILE);
    if (outcome.error == 0) {
      CHECK(outcome.installed == std::vector<int>{5, 6, 7, 8});
      CHECK(client.descriptors() == std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8});
    } else {
      CHECK(outcome.error == EMFILE);
      CHECK(client.descriptors() == before);
    }
  }
}

TEST_CASE("descriptors are closed, and those that are not open are passed over") {
  IoctlMount mount;
  client::DescriptorInstaller installer;
  BorrowedClient client([&](const auto& report) {
    for (int fd = 10; fd < 30; ++fd) dup2(0, fd);
    make_ioctl(mount.file(), report);
    pause();
  });
  const PendingIoctl first = mount.next();
  client::DescriptorWork work;
  work.close = {10, 11, 12, 500, 20, -1, 29, 30, 31};
  const auto outcome = run_and_repeat(mount, installer, first, std::move(work));
  CHECK(outcome.error == 0);
  CHECK(client.next_report() == 7);
  CHECK(client.descriptors() ==
        std::vector<int>{0, 1, 2, 3, 4, 13, 14, 15, 16, 17, 18, 19, 21, 22, 23, 24, 25, 26, 27, 28});
}

TEST_CASE("the other threads of a client run on while one is borrowed", "[no-tsan]") {
  struct Shared {
    std::atomic<std::uint64_t> turns{0};
  };
  void* memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  REQUIRE(memory != MAP_FAILED);
  auto* shared = new (memory) Shared;
  IoctlMount mount;
  client::DescriptorInstaller installer;
  BorrowedClient client([&](const auto& report) {
    std::thread([&] {
      const int fd = open(mount.file().c_str(), O_RDWR | O_CLOEXEC);
      for (IoctlArgument argument; ioctl(fd, kTestIoctl, &argument) == 7;) report(argument.numbers[0]);
    }).detach();
    for (;;) {
      ++shared->turns;
      sched_yield();
    }
  });
  for (int round = 0; round < 50; ++round) {
    const PendingIoctl first = mount.next();
    CHECK(first.tid != client.pid());
    const auto expected = client.lowest_free(2);
    Pipes pipes(2);
    std::uint64_t turns_at_leave = 0;
    client::DescriptorOutcome outcome;
    std::promise<void> finished;
    // While the thread is still ours, the others have to get somewhere.
    installer.run(
        first.tid, pipes.work(),
        [&, ioctl = first]() mutable {
          turns_at_leave = shared->turns;
          ioctl.answer(ioctl.argument);
        },
        [&](client::DescriptorOutcome result) {
          const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(1);
          while (shared->turns == turns_at_leave && std::chrono::steady_clock::now() < deadline)
            sched_yield();
          outcome = std::move(result);
          finished.set_value();
        });
    REQUIRE(finished.get_future().wait_for(std::chrono::seconds(10)) == std::future_status::ready);
    CHECK(shared->turns != turns_at_leave);
    CHECK(outcome.installed == expected);
    PendingIoctl again = mount.next();
    IoctlArgument out;
    out.numbers[0] = 100 + round;
    again.answer(out, 7);
    CHECK(client.next_report() == 100 + round);
  }
  mount.next().answer({}, -EINTR);
  munmap(memory, sizeof(Shared));
}

#if defined(__x86_64__)
namespace {
// An ioctl in the middle of a leaf function: every register and the 128 bytes below the stack pointer are in
// use. Returns how many of them have changed.
__attribute__((noinline)) long ioctl_with_everything_in_use(long fd, unsigned long command, void* argument,
                                                            long& result) {
  long changed = 0, returned = 0;
  asm volatile(
      "lea -512(%%rsp), %%rsp\n push %%rbp\n sub $256, %%rsp\n"
      "mov $0x1111, %%r8\n mov $0x2222, %%r9\n mov $0x3333, %%r10\n mov $0x4444, %%r12\n mov $0x5555, %%r13\n"
      "mov $0x6666, %%r14\n mov $0x7777, %%r15\n mov $0x8888, %%rbx\n mov $0x9999, %%rbp\n"
      "movq $0x0a0a, -128(%%rsp)\n movq $0x0b0b, -64(%%rsp)\n movq $0x0c0c, -8(%%rsp)\n"
      "mov $16, %%eax\n syscall\n"
      "mov %%rax, %%rcx\n xor %%eax, %%eax\n"
      "cmp $0x1111, %%r8\n setne %%r11b\n movzx %%r11b, %%r11\n add %%r11, %%rax\n"
      "cmp $0x2222, %%r9\n setne %%r11b\n movzx %%r11b, %%r11\n add %%r11, %%rax\n"
      "cmp $0x3333, %%r10\n setne %%r11b\n movzx %%r11b, %%r11\n add %%r11, %%rax\n"
      "cmp $0x4444, %%r12\n setne %%r11b\n movzx %%r11b, %%r11\n add %%r11, %%rax\n"
      "cmp $0x5555, %%r13\n setne %%r11b\n movzx %%r11b, %%r11\n add %%r11, %%rax\n"
      "cmp $0x6666, %%r14\n setne %%r11b\n movzx %%r11b, %%r11\n add %%r11, %%rax\n"
      "cmp $0x7777, %%r15\n setne %%r11b\n movzx %%r11b, %%r11\n add %%r11, %%rax\n"
      "cmp $0x8888, %%rbx\n setne %%r11b\n movzx %%r11b, %%r11\n add %%r11, %%rax\n"
      "cmp $0x9999, %%rbp\n setne %%r11b\n movzx %%r11b, %%r11\n add %%r11, %%rax\n"
      "cmpq $0x0a0a, -128(%%rsp)\n setne %%r11b\n movzx %%r11b, %%r11\n add %%r11, %%rax\n"
      "cmpq $0x0b0b, -64(%%rsp)\n setne %%r11b\n movzx %%r11b, %%r11\n add %%r11, %%rax\n"
      "cmpq $0x0c0c, -8(%%rsp)\n setne %%r11b\n movzx %%r11b, %%r11\n add %%r11, %%rax\n"
      "add $256, %%rsp\n pop %%rbp\n lea 512(%%rsp), %%rsp\n"
      : "=&a"(changed), "=&c"(returned)
      : "D"(fd), "S"(command), "d"(argument)
      : "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rbx", "memory", "cc");
  result = returned;
  return changed;
}
}  // namespace

TEST_CASE("registers and the red zone of the borrowed thread are as they were") {
  IoctlMount mount;
  client::DescriptorInstaller installer;
  BorrowedClient client([&](const auto& report) {
    const int fd = open(mount.file().c_str(), O_RDWR | O_CLOEXEC);
    IoctlArgument argument;
    long result = 0;
    report(ioctl_with_everything_in_use(fd, kTestIoctl, &argument, result));
    report(result);
    pause();
  });
  Pipes pipes(3);
  const auto outcome = run_and_repeat(mount, installer, mount.next(), pipes.work());
  CHECK(outcome.error == 0);
  CHECK(client.next_report() == 0);
  CHECK(client.next_report() == 7);
}

TEST_CASE("a thread without room on its stack is borrowed all the same") {
  IoctlMount mount;
  client::DescriptorInstaller installer;
  BorrowedClient client([&](const auto& report) {
    const int fd = open(mount.file().c_str(), O_RDWR | O_CLOEXEC);
    auto* pages = static_cast<char*>(mmap(nullptr, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (mprotect(pages + 4096, 4096, PROT_READ | PROT_WRITE) != 0) _exit(1);
    IoctlArgument argument;
    long result;
    asm volatile("mov %%rsp, %%r12\n mov %5, %%rsp\n syscall\n mov %%r12, %%rsp\n"
                 : "=a"(result)
                 : "a"(16L), "D"(static_cast<long>(fd)), "S"(kTestIoctl), "d"(&argument), "r"(pages + 4096)
                 : "rcx", "r11", "r12", "memory");
    report(result);
    pause();
  });
  const PendingIoctl first = mount.next();
  Pipes pipes(3);
  const auto outcome = run_and_repeat(mount, installer, first, pipes.work());
  CHECK(outcome.installed == std::vector<int>{5, 6, 7});
  CHECK(client.next_report() == 7);
}
#endif

// Run with [.measure].
TEST_CASE("time per installation", "[.measure]") {
  IoctlMount mount;
  client::DescriptorInstaller installer;
  BorrowedClient client([&](const auto&) {
    const int fd = open(mount.file().c_str(), O_RDWR | O_CLOEXEC);
    for (IoctlArgument argument; ioctl(fd, kTestIoctl, &argument) >= 0;) {
    }
  });
  for (const std::size_t count : {1, 3, 50}) {
    std::vector<double> microseconds;
    Pipes pipes(count);
    for (int round = 0; round < 300; ++round) {
      const PendingIoctl first = mount.next();
      const auto start = std::chrono::steady_clock::now();
      Installation installation(installer, first, pipes.work());
      auto outcome = installation.outcome();
      microseconds.push_back(
          std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
      REQUIRE(outcome.error == 0);
      mount.next().answer({});
      client::DescriptorWork work;
      work.close = outcome.installed;
      Installation closing(installer, mount.next(), std::move(work));
      REQUIRE(closing.outcome().error == 0);
      mount.next().answer({});
    }
    std::sort(microseconds.begin(), microseconds.end());
    WARN(count << " files: median " << microseconds[150] << " us, 10% " << microseconds[30] << " us, 90% "
               << microseconds[270] << " us");
  }
  mount.next().answer({}, -EINTR);
}

}  // namespace cuse_binder::test
