// service, dumpsys and cmd as people use them: over a mounted device, with services in processes of their
// own.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <regex>

#include "test/daemon/program.h"
#include "test/daemon/scene.h"
#include "test/support/catch.h"

namespace binder_tools::test {
namespace {

using cuse_binder::test::contents;
using cuse_binder::test::Program;
using cuse_binder::test::Scene;

struct Outcome {
  int status;
  std::string output;  // both streams
};

bool contains(const Outcome& outcome, const std::string& part) {
  return outcome.output.find(part) != std::string::npos;
}

// A mount with a manager, and the subject's services if they are asked for.
class World {
 public:
  explicit World(std::vector<std::string> services = {}) : daemon_(scene_.serve({"--mode", "0666"})) {
    daemon_.expect("serving");
    manager_ = std::make_unique<Program>(std::vector<std::string>{SERVICEMANAGER_PATH, device()});
    manager_->expect("serving " + device());
    if (!services.empty()) subject_ = start(std::move(services));
  }

  std::string device() const { return scene_.mount_point() + "/binder"; }
  std::string path(const std::string& name) const { return scene_.path(name); }
  Program& subject() { return *subject_; }
  pid_t manager_pid() const { return manager_->pid(); }

  std::unique_ptr<Program> start(std::vector<std::string> services) const {
    services.insert(services.begin(), {SUBJECT_PATH, device()});
    auto subject = std::make_unique<Program>(std::move(services));
    subject->expect("serving");
    return subject;
  }

  // A tool that finds the device by the environment.
  std::unique_ptr<Program> launch(std::vector<std::string> arguments,
                                  const std::function<void()>& in_child = {}) const {
    arguments[0] = std::string(TOOLS_DIR) + "/" + arguments[0];
    return std::make_unique<Program>(std::move(arguments), [this, in_child] {
      setenv("CUSE_BINDER_DEVICE", device().c_str(), 1);
      setenv("TZ", "UTC", 1);
      if (in_child) in_child();
    });
  }
  Outcome run(std::vector<std::string> arguments, const std::function<void()>& in_child = {}) const {
    const auto program = launch(std::move(arguments), in_child);
    const int status = program->wait();
    return {status, program->output()};
  }

