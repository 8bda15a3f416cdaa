#include "tools/dumpsys/options.h"

#include <getopt.h>

#include <charconv>
#include <cstring>
#include <optional>

namespace binder_tools {

using android::IServiceManager;
using android::String16;

const char kDumpsysUsage[] = R"(usage: dumpsys
         To dump all services.
or:
       dumpsys [--device PATH] [-t TIMEOUT] [--priority LEVEL] [--clients] [--dump] [--pid] [--thread]
               [--help | -l | --skip SERVICES | SERVICE [ARGS]]
         --help: shows this help
         -l: only list services, do not dump them
         -t TIMEOUT_SEC: seconds that each service has, instead of 10
         -T TIMEOUT_MS: the same in milliseconds
         --clients: dump PIDs of the clients instead of the usual dump
         --dump: ask the service to dump itself (this is the default)
         --pid: dump the PID instead of the usual dump
         --proto: only services that can dump themselves as protobuf, and dump them so
         --priority LEVEL: only services of this priority: CRITICAL | HIGH | NORMAL
         --skip SERVICES: dump all services but these (separated by commas or spaces)
         --stability: dump the binder's stability instead of the usual dump
         --thread: dump the use of threads instead of the usual dump
         SERVICE [ARGS]: dump only this service, and pass it ARGS
         --device PATH: the binder device (default: $CUSE_BINDER_DEVICE, else /dev/binder)
)";

namespace {

constexpr char kProtoArg[] = "--proto";
constexpr char kPriorityArg[] = "--dump-priority";
constexpr char kAllArg[] = "-a";

std::optional<std::chrono::milliseconds> parse_timeout(const char* text, int unit) {
  int value = 0;
  const char* const end = text + std::strlen(text);
  const auto result = std::from_chars(text, end, value);
  if (result.ec != std::errc() || result.ptr != end || value <= 0) return std::nullopt;
  return std::chrono::milliseconds(int64_t{value} * unit);
}

void add_skipped(const char* words, std::set<std::string>& skipped) {
  const std::string list = words;
  for (size_t begin = 0; begin < list.size();) {
    const size_t end = std::min(list.find(',', begin), list.size());
    if (end > begin) skipped.insert(list.substr(begin, end - begin));
    begin = end + 1;
  }
}

}  // namespace

int DumpsysOptions::priority_flags() const {
  if (priority == "CRITICAL") return IServiceManager::DUMP_FLAG_PRIORITY_CRITICAL;
  if (priority == "HIGH") return IServiceManager::DUMP_FLAG_PRIORITY_HIGH;
  if (priority == "NORMAL") return IServiceManager::DUMP_FLAG_PRIORITY_NORMAL;
  return IServiceManager::DUMP_FLAG_PRIORITY_ALL;
}

android::Vector<String16> DumpsysOptions::service_args() const {
  android::Vector<String16> result;
  if (service.empty()) {
    if (!priority.empty()) {
      result.add(String16(kPriorityArg));
      result.add(String16(priority.c_str()));
    }
    if (priority.empty() || priority == "NORMAL") result.add(String16(kAllArg));
    if (proto) result.add(String16(kProtoArg));
  }
  for (const std::string& arg : args) result.add(String16(arg.c_str()));
  return result;
}

DumpsysOptions parse_dumpsys(int argc, char** argv) {
  enum Long { kHelpOption = 256, kKindOption, kPriorityOption, kProtoOption, kSkipOption };
  static const option kLong[] = {{"help", no_argument, nullptr, kHelpOption},
                                 {"clients", no_argument, nullptr, kKindOption},
                                 {"dump", no_argument, nullptr, kKindOption},
                                 {"pid", no_argument, nullptr, kKindOption},
                                 {"priority", required_argument, nullptr, kPriorityOption},
                                 {"proto", no_argument, nullptr, kProtoOption},
                                 {"skip", no_argument, nullptr, kSkipOption},
                                 {"stability", no_argument, nullptr, kKindOption},
                                 {"thread", no_argument, nullptr, kKindOption},
                                 {nullptr, 0, nullptr, 0}};
  DumpsysOptions options;
  const auto refuse = [&](std::string problem = {}) {
    options.action = DumpsysOptions::Action::refuse;
    options.problem = std::move(problem);
    return options;
  };
  unsigned kinds = 0;
  bool skip = false;
  bool list = false;
  optind = 0;  // glibc: begin anew, in case of an earlier command line
  int index = 0;
  // "+": what follows the service's name is for the service.
  for (int it; (it = getopt_long(argc, argv, "+t:T:l", kLong, &index)) != -1;) {
    switch (it) {
      case kHelpOption:
        options.action = DumpsysOptions::Action::help;
        return options;
      case kKindOption: {
        const std::string name = kLong[index].name;
        kinds |= name == "clients" ? DumpsysOptions::kClients
                 : name == "pid"   ? DumpsysOptions::kPid
                 : name == "stability"
                     ? DumpsysOptions::kStability
                     : (name == "thread" ? DumpsysOptions::kThreads : DumpsysOptions::kDump);
        break;
      }
      case kPriorityOption:
        options.priority = optarg;
        if (options.priority_flags() == IServiceManager::DUMP_FLAG_PRIORITY_ALL) return refuse();
        break;
      case kProtoOption:
        options.proto = true;
        break;
      case kSkipOption:
        skip = true;
        break;
      case 't':
      case 'T': {
        const auto timeout = parse_timeout(optarg, it == 't' ? 1000 : 1);
        if (!timeout.has_value())
          return refuse(std::string("Error: invalid timeout(") + (it == 't' ? "seconds" : "milliseconds") +
                        ") number: '" + optarg + "'");
        options.timeout = *timeout;
        break;
      }
      case 'l':
        list = true;
        break;
      default:
        return refuse();
    }
  }
  if (kinds != 0) options.kinds = kinds;
  for (int i = optind; i < argc; ++i) {
    if (skip) {
      add_skipped(argv[i], options.skipped);
    } else if (i == optind) {
      options.service = argv[i];
    } else {
      options.args.emplace_back(argv[i]);
      // Older callers only tell the service.
      if (options.args.back() == kProtoArg) options.proto = true;
    }
  }
  if ((skip && options.skipped.empty()) || (list && (!options.service.empty() || skip))) return refuse();
  if (list) options.action = DumpsysOptions::Action::list;
  return options;
}

}  // namespace binder_tools
