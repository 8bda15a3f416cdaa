// Clients that are stopped, debugged, sandboxed, flooded with signals or killed while a thread of theirs is
// borrowed.
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <random>
#include <thread>

#include "test/client/borrowed_client.h"
#include "test/client/installation.h"
#include "test/client/ioctl_mount.h"
#include "test/support/catch.h"

namespace cuse_binder::test {
namespace {

#if defined(__SANITIZE_THREAD__)
constexpr bool kThreadsInChild = false;  // not known to ThreadSanitizer
#else
constexpr bool kThreadsInChild = true;
#endif

int open_file(const IoctlMount& mount) {
  return open(mount.file().c_str(), O_RDWR | O_CLOEXEC);
}

void make_ioctl(const IoctlMount& mount, const BorrowedClient::Report& report) {
  IoctlArgument argument;
  report(ioctl(open_file(mount), kTestIoctl, &argument));
}

std::size_t entries(const char* directory) {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator(directory), std::filesystem::directory_iterator()));
}

// Waits for something that another thread is about to do; false when it does not happen.
template <typename Condition>
bool eventually(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    sched_yield();
  }
  return true;
}

}  // namespace

TEST_CASE("a client under a debugger is refused before its ioctl is answered") {
  IoctlMount mount;
  client::DescriptorInstaller installer;
  BorrowedClient client([&](const auto& report) {
    make_ioctl(mount, report);
    pause();
  });
  PendingIoctl first = mount.next();
  BorrowedClient debugger([&](const auto& report) {
    report(ptrace(PTRACE_SEIZE, client.pid(), nullptr, nullptr));
    pause();
  });
  REQUIRE(debugger.next_report() == 0);
  Pipes pipes(1);
  Installation installation(installer, first, pipes.work());
  const auto outcome = installation.outcome();
  CHECK(outcome.error == EPERM);
  CHECK(outcome.installed.empty());
  CHECK(installation.leaves() == 0);
  first.answer({}, 5);
  CHECK(client.next_report() == 5);
}

TEST_CASE("a thread that has ended is reported as such") {
  client::DescriptorInstaller installer;
  BorrowedClient client([](const auto&) {});
  client.wait_until_gone();
  waitpid(client.pid(), nullptr, 0);
  Pipes pipes(1);
  PendingIoctl ioctl;
  ioctl.tid = client.pid();
  Installation installation(installer, ioctl, pipes.work(), false);
  CHECK(installation.outcome().error == ESRCH);
  CHECK(installation.leaves() == 0);
}

TEST_CASE("a stopped client gets its files, stays stopped, and repeats the ioctl when continued") {
  IoctlMount mount;
  client::DescriptorInstaller installer;
  BorrowedClient client([&](const auto& report) {
    make_ioctl(mount, report);
    pause();
  });
  PendingIoctl first = mount.next();
  const auto expected = client.lowest_free(3);
  client.send(SIGSTOP);
  Pipes pipes(3);
  Installation installation(installer, first, pipes.work());
  const auto outcome = installation.outcome();
  CHECK(outcome.error == 0);
  CHECK(outcome.installed == expected);
  // Its parent, this process, is told of the stop when it belongs to nobody else.
  siginfo_t info{};
  REQUIRE(eventually([&] {
    return waitid(P_PID, static_cast<id_t>(client.pid()), &info, WSTOPPED | WNOHANG) == 0 &&
           info.si_pid == client.pid();
  }));
  CHECK(info.si_status == SIGSTOP);
  CHECK(mount.pending() == 0);
  client.send(SIGCONT);
  PendingIoctl again = mount.next();
  again.answer({}, 9);
  CHECK(client.next_report() == 9);
}

namespace {
volatile std::sig_atomic_t handled = 0;
void count_signal(int) {
  handled = handled + 1;
}
}  // namespace

