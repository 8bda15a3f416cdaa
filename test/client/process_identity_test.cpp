#include "cuse_binder/client/process_identity.h"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "test/client/borrowed_client.h"
#include "test/support/catch.h"

namespace cuse_binder::test {
namespace {

std::uint64_t own_namespace() {
  struct stat attributes {};
  REQUIRE(stat("/proc/self/ns/pid", &attributes) == 0);
  return attributes.st_ino;
}

// A process that is the first of a pid namespace `levels` below ours, and its pid here.
class NestedClient {
 public:
  explicit NestedClient(int levels)
      : client_([levels](const auto& report) { descend(levels, report); }),
        pid_(static_cast<pid_t>(client_.next_report())) {}
  ~NestedClient() { kill(pid_, SIGKILL); }
  pid_t pid() const { return pid_; }

 private:
  // The innermost process cannot know its number outside, so its number travels by /proc, which is not
  // remounted.
  static void descend(int levels, const BorrowedClient::Report& report) {
    for (; levels > 0; --levels) {
      if (unshare(CLONE_NEWPID) != 0) _exit(1);
      const pid_t child = fork();
      if (child != 0) {
        waitpid(child, nullptr, 0);
        _exit(0);
      }
      prctl(PR_SET_PDEATHSIG, SIGKILL);
    }
    char text[32]{};
    if (readlink("/proc/self", text, sizeof text - 1) < 0) _exit(1);
    report(std::atoi(text));
    pause();
  }

  BorrowedClient client_;
  pid_t pid_;
};

}  // namespace

TEST_CASE("a thread names its process", "[no-tsan]") {
  client::ProcClientIdentity identities;
  BorrowedClient client([](const auto& report) {
    prctl(PR_SET_NAME, "a (b) c\td");
    std::thread([&] {
      prctl(PR_SET_NAME, "thread");
      if (setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), 19) != 0) _exit(1);
      report(gettid());
      pause();
    }).join();
  });
  const auto tid = static_cast<pid_t>(client.next_report());
  REQUIRE(tid != client.pid());
  const auto identity = identities.process_of(tid);
  REQUIRE(identity.ok());
  CHECK(identity.value().pid == client.pid());
  CHECK(identity.value().command == "a (b) c\td");
  CHECK(identity.value().namespace_pids == std::vector<pid_t>{client.pid()});
  CHECK(identity.value().pid_namespace == own_namespace());
  CHECK(identities.nice_of(tid) == 19);
  CHECK(identities.nice_of(client.pid()) == getpriority(PRIO_PROCESS, 0));  // inherited from us
  CHECK(identities.nice_of(0x3fffffff) == 0);
}

TEST_CASE("a process that is gone is not found") {
  client::ProcClientIdentity identities;
  CHECK(identities.process_of(0x3fffffff).error() == ESRCH);
  CHECK(identities.security_context(0x3fffffff).error() == ESRCH);
}

TEST_CASE("processes see each other across pid namespaces as the kernel shows them") {
  client::ProcClientIdentity identities;
  const auto of = [&](pid_t pid) {
    auto identity = identities.process_of(pid);
    REQUIRE(identity.ok());
    return identity.value();
  };
  const auto ours = of(getpid());
  NestedClient one(1), sibling(1), two(2);
  const auto inside = of(one.pid()), beside = of(sibling.pid()), below = of(two.pid());
  REQUIRE(inside.namespace_pids == std::vector<pid_t>{one.pid(), 1});
  REQUIRE(below.namespace_pids.size() == 3);
  CHECK(inside.pid_namespace != own_namespace());
  CHECK(inside.pid_namespace != beside.pid_namespace);
  CHECK(below.namespaces.front() == own_namespace());

  CHECK(client::visible_pid(inside, ours) == one.pid());
  CHECK(client::visible_pid(below, ours) == two.pid());
  CHECK(client::visible_pid(inside, inside) == 1);
  CHECK(client::visible_pid(ours, inside) == 0);
  CHECK(client::visible_pid(inside, beside) == 0);
  CHECK(client::visible_pid(inside, below) == 0);
  CHECK(client::visible_pid(below, inside) ==
        0);  // the same depth as its parent's namespace, but another one
  CHECK(client::visible_pid(below, below) == 1);

  // A process in the middle sees one that is further in by the number of its own level.
  client::ProcessIdentity middle = below;
  middle.namespace_pids.pop_back();
  middle.namespaces.pop_back();
  middle.pid_namespace = middle.namespaces.back();
  CHECK(client::visible_pid(below, middle) == below.namespace_pids[1]);
  CHECK(client::visible_pid(middle, below) == 0);
}

TEST_CASE("the security context is what the security module of this kernel offers") {
  client::ProcClientIdentity identities;
  const auto context = identities.security_context(getpid());
  FILE* file = std::fopen("/proc/self/attr/current", "re");
  char text[4096];
  const std::size_t size = file != nullptr ? std::fread(text, 1, sizeof text, file) : 0;
  if (file != nullptr) std::fclose(file);
  if (size == 0) {
    CHECK(context.error() == EOPNOTSUPP);  // no module, or none with labels
  } else if (text[size - 1] == '\n') {
    CHECK(context.error() == EINVAL);  // AppArmor
  } else {
    REQUIRE(context.ok());
    CHECK(context.value() == std::string(text, size));
  }
}

}  // namespace cuse_binder::test
