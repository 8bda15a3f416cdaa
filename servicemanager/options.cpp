#include "servicemanager/options.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>

namespace servicemanager {
namespace {

constexpr const char* kFooter = R"(Examples:
  servicemanager
      The manager of /dev/binder (or of $CUSE_BINDER_DEVICE), for programs of today's Android.
  servicemanager /dev/vndbinder --dialect 12
      Another device, whose programs come from Android 12.
  servicemanager --access /etc/cuse_binder/access.toml --declarations /etc/cuse_binder/services.toml
      Who may add and find services, and which services there are to be.
  servicemanager --config /etc/cuse_binder/servicemanager.conf
      The long options as lines `name = value`.

Called vndservicemanager, it serves /dev/vndbinder unless told otherwise.

Signals:
  SIGTERM, SIGINT  exit 0
  SIGHUP           read the access and declarations files anew

Exit status:
  0  ended on request
  1  a system call failed, or the device cannot be used
  2  bad option, value or configuration file
  3  the device has a manager already)";

constexpr int kMinPeriod = 1;
constexpr int kMaxPeriod = 24 * 60 * 60 * 1000;

std::string default_device(const char* program) {
  if (std::filesystem::path(program).filename() == "vndservicemanager") return "/dev/vndbinder";
  const char* device = std::getenv("CUSE_BINDER_DEVICE");
  return device != nullptr ? device : "/dev/binder";
}

}  // namespace

std::variant<Options, ExitNow> parse_options(int argc, const char* const* argv) {
  Options options;
  options.device = default_device(argc > 0 ? argv[0] : "");
  int period = static_cast<int>(options.client_period.count());
  CLI::App app("Android's service manager: names for the binder services of a device.", "servicemanager");
  app.footer(kFooter);
  app.get_formatter()->column_width(26);
  app.set_version_flag("--version", std::string("servicemanager ") + CUSE_BINDER_VERSION);
  app.set_config("--config", "", "Read options from FILE; the command line wins")->option_text("FILE");
  app.allow_config_extras(CLI::config_extras_mode::error);
  app.add_option("DEVICE", options.device, "The binder device to manage (default: " + options.device + ")")
      ->option_text(" ");
  app.add_option_function<std::string>(
         "--dialect",
         [&options](const std::string& name) {
           options.dialect = android::manager::find_dialect(name);
           if (options.dialect == nullptr)
             throw CLI::ValidationError(
                 "--dialect", "'" + name + "' is none of " + std::string(android::manager::dialect_names()));
         },
         "The Android release whose programs use the device: 9 to 16,\nor newest (default: what "
         "/etc/cuse_binder/dialects says\nof the device, else newest)")
      ->option_text("RELEASE");
  app.add_option(
         "--access", options.access_file,
         "Who may add, find and list which services (default: root and\nthe user of this program add, "
         "everybody finds and lists)")
      ->option_text("FILE");
  app.add_option("--declarations", options.declarations_file,
                 "The services that there are to be, running or not (isDeclared\nand so on; default: none)")
      ->option_text("FILE");
  app.add_option(
         "--client-period", period,
         "Every how many milliseconds clients of services that want to\nknow are counted (default: 5000)")
      ->option_text("MS")
      ->check(CLI::Range(kMinPeriod, kMaxPeriod));
  static const std::map<std::string, spdlog::level::level_enum> kLevels = {
      {"trace", spdlog::level::trace}, {"debug", spdlog::level::debug}, {"info", spdlog::level::info},
      {"warn", spdlog::level::warn},   {"err", spdlog::level::err},     {"critical", spdlog::level::critical},
      {"off", spdlog::level::off}};
  app.add_option("--log-level", options.log_level, "trace, debug, info (default), warn, err, critical or off")
      ->option_text("LEVEL")
      ->transform(CLI::Transformer(kLevels, CLI::ignore_case));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return ExitNow{app.exit(error)};  // --help, --version
    std::fprintf(stderr, "servicemanager: %s\n'servicemanager --help' explains the options.\n", error.what());
    return ExitNow{static_cast<int>(ExitCode::usage)};
  }
  options.client_period = std::chrono::milliseconds(period);
  return options;
}

}  // namespace servicemanager
