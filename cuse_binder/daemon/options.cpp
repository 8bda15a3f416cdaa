#include "cuse_binder/daemon/options.h"

#include <grp.h>
#include <pwd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include "cuse_binder/base/log.h"
#include "cuse_binder/daemon/exit_code.h"

namespace cuse_binder::daemon {
namespace {

constexpr std::size_t kMaxDeviceName = 255;      // binderfs: one byte of name[256] is the NUL
constexpr std::uint32_t kMaxDevices = 1u << 20;  // binderfs: BINDERFS_MAX_MINOR
constexpr const char* kDefaultDevices[] = {"binder", "hwbinder", "vndbinder"};

constexpr const char* kFooter = R"(Examples:
  binderd --fuse /dev/binderfs
      A binder file system with binder, hwbinder and vndbinder, for root only (mode 0600, as the
      kernel's binderfs has it). Stays in the foreground; Ctrl-C unmounts.
  binderd --fuse /dev/binderfs --mode 0666 --symlinks --daemonize --pid-file /run/binderd.pid
      For every user, also reachable as /dev/binder and so on; returns when the devices can be opened.
  binderd --fuse /srv/a/binderfs --fuse /srv/b/binderfs
      Two mounts: a client of one cannot reach a service of the other.
  binderd --cuse binder,hwbinder,vndbinder --mode 0660 --group users
      Character devices /dev/binder and so on; needs /dev/cuse ('modprobe cuse'). They cannot be
      mapped by mmap: clients use our libbinder, or cuse_binder/device/binder_device.h.
  binderd --fuse /dev/binderfs --cuse binder
      Both: a client of /dev/binder reaches the services of /dev/binderfs/binder.
  binderd --config /etc/binderd.conf
      The long options as lines `name = value`; lists as `fuse = ["/a", "/b"]`.

Signals:
  SIGTERM, SIGINT  end pending calls, unmount, exit 0
  SIGHUP           open the log file anew (after it was rotated)
  SIGUSR1          write the counters to the log

Exit status:
  0  ended on request, or all mounts and devices are gone; with --daemonize: the devices can be opened
  1  a system call failed
  2  bad option, value or configuration file
  3  another daemon serves the mount point or holds the pid file; a device name is taken
  4  privileges, /dev/fuse, /dev/cuse or a kernel feature are missing

A mount that a killed daemon left behind is recognised and replaced.)";

std::string valid_device_name(const std::string& name) {
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos)
    return "'" + name + "' cannot be a file name";
  if (name.size() > kMaxDeviceName) return "a device name has at most 255 bytes";
  static const std::set<std::string> kTaken = {"binder-control", "features", "binder_logs"};
  if (kTaken.contains(name)) return "'" + name + "' is a name of the file system itself";
  return {};
}

// Also a name in sysfs, and one that says what it is in a kernel message.
std::string valid_cuse_name(const std::string& name) {
  constexpr std::size_t kMaxCuseName = 64;
  const auto allowed = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.';
  };
  if (name.empty() || name.size() > kMaxCuseName || name.front() == '.' ||
      !std::all_of(name.begin(), name.end(), allowed))
    return "'" + name + "' cannot be a device name: letters, digits, '_', '-', '.', at most 64";
  return {};
}

// Octal, as everybody writes modes; "0" and "0o" in front are optional.
std::optional<mode_t> parse_mode(std::string_view text) {
  if (text.substr(0, 2) == "0o") text.remove_prefix(2);
  unsigned mode = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  if (error != std::errc() || end != text.data() + text.size() || mode > 0777) return std::nullopt;
  return mode;
}

std::optional<std::uint32_t> parse_id(const std::string& text) {
  std::uint32_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  // The highest id means "no id" to the kernel.
  if (error != std::errc() || end != text.data() + text.size() || id == UINT32_MAX) return std::nullopt;
  return id;
}

std::optional<uid_t> parse_user(const std::string& text) {
  if (const auto id = parse_id(text)) return *id;
  const passwd* entry = getpwnam(text.c_str());
  return entry ? std::optional<uid_t>(entry->pw_uid) : std::nullopt;
}

std::optional<gid_t> parse_group(const std::string& text) {
  if (const auto id = parse_id(text)) return *id;
  const group* entry = getgrnam(text.c_str());
  return entry ? std::optional<gid_t>(entry->gr_gid) : std::nullopt;
}

// Lexical on purpose: looking at the directory may fail or hang when it is the mount of a dead daemon.
std::string absolute_path(const std::string& path) {
  auto result = std::filesystem::absolute(path).lexically_normal().string();
  while (result.size() > 1 && result.back() == '/') result.pop_back();
  return result;
}

