// service: lists services, finds them, and calls them with arguments from the command line.
//
// Syntax and output are those of AOSP's cmds/service.
#include <binder/IServiceManager.h>
#include <binder/Parcel.h>
#include <getopt.h>

#include <iostream>

#include "tools/service/call_arguments.h"
#include "tools/support/connection.h"
#include "tools/support/text.h"

namespace {

using android::IBinder;
using android::IServiceManager;
using android::Parcel;
using android::sp;
using android::status_t;
using android::String16;
using binder_tools::shown;

enum ExitStatus { kDone = 0, kCallFailed = 1, kMistake = 10, kNoManager = 20 };

constexpr char kUsage[] = R"(Usage: service [-h|-?]
       service [--device PATH] list
       service [--device PATH] check SERVICE
       service [--device PATH] call SERVICE CODE [i32 N | i64 N | f N | d N | s16 STR | null | fd f | nfd n | afd f ] ...
Options:
   i32: Write the 32-bit integer N into the parcel that is sent.
   i64: Write the 64-bit integer N.
   f:   Write the single-precision number N.
   d:   Write the double-precision number N.
   s16: Write STR as a UTF-16 string.
  null: Write a null binder.
    fd: Write a file descriptor of the file f, opened for reading.
   nfd: Write the file descriptor n.
   afd: Write a file descriptor of shared memory with the contents of the file f.
intent: Write an Intent: [action=STR] [data=STR] [type=STR] [launchFlags=N] [component=STR] [categories=STR[,STR...]].
--device PATH: The binder device (default: $CUSE_BINDER_DEVICE, else /dev/binder).
)";

int mistake(const std::string& what) {
  std::cerr << "service: " << what << std::endl;
  std::cout << kUsage << std::flush;
  return kMistake;
}

// Empty if it does not say.
String16 interface_of(const sp<IBinder>& service) {
  return service == nullptr ? String16() : service->getInterfaceDescriptor();
}

int list(const sp<IServiceManager>& manager) {
  const auto services = manager->listServices();
  std::cout << "Found " << services.size() << " services:\n";
  for (size_t i = 0; i < services.size(); ++i) {
    const String16 interface = interface_of(manager->checkService(services[i]));
    std::cout << i << "\t" << shown(services[i]) << ": [" << shown(interface) << "]\n";
  }
  return kDone;
}

int check(const sp<IServiceManager>& manager, const std::string& name) {
  const bool found = manager->checkService(String16(name.c_str())) != nullptr;
  std::cout << "Service " << name << (found ? ": found" : ": not found") << "\n";
  return kDone;
}

int call(const sp<IServiceManager>& manager, const std::vector<std::string>& words) {
  uint32_t code = 0;
  if (!binder_tools::parse_code(words[1], code))
    return mistake("'" + words[1] + "' is not a transaction code");
  const sp<IBinder> service = manager->checkService(String16(words[0].c_str()));
  const String16 interface = interface_of(service);
  if (interface.size() == 0) {
    std::cerr << "service: Service " << words[0] << " does not exist" << std::endl;
    return kMistake;
  }
  Parcel data;
  Parcel reply;
  data.markForBinder(service);
  data.writeInterfaceToken(interface);
  const std::string problem = binder_tools::write_arguments({words.begin() + 2, words.end()}, data);
  if (!problem.empty()) return mistake(problem);
  const status_t status = service->transact(code, data, &reply);
  std::cout << "Result: ";
  reply.print(std::cout);
  std::cout << "\n";
  return status == android::OK ? kDone : kCallFailed;
}

int run(int argc, char** argv) {
  std::string device;
  if (!binder_tools::take_device("service", argc, argv, device)) return kMistake;
  // Options end where the command begins: arguments may be negative numbers.
  opterr = 0;
  if (const int option = getopt(argc, argv, "+h?"); option != -1) {
    if (option == 'h' || optopt == '?' || optopt == 0) return std::cout << kUsage << std::flush, kDone;
    return mistake(std::string("Unknown option -") + static_cast<char>(optopt));
  }
  const std::vector<std::string> words(argv + optind, argv + argc);
  if (words.empty()) return std::cout << kUsage << std::flush, kDone;
  const std::string& command = words[0];
  const std::vector<std::string> arguments(words.begin() + 1, words.end());
  if (command != "list" && command != "check" && command != "call")
    return mistake("Unknown command " + command);
  if (command != "list" && arguments.empty()) return mistake("No service specified for " + command);
  if (command == "call" && arguments.size() < 2) return mistake("No code specified for call");

  const sp<IServiceManager> manager = binder_tools::connect("service", device);
  if (manager == nullptr) {
    std::cerr << "service: Unable to get default service manager!" << std::endl;
    return kNoManager;
  }
  if (command == "list") return list(manager);
  return command == "check" ? check(manager, arguments[0]) : call(manager, arguments);
}

}  // namespace

int main(int argc, char** argv) {
  const int status = run(argc, argv);
  // Output that could not be written was not given.
  return std::cout.flush() ? status : status == kDone ? kCallFailed : status;
}