TEST_CASE("no signal is lost, and none disturbs an installation", "[no-tsan]") {
  constexpr int kRounds = 200;
  IoctlMount mount;
  client::DescriptorInstaller installer;
  BorrowedClient client([&](const auto& report) {
    struct sigaction action {};
    action.sa_handler = count_signal;
    sigaction(SIGRTMIN, &action, nullptr);
    const int fd = open_file(mount);
    IoctlArgument argument;
    for (int round = 0; round < kRounds; ++round) {
      argument.key = static_cast<std::uint64_t>(round);
      if (ioctl(fd, kTestIoctl, &argument) != 7) report(-1000 - errno);
    }
    // The last ioctl says how many signals were sent; queued signals come one for one.
    argument.key = kRounds;
    if (ioctl(fd, kTestIoctl, &argument) != 7) report(-1000 - errno);
    sigset_t held, before;
    sigemptyset(&held);
    sigaddset(&held, SIGRTMIN);
    sigprocmask(SIG_BLOCK, &held, &before);
    report(sigismember(&before, SIGRTMIN));  // the mask was given back
    while (handled < argument.numbers[0]) sigsuspend(&before);
    report(handled);
    pause();
  });
  PendingIoctl first = mount.next();
  std::atomic<bool> stop{false};
  std::atomic<int> sent{0};
  // A storm without end would leave the client no time for its own work on an idle machine.
  std::atomic<int> budget{0};
  std::jthread storm([&] {
    while (!stop) {
      if (budget > 0 && sigqueue(client.pid(), SIGRTMIN, sigval{}) == 0) {
        --budget;
        ++sent;
      }
      sched_yield();
    }
  });
  struct Calm {  // also when a check throws
    std::atomic<bool>& flag;
    ~Calm() { flag = true; }
  } calm{stop};
  for (int round = 0; round < kRounds; ++round) {
    CHECK(first.argument.key == static_cast<std::uint64_t>(round));
    const auto expected = client.lowest_free(2);
    Pipes pipes(2);
    budget = 20;
    // However little the storm gets to run: one signal arrives before the thread leaves its ioctl, and one
    // while it is borrowed.
    const auto signal = [&] { sent += sigqueue(client.pid(), SIGRTMIN, sigval{}) == 0 ? 1 : 0; };
    Installation installation(installer, first, pipes.work(), true, {signal, signal});
    const auto outcome = installation.outcome();
    CHECK(outcome.error == 0);
    CHECK(outcome.installed == expected);
    PendingIoctl again = mount.next();
    CHECK(again.argument.key == static_cast<std::uint64_t>(round));
    again.answer({}, 7);
    first = mount.next();
  }
  stop = true;
  storm.join();
  INFO(sent << " signals");
  CHECK(sent >= kRounds);
  IoctlArgument out;
  out.numbers[0] = sent;
  first.answer(out, 7);
  CHECK(client.next_report() == 0);
  CHECK(client.next_report() == sent);
}

TEST_CASE("a seccomp filter neither prevents an installation nor is weakened by it") {
  IoctlMount mount;
  client::DescriptorInstaller installer;
  BorrowedClient client([&](const auto& report) {
    const int fd = open_file(mount);
    // Everything that is needed to install a descriptor kills the process; the filter is of the strictest
    // kind.
    sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socketpair, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_recvmsg, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    const sock_fprog program{static_cast<unsigned short>(std::size(code)), code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) _exit(1);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) _exit(1);
    IoctlArgument argument;
    report(ioctl(fd, kTestIoctl, &argument));
    int pair[2];
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    report(1);  // not reached
  });
  const PendingIoctl first = mount.next();
  const auto expected = client.lowest_free(2);
  Pipes pipes(2);
  Installation installation(installer, first, pipes.work());
  CHECK(installation.outcome().installed == expected);
  mount.next().answer({}, 7);
  CHECK(client.next_report() == 7);
  client.wait_until_gone();
  CHECK_THROWS(client.next_report());
}

TEST_CASE("a thread that does not come out of its ioctl in time is given up, unharmed") {
  IoctlMount mount;
  client::DescriptorInstaller installer({std::chrono::milliseconds(100), 1, 4});
  BorrowedClient client([&](const auto& report) {
    make_ioctl(mount, report);
    pause();
  });
  PendingIoctl first = mount.next();
  Pipes pipes(1);
  {
    Installation installation(installer, first, pipes.work(), false);
    // Behind it on the only worker: fails in the queue or gets a worker of its own, but does not wait for
    // ever.
    Installation behind(installer, first, pipes.work(), false);
    CHECK(installation.outcome().error == ETIMEDOUT);
    CHECK(installation.leaves() == 1);
    CHECK(behind.outcome().error != 0);
  }
  first.answer({}, 6);
  CHECK(client.next_report() == 6);
  CHECK(eventually([&] { return installer.counts().running == 0; }));
  CHECK(eventually([&] { return installer.counts().threads <= 2; }));
}