// An option value whose words are checked and translated together, so that one message names the bad one.
template <typename Parse, typename Value>
CLI::Option* add_parsed(CLI::App& app, const std::string& name, Value& value, Parse parse,
                        const std::string& problem, const std::string& description) {
  return app.add_option_function<std::string>(
      name,
      [&value, parse, problem, name](const std::string& text) {
        const auto parsed = parse(text);
        if (!parsed) throw CLI::ValidationError(name, "'" + text + "' " + problem);
        value = *parsed;
      },
      description);
}

// Flags that take effect together with other options.
struct Switches {
  bool no_devices = false;
  bool no_logs = false;
  bool syslog = false;
};

void add_doors(CLI::App& app, Options& options) {
  app.add_option("--fuse", options.fuse_directories,
                 "Mount a binder file system on DIR (repeatable: each mount is a world of its own)")
      ->option_text("DIR")
      ->allow_extra_args(false)  // repeated options, not lists: a stray word is a mistake
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->group("Doors");
  app.add_option(
         "--cuse", options.cuse_devices,
         "Make a character device /dev/NAME through CUSE, for each name\n(also repeatable). Its context "
         "is that of the device NAME in the\nfirst mount; without one it has its own")
      ->option_text("NAME[,NAME...]")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->check(CLI::Validator(valid_cuse_name, ""))
      ->group("Doors");
  app.add_option(
         "--cuse-socket", options.cuse_socket,
         "A socket PATH over which clients of --cuse get the memory that\nmmap cannot give them, besides "
         "the abstract one; for containers\nwith a network namespace of their own")
      ->option_text("PATH")
      ->group("Doors");
}

void add_devices(CLI::App& app, Options& options, Switches& switches) {
  auto* device =
      app.add_option("--device", options.devices,
                     "Device to offer in each mount (repeatable);\ndefault: binder, hwbinder, vndbinder")
          ->option_text("NAME")
          ->allow_extra_args(false)  // repeated options, not lists: a stray word is a mistake
          ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
          ->check(CLI::Validator(valid_device_name, ""))
          ->group("Devices");
  app.add_flag("--no-devices", switches.no_devices,
               "Start without devices; they are added through binder-control")
      ->excludes(device)
      ->group("Devices");
  add_parsed(app, "--mode", options.mode, parse_mode, "is not an octal mode up to 0777",
             "Permissions of the devices (default: 0600)")
      ->option_text("OCTAL")
      ->group("Devices");
  add_parsed(app, "--owner", options.owner, parse_user, "is not a user",
             "Owner of the devices, name or number (default: 0)")
      ->option_text("USER")
      ->group("Devices");
  add_parsed(app, "--group", options.group, parse_group, "is not a group",
             "Group of the devices, name or number (default: 0)")
      ->option_text("GROUP")
      ->group("Devices");
  app.add_option("--max", options.max_devices,
                 "How many devices a mount may have at a time (default: 1048576)")
      ->option_text("N")
      ->check(CLI::Range(0u, kMaxDevices))
      ->group("Devices");
  app.add_flag("--no-logs", switches.no_logs,
               "Do not offer binder_logs/\n(the kernel's binderfs has it with stats=global only)")
      ->group("Devices");
  app.add_flag("--symlinks", options.symlinks,
               "Make links /dev/NAME to the devices of the first mount, and\nremove them at exit; other "
               "files in the way stay")
      ->group("Devices");
}

void add_transport(CLI::App& app, Options& options) {
  using frontends::TransportChoice;
  static const std::map<std::string, TransportChoice> kTransports = {{"auto", TransportChoice::auto_select},
                                                                     {"uring", TransportChoice::uring},
                                                                     {"read", TransportChoice::read}};
  app.add_option("--transport", options.transport,
                 "auto: FUSE over io_uring where the kernel has it switched on,\nelse plain reads (default); "
                 "uring: io_uring or fail;\nread: plain reads of /dev/fuse")
      ->option_text("auto|uring|read")
      ->transform(CLI::Transformer(kTransports, CLI::ignore_case))
      ->group("Transport");
  app.add_flag("--enable-uring", options.enable_uring,
               "Switch the kernel's FUSE over io_uring on if it is off: writes Y\nto "
               "/sys/module/fuse/parameters/enable_uring, which concerns\nthe whole machine and stays")
      ->group("Transport");
  app.add_option("--workers", options.workers,
                 "Threads that serve requests with plain reads\n(default: by the number of CPUs; io_uring "
                 "has one for each; of --cuse\nall devices share them, with two for each at least)")
      ->option_text("N")
      ->check(CLI::Range(1u, 1024u))
      ->group("Transport");
}

