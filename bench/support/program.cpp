#include "bench/support/program.h"

#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace cuse_binder::bench {
namespace {

struct CommandLine {
  std::string binderd;
  std::vector<std::string> transports{"read", "uring"};
  std::vector<std::string> devices;
  std::vector<std::string> only;
  std::string json;
  Settings settings;
};

// The daemon may have to switch FUSE over io_uring on for the whole system; this switches it off again.
class UringSwitch {
 public:
  UringSwitch() { std::getline(std::ifstream(kPath), before_); }
  ~UringSwitch() {
    std::string now;
    std::getline(std::ifstream(kPath), now);
    if (before_ != now && !before_.empty()) std::ofstream(kPath) << before_;
  }
  UringSwitch(const UringSwitch&) = delete;
  UringSwitch& operator=(const UringSwitch&) = delete;

 private:
  static constexpr const char* kPath = "/sys/module/fuse/parameters/enable_uring";
  std::string before_;
};

// NAME=DEVICE, or NAME=DEVICE@PID of the daemon that serves it.
Subject named_device(const std::string& text) {
  const std::size_t equals = text.find('=');
  const std::size_t at = text.rfind('@');
  const std::string device = text.substr(equals + 1, at == std::string::npos ? at : at - equals - 1);
  std::optional<pid_t> daemon;
  if (at != std::string::npos) daemon = std::stoi(text.substr(at + 1));
  return Subject(text.substr(0, equals), {device}, daemon);
}

Subjects subjects_of(const CommandLine& command_line) {
  if (!command_line.devices.empty() && command_line.devices[0].find('=') != std::string::npos) {
    Subjects subjects;
    for (const std::string& device : command_line.devices) subjects.push_back(named_device(device));
    return subjects;
  }
  if (!command_line.devices.empty()) return {Subject("kernel", command_line.devices)};
  Subjects subjects;
  for (const std::string& transport : command_line.transports) {
    std::vector<std::string> options{"--device", "binder", "--transport", transport};
    if (transport == "uring") options.emplace_back("--enable-uring");
    subjects.emplace_back(transport, command_line.binderd, options);
  }
  return subjects;
}

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  return "unknown";
}

nlohmann::json load_average() {
  double load[3] = {};
  if (getloadavg(load, 3) != 3) return nullptr;
  return {load[0], load[1], load[2]};
}

// A thousand clients, each with a socket to us.
void raise_file_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int run(std::span<const Group> groups, const CommandLine& command_line) {
  raise_file_limit();
  const UringSwitch uring_switch;
  const Subjects subjects = subjects_of(command_line);
  utsname system{};
  uname(&system);
  nlohmann::json document = {{"kernel", system.release},
                             {"processor", processor_name()},
                             {"cpus", sysconf(_SC_NPROCESSORS_ONLN)},
                             {"quick", command_line.settings.quick},
                             {"rounds", command_line.settings.rounds},
                             {"load_before", load_average()}};
  Report report;
  for (const Group& group : groups) {
    const auto& only = command_line.only;
    if (!only.empty() && std::find(only.begin(), only.end(), group.name) == only.end()) continue;
    try {
      group.measure(command_line.settings, subjects, report);
    } catch (const std::exception& error) {
      report.add_failure(group.name, "all", error.what());
    }
  }
  report.print_table();
  std::printf("\n%s, %ld CPUs, Linux %s; %d rounds%s\n", processor_name().c_str(),
              sysconf(_SC_NPROCESSORS_ONLN), system.release, command_line.settings.rounds,
              command_line.settings.quick ? " (quick)" : "");
  document["load_after"] = load_average();
  document.update(report.to_json());
  if (!command_line.json.empty()) {
    std::ofstream file(command_line.json);
    file << document.dump(2) << '\n';
    file.flush();
    if (!file) {
      std::fprintf(stderr, "cannot write %s\n", command_line.json.c_str());
      return EXIT_FAILURE;
    }
  }
  return report.failed() ? EXIT_FAILURE : EXIT_SUCCESS;
}

}  // namespace

int run_program(const char* about, std::span<const Group> groups, int argc, char** argv) {
  CommandLine command_line;
  command_line.binderd = (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "binderd").string();
  CLI::App app(about);
  app.add_flag("--quick", command_line.settings.quick, "Fewer and shorter rounds: less than a minute");
  app.add_option("--json", command_line.json, "Write all figures to this file");
  app.add_option("--binderd", command_line.binderd, "The daemon to start")->capture_default_str();
  app.add_option("--transport", command_line.transports, "Transports to measure: read, uring")
      ->check(CLI::IsMember({"read", "uring"}))
      ->capture_default_str();
  app.add_option(
      "--device", command_line.devices,
      "Measure this device instead of a daemon of our own, for example the kernel's /dev/binder; a second "
      "one serves as the empty device of the scaling measurements. Nobody else may be using them. Several "
      "with "
      "names, NAME=DEVICE or NAME=DEVICE@PID of its daemon, are measured together (--only compare)");
  app.add_option("--cpu", command_line.settings.cpu, "Processor for measurements on one processor")
      ->capture_default_str();
  app.add_option("--nodes", command_line.settings.nodes,
                 "Nodes of the scaling measurement with many; old kernels need very long for many")
      ->capture_default_str();
  std::vector<std::string> names;
  for (const Group& group : groups) names.emplace_back(group.name);
  app.add_option("--only", command_line.only, "Only these groups of measurements")
      ->check(CLI::IsMember(names));
  CLI11_PARSE(app, argc, argv);
  if (command_line.settings.quick) {
    command_line.settings.rounds = 5;
    command_line.settings.calls = 800;
    command_line.settings.seconds = 0.15;
  }
  try {
    return run(groups, command_line);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
    return EXIT_FAILURE;
  }
}

}  // namespace cuse_binder::bench
