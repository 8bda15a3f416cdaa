// The programs as users meet them: binderd serves a mount, servicemanager manages its device, and clients in
// processes of their own register, find, wait and die.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <memory>

#include "test/daemon/program.h"
#include "test/daemon/scene.h"
#include "test/support/catch.h"

namespace servicemanager::test {
namespace {

using cuse_binder::test::Program;
using cuse_binder::test::Scene;

constexpr uid_t kNobody = 65534;

// A mount and, unless a test wants to do it by itself, a manager of its device `binder`.
class World {
 public:
  World() : daemon_(scene_.serve({"--mode", "0666"})) { daemon_.expect("serving"); }

  Program& manage(const std::vector<std::string>& options = {}) {
    // The daemon hears of the end of an earlier manager a little later than we do.
    const auto end = std::chrono::steady_clock::now() +
                     std::chrono::milliseconds(cuse_binder::test::kPatienceMilliseconds);
    for (;;) {
      manager_ = std::make_unique<Program>(manager(options));
      manager_->expect(device());  // either that it serves it, or that it may not
      if (manager_->output().find("serving ") != std::string::npos) return *manager_;
      INFO(manager_->output());
      REQUIRE(manager_->wait() == 3);
      REQUIRE(std::chrono::steady_clock::now() < end);
    }
  }
  // For tests that make it complain more than a pipe holds. Clients wait for it by themselves.
  void manage_unheard(std::vector<std::string> options) {
    manager_ = std::make_unique<Program>(manager(std::move(options)), [] {
      const int null = open("/dev/null", O_WRONLY);
      dup2(null, STDOUT_FILENO);
      dup2(null, STDERR_FILENO);
    });
  }
  std::vector<std::string> manager(std::vector<std::string> options) const {
    options.insert(options.begin(), {SERVICEMANAGER_PATH, device()});
    return options;
  }
  Program& manager() { return *manager_; }
  std::string device() const { return scene_.mount_point() + "/binder"; }

  // A client that runs, and one that has ended.
  std::unique_ptr<Program> start(std::vector<std::string> arguments,
                                 const std::function<void()>& in_child = {}) {
    arguments.insert(arguments.begin(), {NAMES_PATH, device()});
    return std::make_unique<Program>(std::move(arguments), in_child);
  }
  std::string output_of(std::vector<std::string> arguments, const std::function<void()>& in_child = {}) {
    const auto program = start(std::move(arguments), in_child);
    program->wait();
    return program->output();
  }
  std::string write(const std::string& name, const std::string& text) {
    const std::string path = scene_.path(name);
    std::ofstream(path) << text;
    return path;
  }
  const Scene& scene() const { return scene_; }