TEST_CASE("a client that blocks in a call made for us is given up, and put in order when the call ends") {
  // Closing a file of a FUSE file system waits for that file system, which is a client's as well.
  IoctlMount mount;
  client::DescriptorInstaller installer({std::chrono::milliseconds(100), 1, 4});
  IoctlMount slow;
  slow.hold_flushes();
  BorrowedClient client([&](const auto& report) {
    const int device = open_file(mount), file = open_file(slow);
    if (file != 5) _exit(1);
    IoctlArgument argument;
    argument.key = 77;
    report(ioctl(device, kTestIoctl, &argument));
    pause();
  });
  const PendingIoctl first = mount.next();
  client::DescriptorWork work;
  work.close = {5};
  Installation installation(installer, first, std::move(work));
  CHECK(installation.outcome().error == ETIMEDOUT);
  CHECK(installer.counts().running == 1);

  // Its worker is replaced: another client is served meanwhile.
  BorrowedClient other([&](const auto& report) {
    make_ioctl(mount, report);
    pause();
  });
  Pipes pipes(1);
  Installation second(installer, mount.next(), pipes.work());
  CHECK(second.outcome().error == 0);
  mount.next().answer({}, 4);
  CHECK(other.next_report() == 4);

  slow.release_flushes();
  PendingIoctl again = mount.next();
  CHECK(again.argument.key == 77);
  again.answer({}, 7);
  CHECK(client.next_report() == 7);
  CHECK(eventually([&] { return installer.counts().running == 0; }));
  CHECK(eventually([&] { return installer.counts().threads <= 2; }));
}

TEST_CASE("an installer that ends fails what is pending and lets the threads go") {
  IoctlMount mount;
  auto installer = std::make_unique<client::DescriptorInstaller>();
  BorrowedClient client([&](const auto& report) {
    make_ioctl(mount, report);
    pause();
  });
  PendingIoctl first = mount.next();
  Pipes pipes(1);
  Installation installation(*installer, first, pipes.work(), false);
  REQUIRE(eventually([&] { return installation.leaves() == 1; }));
  installer.reset();
  CHECK(installation.outcome().error == ECANCELED);
  first.answer({}, 6);
  CHECK(client.next_report() == 6);
}

TEST_CASE("clients that are killed at any moment leave nothing behind") {
  constexpr int kRounds = 200;
  IoctlMount mount;
  client::DescriptorInstaller installer;
  Pipes pipes(3);
  std::minstd_rand random(1);
  const auto files = entries("/proc/self/fd");
  int installed = 0, lost = 0;
  std::chrono::steady_clock::duration usual = std::chrono::microseconds(100);
  for (int round = 0; round < kRounds; ++round) {
    INFO("round " << round);
    BorrowedClient client([&](const auto&) {
      // Half of the victims sit in a thread that is not the process's first.
      const auto loop = [&] {
        const int fd = open_file(mount);
        for (IoctlArgument argument; ioctl(fd, kTestIoctl, &argument) >= 0;) {
        }
      };
      if (round % 2 == 0 || !kThreadsInChild) loop();
      std::thread(loop).join();
    });
    PendingIoctl first = mount.next();
    const auto kill = [&] { client.send(SIGKILL); };
    Installation::Hooks hooks;
    // Four kinds of victims: killed before, on the way out, at some point in between, and at the end.
    const int kind = round / 2 % 4;
    if (kind == 0) kill();
    if (kind == 1) hooks.leaving = kill;
    if (kind == 3) hooks.done = kill;
    const auto start = std::chrono::steady_clock::now();
    std::atomic<bool> left{false};
    if (kind == 2) hooks.leaving = [&] { left = true; };
    Installation installation(installer, first, pipes.work(), true, hooks);
    if (kind == 2) {
      REQUIRE(eventually([&] { return left.load(); }));
      const auto moment = std::chrono::steady_clock::now() + usual * static_cast<int>(random() % 100) / 100;
      while (std::chrono::steady_clock::now() < moment) {
      }
      kill();
    }
    const auto outcome = installation.outcome();
    if (kind == 3) usual = std::chrono::steady_clock::now() - start;
    CHECK((outcome.error == 0 || outcome.error == ESRCH));
    if (kind == 0) CHECK(outcome.error == ESRCH);
    if (kind == 3) CHECK(outcome.error == 0);
    ++(outcome.error == 0 ? installed : lost);
    if (installation.leaves() == 0) first.answer({}, 0);
    mount.refuse(first.tid);
    client.wait_until_gone();
  }
  INFO(installed << " installed, " << lost << " lost");
  CHECK(installed > 0);
  CHECK(lost > 0);
  CHECK(eventually([&] { return installer.counts().running == 0; }));
  CHECK(eventually([&] { return installer.counts().threads <= 5; }));
  CHECK(entries("/proc/self/fd") == files);
}

}  // namespace cuse_binder::test
