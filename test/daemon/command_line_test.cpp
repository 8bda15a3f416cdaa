// What binderd says to a person or a script before it serves anything.
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "test/daemon/program.h"
#include "test/daemon/scene.h"
#include "test/support/catch.h"

namespace cuse_binder::test {
namespace {

#define CHECK_HAS(text, part)                                 \
  do {                                                        \
    INFO(text);                                               \
    CHECK(std::string(text).find(part) != std::string::npos); \
  } while (false)

constexpr uid_t kNobody = 65534;

struct Outcome {
  int status;
  std::string output;
};

Outcome run(std::vector<std::string> arguments) {
  Program program(Scene::binderd(std::move(arguments)));
  const int status = program.wait();
  return {status, program.output()};
}

}  // namespace

TEST_CASE("--help and --version explain the program and succeed", "[command_line]") {
  const auto help = run({"--help"});
  CHECK(help.status == 0);
  for (const auto* word :
       {"--fuse", "--device", "--transport", "--daemonize", "--config", "SIGHUP", "Exit status"})
    CHECK_HAS(help.output, word);
  const auto version = run({"--version"});
  CHECK(version.status == 0);
  CHECK_HAS(version.output, "binderd ");
}

TEST_CASE("a bad command line is refused with the option's name and status 2", "[command_line]") {
  struct Bad {
    std::vector<std::string> arguments;
    std::string message;
  };
  const std::vector<Bad> all = {
      {{}, "--fuse"},
      {{"--fuse", "/x", "--fuse", "/x/"}, "twice"},
      {{"--fuse", "/x", "--bogus"}, "--bogus"},
      {{"--fuse", "/x", "stray"}, "stray"},
      {{"--fuse", "/x", "--device", "a/b"}, "--device"},
      {{"--fuse", "/x", "--device", ".."}, "--device"},
      {{"--fuse", "/x", "--device", std::string(256, 'n')}, "255"},
      {{"--fuse", "/x", "--device", "features"}, "features"},
      {{"--fuse", "/x", "--device", "a", "--device", "a"}, "twice"},
      {{"--fuse", "/x", "--mode", "888"}, "--mode"},
      {{"--fuse", "/x", "--mode", "1777"}, "--mode"},
      {{"--fuse", "/x", "--owner", "no such user"}, "--owner"},
      {{"--fuse", "/x", "--group", "-1"}, "--group"},
      {{"--fuse", "/x", "--max", "1048577"}, "--max"},
      {{"--fuse", "/x", "--max", "-1"}, "--max"},
      {{"--fuse", "/x", "--max", "2"}, "--max"},
      {{"--fuse", "/x", "--transport", "pigeon"}, "--transport"},
      {{"--fuse", "/x", "--workers", "0"}, "--workers"},
      {{"--fuse", "/x", "--log-level", "loud"}, "--log-level"},
      {{"--fuse", "/x", "--log-level", "warn,kitchen=debug"}, "--log-level"},
      {{"--fuse", "/x", "--syslog", "--log-file", "/x"}, "--log-file"},
      {{"--config", "/nonexistent/file"}, "/nonexistent/file"},
      {{"--cuse", "a/b"}, "--cuse"},
      {{"--cuse", ".hidden"}, "--cuse"},
      {{"--cuse", std::string(65, 'n')}, "--cuse"},
      {{"--cuse", "a,b,a"}, "twice"},
      {{"--cuse", "a", "--symlinks"}, "--symlinks"},
      {{"--fuse", "/x", "--cuse", "binder", "--symlinks"}, "/dev/binder"},
      {{"--fuse", "/x", "--cuse-socket", "/y"}, "--cuse-socket"},
  };
  for (const auto& bad : all) {
    const auto outcome = run(bad.arguments);
    CAPTURE(bad.arguments);
    CHECK(outcome.status == 2);
    CHECK_HAS(outcome.output, bad.message);
  }
}

TEST_CASE("a configuration file with an unknown or wrong entry is refused", "[command_line]") {
  Scene scene;
  const auto config = scene.path("binderd.conf");
  std::ofstream(config) << "fuse = [\"/x\"]\ncolour = \"blue\"\n";
  auto outcome = run({"--config", config});
  CHECK(outcome.status == 2);
  CHECK_HAS(outcome.output, "colour");
  std::ofstream(config, std::ios::trunc) << "fuse = [\"/x\"]\nmode = \"9\"\n";
  outcome = run({"--config", config});
  CHECK(outcome.status == 2);
  CHECK_HAS(outcome.output, "--mode");
}

TEST_CASE("without privileges the message says what is missing", "[command_line]") {
  Scene scene;
  // A copy: the build tree may be out of an unprivileged user's reach.
  const auto copy = scene.path("binderd");
  std::filesystem::copy_file(BINDERD_PATH, copy);
  std::filesystem::permissions(copy, std::filesystem::perms(0755));
  Program program({copy, "--fuse", scene.mount_point()}, [] {
    if (geteuid() == 0 && (setgroups(0, nullptr) < 0 || setgid(kNobody) < 0 || setuid(kNobody) < 0))
      _exit(126);
  });
  CHECK(program.wait() == 4);
  CHECK_HAS(program.output(), "CAP_SYS_ADMIN");
  CHECK_HAS(program.output(), "sudo");
}

TEST_CASE("without /dev/fuse the message says what to do", "[mount]") {
  Scene scene;
  Program program(scene.serve(), [] {
    if (unshare(CLONE_NEWNS) < 0 || mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0 ||
        mount("none", "/dev", "tmpfs", 0, nullptr) < 0)
      _exit(126);
  });
  CHECK(program.wait() == 4);
  CHECK_HAS(program.output(), "/dev/fuse");
  CHECK_HAS(program.output(), "modprobe");
}

TEST_CASE("without /dev/cuse the message says what to do", "[mount]") {
  Program program(Scene::binderd({"--cuse", "binder"}), [] {
    if (unshare(CLONE_NEWNS) < 0 || mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0 ||
        mount("none", "/dev", "tmpfs", 0, nullptr) < 0)
      _exit(126);
  });
  CHECK(program.wait() == 4);
  CHECK_HAS(program.output(), "/dev/cuse");
  CHECK_HAS(program.output(), "modprobe cuse");
}

TEST_CASE("a mount point that does not exist is a failure with advice, also in the background", "[mount]") {
  Scene scene;
  const bool background = GENERATE(false, true);
  auto arguments = Scene::binderd({"--fuse", scene.path("nowhere"), "--pid-file", scene.path("pid")});
  if (background) arguments.insert(arguments.end(), {"--daemonize", "--log-file", scene.path("log")});
  Program program(arguments);
  CHECK(program.wait() == 1);
  CHECK_HAS(program.output(), scene.path("nowhere"));
  CHECK_HAS(program.output(), "mkdir");
  CHECK_FALSE(std::filesystem::exists(scene.path("pid")));
}

}  // namespace cuse_binder::test