 private:
  Scene scene_;
  Program daemon_;
  std::unique_ptr<Program> manager_;
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

void become_nobody() {
  if (setgid(kNobody) != 0 || setuid(kNobody) != 0) _exit(126);
}

std::function<void()> speaking(const std::string& dialect) {
  return [dialect] { setenv("CUSE_BINDER_DIALECT", dialect.c_str(), 1); };
}

}  // namespace

TEST_CASE("a service of one process is found and called by another one", "[mount]") {
  World world;
  world.manage();
  CHECK(contains(world.output_of({"check", "alpha"}), "missing\n"));
  const auto server = world.start({"serve", "alpha", "com.example.IBeta/default"});
  server->expect("serving");
  CHECK(contains(world.output_of({"check", "alpha"}), "found test.IService, alive\n"));
  CHECK(contains(world.output_of({"check", "com.example.IBeta/default"}), "found test.IService, alive\n"));
  CHECK(contains(world.output_of({"list"}), "alpha\ncom.example.IBeta/default\nmanager\nend of list\n"));
  CHECK(contains(world.output_of({"pid", "alpha"}), "pid " + std::to_string(server->pid()) + "\n"));
  CHECK(contains(world.output_of({"check", "manager"}), "found android.os.IServiceManager, alive\n"));
}

TEST_CASE("the services of a killed process vanish", "[mount]") {
  World world;
  Program& manager = world.manage();
  const auto server = world.start({"serve", "alpha", "beta"});
  server->expect("serving");
  server->signal(SIGKILL);
  for (int i = 0; i < 2; ++i) manager.expect("' died");  // in any order
  CHECK(contains(manager.output(), "'alpha' died"));
  CHECK(contains(manager.output(), "'beta' died"));
  CHECK(contains(world.output_of({"check", "alpha"}), "missing\n"));
  CHECK(contains(world.output_of({"list"}), "manager\nend of list\n"));
}

TEST_CASE("who waits for a service gets it when it comes", "[mount]") {
  World world;
  world.manage();
  const auto waiting = world.start({"wait", "alpha"});
  waiting->expect("waiting");
  const auto server = world.start({"serve", "alpha"});
  waiting->expect("found test.IService, alive");
  CHECK(waiting->wait() == 0);
}

TEST_CASE("who watches a name is told of each registration", "[mount]") {
  World world;
  Program& manager = world.manage();
  const auto watching = world.start({"watch", "alpha"});
  watching->expect("watching");
  for (int round = 0; round < 2; ++round) {
    const auto server = world.start({"serve", "alpha"});
    watching->expect("registered alpha, alive");
    server->signal(SIGKILL);
    manager.expect("'alpha' died");
  }
}

TEST_CASE("clients may wait for the manager itself", "[mount]") {
  World world;
  const auto server = world.start({"serve", "alpha"});
  const auto waiting = world.start({"wait", "alpha"});
  world.manage();
  waiting->expect("found test.IService, alive");
}

TEST_CASE("only root and the manager's user add services, unless rules say more", "[mount]") {
  World world;
  SECTION("the default") {
    Program& manager = world.manage();
    CHECK(contains(world.output_of({"add", "alpha"}, become_nobody), "status -1\n"));  // EX_SECURITY
    manager.expect("refused to add 'alpha'");
    const auto server = world.start({"serve", "alpha"});
    server->expect("serving");
    CHECK(contains(world.output_of({"check", "alpha"}, become_nobody), "found test.IService, alive\n"));
  }
  SECTION("a rule, and another one after SIGHUP") {
    const std::string file =
        world.write("access.toml", "[[rule]]\nallow = ['add']\nusers = [65534]\nnames = ['a*']\n");
    Program& manager = world.manage({"--access", file});
    CHECK(contains(world.output_of({"add", "alpha"}, become_nobody), "status 0\n"));
    CHECK(contains(world.output_of({"add", "beta"}, become_nobody), "status -1\n"));
    world.write(
        "access.toml",
        "[[rule]]\nallow = ['add']\nnames = ['b*']\n[[rule]]\ndeny = ['find']\nnames = ['manager']\n");
    manager.signal(SIGHUP);
    manager.expect("anew");
    CHECK(contains(world.output_of({"add", "alpha"}, become_nobody), "status -1\n"));
    CHECK(contains(world.output_of({"add", "beta"}, become_nobody), "status 0\n"));
    CHECK(contains(world.output_of({"check", "manager"}), "missing\n"));
    world.write("access.toml", "rubbish");
    manager.signal(SIGHUP);
    manager.expect("nothing changes: ");
    CHECK(contains(world.output_of({"add", "beta"}, become_nobody), "status 0\n"));
  }
}

TEST_CASE("a manager that is not root serves its own user", "[mount]") {
  World world;
  Program manager(world.manager({}), become_nobody);
  manager.expect("serving ");
  CHECK(contains(world.output_of({"add", "alpha"}, become_nobody), "status 0\n"));
  CHECK(contains(world.output_of({"add", "beta"}), "status 0\n"));
}

TEST_CASE("a lazy service ends with its last client", "[mount]") {
  World world;
  world.manage({"--client-period", "20"});
  const auto lazy = world.start({"lazy", "alpha"});
  lazy->expect("serving");
  const auto holder = world.start({"hold", "alpha"});
  holder->expect("holding");
  lazy->expect("The service alpha has clients");
  const auto second = world.start({"hold", "alpha"});
  second->expect("holding");
  holder->signal(SIGKILL);
  CHECK(holder->wait() == 128 + SIGKILL);
  CHECK(contains(world.output_of({"check", "alpha"}), "found"));
  second->signal(SIGKILL);
  lazy->expect("The last client is gone");
  CHECK(lazy->wait() == 0);
  CHECK(contains(world.output_of({"check", "alpha"}), "missing\n"));
}

TEST_CASE("declared services are known by name", "[mount]") {
  World world;
  const std::string file = world.write("services.toml", "[[service]]\nname = 'a.IFoo/default'\n");
  world.manage({"--declarations", file});
  CHECK(contains(world.output_of({"declared", "a.IFoo/default"}), "declared\ninstance default\nend\n"));
  CHECK(contains(world.output_of({"declared", "a.IFoo/other"}), "not declared\n"));
}

TEST_CASE("processes of each release find each other", "[mount]") {
  const std::string dialect = GENERATE(as<std::string>(), "9", "10", "11", "12", "13", "14", "15", "16");
  INFO("dialect " << dialect);
  World world;
  Program& manager = world.manage({"--dialect", dialect});
  const auto server = world.start({"serve", "alpha"}, speaking(dialect));
  server->expect("serving");
  CHECK(contains(world.output_of({"check", "alpha"}, speaking(dialect)), "found test.IService, alive\n"));
  CHECK(contains(world.output_of({"check", "beta"}, speaking(dialect)), "missing\n"));
  CHECK(contains(world.output_of({"list"}, speaking(dialect)), "alpha\nmanager\nend of list\n"));
  // Where the manager cannot tell, the client asks again.
  const auto waiting = world.start({"wait", "gamma"}, speaking(dialect));
  waiting->expect("waiting");
  const auto late = world.start({"serve", "gamma"}, speaking(dialect));
  waiting->expect("found test.IService, alive");
  server->signal(SIGKILL);
  manager.expect("'alpha' died");
  CHECK(contains(world.output_of({"check", "alpha"}, speaking(dialect)), "missing\n"));
}

TEST_CASE("both sides take the dialect of a device from a file", "[mount]") {
  World world;
  const std::string file = world.write("dialects", world.scene().mount_point() + "/* 12\n");
  const auto with_file = [&] { setenv("CUSE_BINDER_DIALECTS", file.c_str(), 1); };
  Program manager(world.manager({}), with_file);
  manager.expect("Android 12");
  const auto server = world.start({"serve", "alpha"}, with_file);
  server->expect("serving");
  CHECK(contains(world.output_of({"check", "alpha"}, with_file), "found test.IService, alive\n"));
  // Somebody who speaks otherwise is not understood.
  CHECK_FALSE(contains(world.output_of({"check", "alpha"}, speaking("10")), "found"));
}

TEST_CASE("a device has one manager; the next one may come when it is gone", "[mount]") {
  World world;
  Program& manager = world.manage();
  Program second(world.manager({}));
  CHECK(second.wait() == 3);
  CHECK(contains(second.output(), "has a manager already"));
  manager.signal(SIGTERM);
  CHECK(manager.wait() == 0);
  world.manage();
  CHECK(contains(world.output_of({"list"}), "manager\nend of list\n"));
}

TEST_CASE("a client that knows the old manager uses the new one", "[mount]") {
  World world;
  Program& manager = world.manage();
  const auto server = world.start({"serve", "alpha"});
  server->expect("serving");
  const auto client = world.start({"again", "alpha"});
  client->expect("found test.IService, alive");
  manager.signal(SIGTERM);
  CHECK(manager.wait() == 0);
  world.manage();
  const auto other = world.start({"serve", "alpha"});
  other->expect("serving");
  client->signal(SIGUSR1);
  client->expect("again");
  client->expect("found test.IService, alive");
}

TEST_CASE("requests that are none do no harm", "[mount]") {
  const std::string dialect = GENERATE(as<std::string>(), "10", "12", "16");
  INFO("dialect " << dialect);
  World world;
  world.manage_unheard({"--dialect", dialect, "--client-period", "20"});
  const auto server = world.start({"serve", "alpha"}, speaking(dialect));
  server->expect("serving");
  const auto sender = world.start({"rubbish"}, speaking(dialect));
  CHECK(sender->wait() == 0);
  CHECK(contains(sender->output(), "sent\n"));
  CHECK(contains(world.output_of({"check", "alpha"}, speaking(dialect)), "found test.IService, alive\n"));
  CHECK(contains(world.output_of({"list"}, speaking(dialect)), "alpha\nmanager\n"));
}

TEST_CASE("the system's service manager is told when requests are served", "[mount]") {
  World world;
  const std::string path = world.scene().path("notify");
  const cuse_binder::base::UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  REQUIRE(path.size() < sizeof(address.sun_path));
  path.copy(address.sun_path, path.size());
  REQUIRE(bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  Program manager(world.manager({}), [&] { setenv("NOTIFY_SOCKET", path.c_str(), 1); });
  manager.expect("serving ");
  char message[256] = {};
  REQUIRE(recv(socket.get(), message, sizeof(message) - 1, 0) > 0);
  CHECK(contains(message, "READY=1"));
}

TEST_CASE("mistakes on the command line are named", "[mount]") {
  World world;
  const auto run = [&](std::vector<std::string> options) {
    Program program(world.manager(std::move(options)));
    const int status = program.wait();
    return std::to_string(status) + " " + program.output();
  };
  CHECK(contains(run({"--dialect", "8"}), "'8' is none of 9, 10"));
  CHECK(run({"--dialect", "8"}).substr(0, 2) == "2 ");
  CHECK(run({"--no-such-option"}).substr(0, 2) == "2 ");
  CHECK(run({"--client-period", "0"}).substr(0, 2) == "2 ");
  const std::string file = world.write("access.toml", "\nrule = 1\n");
  CHECK(contains(run({"--access", file}), "access.toml:2: 'rule' must be a list"));
  CHECK(run({"--access", file}).substr(0, 2) == "2 ");
  CHECK(run({"--access", world.scene().path("none")}).substr(0, 2) == "2 ");
  Program elsewhere(std::vector<std::string>{SERVICEMANAGER_PATH, world.scene().path("no-device")});
  CHECK(elsewhere.wait() == 1);
  CHECK(contains(elsewhere.output(), "cannot open"));
}

}  // namespace servicemanager::test