 private:
  Scene scene_;
  Program daemon_;
  std::unique_ptr<Program> manager_;
  std::unique_ptr<Program> subject_;
};

}  // namespace

TEST_CASE("service lists and finds services", "[mount]") {
  const World world({"plain", "urgent"});
  const Outcome list = world.run({"service", "list"});
  CHECK(list.status == 0);
  CHECK(list.output ==
        "Found 3 services:\n"
        "0\tmanager: [android.os.IServiceManager]\n"
        "1\tplain: [test.ISubject]\n"
        "2\turgent: [test.ISubject]\n");
  CHECK(world.run({"service", "check", "plain"}).output == "Service plain: found\n");
  CHECK(world.run({"service", "check", "plane"}).output == "Service plane: not found\n");
}

TEST_CASE("service calls with arguments and prints the reply", "[mount]") {
  const World world({"plain"});
  const Outcome call =
      world.run({"service", "call", "plain", "1", "i32", "-2", "i64", "0x1000000000", "s16", "hi"});
  CHECK(call.status == 0);
  // 0xffffffffe, then the length 2 and "hi".
  CHECK(call.output ==
        "Result: Parcel(\n"
        "  0x00000000: fffffffe 0000000f 00000002 00690068 '............h.i.'\n"
        "  0x00000010: 00000000                            '....            ')\n");
  CHECK(world.run({"service", "call", "plain", "1", "i32", "1", "i64", "1", "s16", ""}).output ==
        "Result: Parcel(00000002 00000000 00000000 00000000 '................')\n");
}

TEST_CASE("service passes files, memory and its own descriptors", "[mount]") {
  const World world({"plain"});
  const std::string path = world.path("seven");
  std::ofstream(path) << "1234567";
  const auto length_of = [&](std::vector<std::string> words, const std::function<void()>& in_child = {}) {
    words.insert(words.begin(), {"service", "call", "plain", "2"});
    const Outcome call = world.run(std::move(words), in_child);
    INFO(call.output);
    CHECK(call.status == 0);
    return call.output.substr(0, call.output.find('\''));
  };
  const std::string seven = length_of({"fd", path});
  CHECK(seven.find("00000007") != std::string::npos);
  CHECK(length_of({"afd", path}) == seven);
  CHECK(length_of({"nfd", "9"}, [&] { dup2(open(path.c_str(), O_RDONLY), 9); }) == seven);
}

TEST_CASE("service says what is wrong", "[mount]") {
  const World world({"plain"});
  const Outcome none = world.run({"service", "call", "plane", "1"});
  CHECK(none.status == 10);
  CHECK(none.output == "service: Service plane does not exist\n");
  const Outcome short_call = world.run({"service", "call", "plain", "1", "i32", "1"});
  CHECK(short_call.status == 1);
  CHECK(contains(short_call, "Result: Parcel(Error: "));
  const auto refused = [&](std::vector<std::string> words, const std::string& why) {
    words.insert(words.begin(), "service");
    const Outcome outcome = world.run(std::move(words));
    INFO(outcome.output);
    CHECK(outcome.status == 10);
    CHECK(contains(outcome, "service: " + why + "\n"));
    CHECK(contains(outcome, "Usage: service"));
  };
  refused({"call", "plain", "1", "i32"}, "no integer supplied for 'i32'");
  refused({"call", "plain", "1", "i33", "2"}, "unknown option i33");
  refused({"call", "plain", "one"}, "'one' is not a transaction code");
  refused({"call", "plain"}, "No code specified for call");
  refused({"check"}, "No service specified for check");
  refused({"chekc"}, "Unknown command chekc");
  refused({"-x"}, "Unknown option -x");
  CHECK(world.run({"service", "-h"}).status == 0);
  CHECK(contains(world.run({"service"}), "Usage: service"));
}

TEST_CASE("the tools take another device", "[mount]") {
  const World world({"plain"});
  const auto nowhere = [] { setenv("CUSE_BINDER_DEVICE", "/no/such/device", 1); };
  for (const std::string tool : {"service", "dumpsys", "cmd"}) {
    INFO(tool);
    const std::string list = tool == "service" ? "list" : "-l";
    const Outcome missing = world.run({tool, list}, nowhere);
    CHECK(missing.status == 20);
    CHECK(contains(missing, "cannot open /no/such/device: No such file or directory"));
    CHECK(contains(world.run({tool, "--device", world.device(), list}, nowhere), "plain"));
    CHECK(contains(world.run({tool, "--device=" + world.device(), list}, nowhere), "plain"));
    CHECK(contains(world.run({tool, "--device"}, nowhere), "--device needs the path of a binder device"));
  }
}

TEST_CASE("dumpsys lists services by what they are", "[mount]") {
  const World world({"plain", "urgent"});
  CHECK(world.run({"dumpsys", "-l"}).output == "Currently running services:\n  manager\n  plain\n  urgent\n");
  CHECK(world.run({"dumpsys", "-l", "--priority", "CRITICAL"}).output ==
        "Currently running services:\n  urgent\n");
  CHECK(world.run({"dumpsys", "-l", "--proto"}).output == "Currently running services:\n  urgent\n");
  CHECK(world.run({"dumpsys", "-l", "--priority", "HIGH"}).output == "Currently running services:\n");
}

TEST_CASE("dumpsys dumps one service with its arguments", "[mount]") {
  const World world({"plain", "urgent"});
  const Outcome dump = world.run({"dumpsys", "plain", "-x", "two words"});
  CHECK(dump.status == 0);
  CHECK(dump.output == "plain was given [-x] [two words]\n");
  CHECK(world.run({"dumpsys", "plain"}).output == "plain was given\n");
  CHECK(world.run({"dumpsys", "--priority", "CRITICAL"}).output ==
        "urgent was given [--dump-priority] [CRITICAL]\n");
  CHECK(world.run({"dumpsys", "--proto"}).output == "urgent was given [-a] [--proto]\n");
  const Outcome none = world.run({"dumpsys", "plane"});
  CHECK(none.output == "Can't find service: plane\n");
  CHECK(none.status == 1);
}

TEST_CASE("dumpsys dumps all services but those that are skipped", "[mount]") {
  const World world({"plain", "urgent"});
  const Outcome dump = world.run({"dumpsys", "--skip", "manager,other", "third"});
  CHECK(dump.status == 0);
  const std::string line(79, '-');
  const std::string footer = "--------- [0-9]+\\.[0-9]{3}s was the duration of dumpsys ";
  const std::string date = ", ending at: [0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\n";
  INFO(dump.output);
  CHECK(std::regex_match(
      dump.output,
      std::regex("Currently running services:\n  manager \\(skipped\\)\n  plain\n  urgent\n" + line +
                 "\nDUMP OF SERVICE plain:\nplain was given \\[-a\\]\n" + footer + "plain" + date + line +
                 "\nDUMP OF SERVICE urgent:\nurgent was given \\[-a\\]\n" + footer + "urgent" + date)));
}

TEST_CASE("a service that hangs does not keep dumpsys from the next one", "[mount]") {
  const World world({"hanging"});
  const auto plain = world.start({"plain"});
  const Outcome dump = world.run({"dumpsys", "-T", "300"});
  CHECK(dump.status == 1);
  INFO(dump.output);
  // On a machine that is slow enough, others may take longer than that, too.
  CHECK(std::regex_search(
      dump.output,
      std::regex(
          "DUMP OF SERVICE hanging:\n(hanging was given \\[-a\\]\n)?"
          "\n\\*\\*\\* SERVICE 'hanging' DUMP TIMEOUT \\(300ms\\) EXPIRED \\*\\*\\*\n\n"
          "--------- [0-9.]+s was the duration of dumpsys hanging, [^\n]*\n-+\nDUMP OF SERVICE manager:\n")));
  CHECK(contains(dump, "DUMP OF SERVICE plain:\n"));
}

TEST_CASE("a dump that fails is an error", "[mount]") {
  const World world({"failing"});
  const Outcome dump = world.run({"dumpsys", "failing"});
  CHECK(dump.status == 1);
  CHECK(contains(dump, "failing was given\n"));
  CHECK(contains(dump, "Error with service 'failing' while dumping: INVALID_OPERATION\n"));
}

TEST_CASE("dumpsys tells process, stability, threads and clients", "[mount]") {
  World world({"plain"});
  // First, because the driver may learn a moment later that a process has ended. The manager has each
  // service, and nobody else does yet.
  const std::string manager = std::to_string(world.manager_pid());
  const Outcome clients = world.run({"dumpsys", "--clients", "plain"});
  CHECK(clients.status == 0);
  CHECK(clients.output == "Client PIDs: " + manager + "\n");

  const std::string pid = std::to_string(world.subject().pid());
  CHECK(world.run({"dumpsys", "--pid", "plain"}).output == pid + "\n");
  CHECK(contains(world.run({"dumpsys", "--stability", "plain"}), "Stability: system"));
  const Outcome threads = world.run({"dumpsys", "--thread", "plain"});
  INFO(threads.output);
  CHECK(threads.status == 0);
  CHECK(std::regex_match(threads.output, std::regex("Threads in use: [0-9]+/[1-9][0-9]*\n")));
  const Outcome all = world.run({"dumpsys", "--dump", "--clients", "--pid", "plain"});
  INFO(all.output);
  CHECK(std::regex_match(
      all.output, std::regex("Service host process PID: " + pid + "\nClient PIDs: [^\n]*\\b" + manager +
                             "\\b[^\n]*\nplain was given\n")));
}

TEST_CASE("dumpsys says what is wrong", "[mount]") {
  const World world;
  const auto refused = [&](std::vector<std::string> words, const std::string& why) {
    words.insert(words.begin(), "dumpsys");
    const Outcome outcome = world.run(std::move(words));
    INFO(outcome.output);
    CHECK(outcome.status == 255);
    CHECK(contains(outcome, why));
  };
  refused({"-t", "0"}, "Error: invalid timeout(seconds) number: '0'\n");
  refused({"-T", "5x"}, "Error: invalid timeout(milliseconds) number: '5x'\n");
  refused({"--priority", "LOW"}, "usage: dumpsys");
  refused({"--skip"}, "usage: dumpsys");
  refused({"-l", "plain"}, "usage: dumpsys");
  refused({"--nothing"}, "usage: dumpsys");
  const Outcome help = world.run({"dumpsys", "--help"});
  CHECK(help.status == 0);
  CHECK(contains(help, "usage: dumpsys"));
}

TEST_CASE("cmd runs a command with its files, arguments and exit status", "[mount]") {
  const World world({"plain"});
  CHECK(world.run({"cmd", "-l"}).output == "Currently running services:\n  manager\n  plain\n");
  const std::string input = world.path("input");
  std::ofstream(input) << "line 1\nline 2\n";
  const Outcome cat =
      world.run({"cmd", "plain", "cat"}, [&] { dup2(open(input.c_str(), O_RDONLY), STDIN_FILENO); });
  CHECK(cat.status == 0);
  CHECK(cat.output == "line 1\nline 2\n");
  const Outcome unknown = world.run({"cmd", "plain", "a", "b c"});
  CHECK(unknown.status == 64);
  CHECK(unknown.output == "what is [a] [b c]\n");
  const Outcome left = world.run({"cmd", "plain", "exit", "3"});
  CHECK(left.status == 3);
  CHECK(left.output == "leaving\n");
  const auto no_files = [] {
    for (int fd = 0; fd < 3; ++fd) close(fd);
  };
  CHECK(world.run({"cmd", "plain", "exit", "5"}, no_files).status == 5);
}

TEST_CASE("cmd opens files for the service as its caller", "[mount]") {
  const World world({"plain"});
  const std::string directory = world.path("");
  const auto there = [&] {
    if (chdir(directory.c_str()) != 0) _exit(126);
  };
  std::ofstream(world.path("text")) << "of the caller\n";
  CHECK(world.run({"cmd", "plain", "open", "text", "r"}, there).output == "of the caller\n");
  CHECK(world.run({"cmd", "plain", "open", world.path("text"), "r"}).output == "of the caller\n");
  CHECK(world.run({"cmd", "plain", "write", "new", "w"}, there).status == 0);
  CHECK(contents(world.path("new")) == "by the service\n");
  // The service is root; who calls it is not.
  REQUIRE(chmod(world.path("text").c_str(), 0600) == 0);
  const Outcome denied = world.run({"cmd", "plain", "open", world.path("text"), "r"}, [] {
    if (setgid(65534) != 0 || setuid(65534) != 0) _exit(126);
  });
  CHECK(denied.status == 1);
  CHECK(denied.output == "cannot open it\n");
  CHECK(world.run({"cmd", "plain", "open", "missing", "r"}, there).status == 1);
  CHECK(contains(world.run({"cmd", "plain", "open", "text", "a"}, there), "Invalid mode requested: a\n"));
}

TEST_CASE("cmd says what is wrong", "[mount]") {
  World world({"mute"});
  const Outcome none = world.run({"cmd"});
  CHECK(none.status == 20);
  CHECK(contains(none, "cmd: No service specified; use -l to list all running services."));
  const Outcome missing = world.run({"cmd", "plain", "help"});
  CHECK(missing.status == 20);
  CHECK(contains(missing, "cmd: Can't find service: plain\n"));
  // A service without commands; INVALID_OPERATION as an exit status.
  CHECK(world.run({"cmd", "manager", "help"}).status == (-38 & 0xff));
  const Outcome dead = world.run({"cmd", "mute", "speak"});
  CHECK(contains(dead, "cmd: Failure calling service mute: Broken pipe (32)\n"));
  CHECK(dead.status == (-32 & 0xff));
}

TEST_CASE("cmd waits for a service that is not there yet", "[mount]") {
  const World world;
  const auto waiting = world.launch({"cmd", "-w", "plain", "exit", "7"});
  const auto plain = world.start({"plain"});
  CHECK(waiting->wait() == 7);
}

}  // namespace binder_tools::test