void add_process(CLI::App& app, Options& options, Switches& switches) {
  app.add_flag(
         "--daemonize", options.daemonize,
         "Go to the background when the devices can be opened; the exit\nstatus says whether that worked")
      ->group("Process");
  app.add_option("--pid-file", options.pid_file, "Write the process id to FILE, locked while the daemon runs")
      ->option_text("FILE")
      ->group("Process");
  app.add_option_function<std::string>(
         "--log-level",
         [](const std::string& levels) {
           if (!base::set_log_levels(levels))
             throw CLI::ValidationError("--log-level", "'" + levels + "' has an unknown level or layer");
         },
         "'info' (default) or, with single layers, 'warn,protocol=debug'.\nLevels: trace, debug, info, warn, "
         "err, critical, off;\nlayers: core, client, protocol, frontend, daemon")
      ->option_text("SPEC")
      ->group("Process");
  auto* file =
      app.add_option("--log-file", options.log_file, "Append log lines to FILE instead of standard error")
          ->option_text("FILE")
          ->group("Process");
  app.add_flag("--syslog", switches.syslog,
               "Send log lines to syslog instead of standard error\n(default with --daemonize)")
      ->excludes(file)
      ->group("Process");
}

// Defaults and conditions over several options. Throws like the parser.
void complete(Options& options, const Switches& switches) {
  if (options.fuse_directories.empty() && options.cuse_devices.empty())
    throw CLI::RequiredError("At least one --fuse DIR or --cuse NAME");
  for (auto& directory : options.fuse_directories) {
    if (directory.empty()) throw CLI::ValidationError("--fuse", "the directory is empty");
    directory = absolute_path(directory);
  }
  for (std::size_t i = 0; i < options.fuse_directories.size(); ++i)
    if (std::count(options.fuse_directories.begin(), options.fuse_directories.end(),
                   options.fuse_directories[i]) > 1)
      throw CLI::ValidationError("--fuse", "'" + options.fuse_directories[i] + "' is given twice");

  if (std::set<std::string>(options.cuse_devices.begin(), options.cuse_devices.end()).size() !=
      options.cuse_devices.size())
    throw CLI::ValidationError("--cuse", "a name is given twice");
  if (!options.cuse_socket.empty()) {
    if (options.cuse_devices.empty()) throw CLI::ValidationError("--cuse-socket", "needs --cuse");
    options.cuse_socket = absolute_path(options.cuse_socket);
  }

  options.logs = !switches.no_logs;
  if (options.devices.empty() && !switches.no_devices)
    options.devices.assign(std::begin(kDefaultDevices), std::end(kDefaultDevices));
  if (std::set<std::string>(options.devices.begin(), options.devices.end()).size() != options.devices.size())
    throw CLI::ValidationError("--device", "a name is given twice");
  if (options.symlinks) {
    if (options.fuse_directories.empty()) throw CLI::ValidationError("--symlinks", "needs --fuse");
    for (const auto& name : options.cuse_devices)
      if (std::count(options.devices.begin(), options.devices.end(), name) > 0)
        throw CLI::ValidationError("--symlinks", "and --cuse both want /dev/" + name);
  }
  if (options.devices.size() > options.max_devices)
    throw CLI::ValidationError(
        "--max", "leaves no room for the " + std::to_string(options.devices.size()) + " devices asked for");

  if (!options.pid_file.empty()) options.pid_file = absolute_path(options.pid_file);
  if (!options.log_file.empty()) {
    options.log_file = absolute_path(options.log_file);
    options.log_target = LogTarget::file;
  }
  // In the background there is no terminal to write to.
  if (switches.syslog || (options.daemonize && options.log_file.empty()))
    options.log_target = LogTarget::syslog;
}

}  // namespace

std::variant<Options, ExitNow> parse_options(int argc, const char* const* argv) {
  Options options;
  Switches switches;
  CLI::App app(
      "Android's binder driver as an ordinary process: serves binder devices to unmodified programs.",
      "binderd");
  app.footer(kFooter);
  app.get_formatter()->column_width(26);
  app.set_version_flag("--version", std::string("binderd ") + CUSE_BINDER_VERSION);
  app.set_config("--config", "", "Read options from FILE; the command line wins")->option_text("FILE");
  app.allow_config_extras(CLI::config_extras_mode::error);
  add_doors(app, options);
  add_devices(app, options, switches);
  add_transport(app, options);
  add_process(app, options, switches);
  try {
    app.parse(argc, argv);
    complete(options, switches);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return ExitNow{app.exit(error)};  // --help, --version
    std::fprintf(stderr, "binderd: %s\n'binderd --help' explains the options.\n", error.what());
    return ExitNow{static_cast<int>(ExitCode::usage)};
  }
  return options;
}

}  // namespace cuse_binder::daemon
