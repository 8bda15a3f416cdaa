#include "tools/support/connection.h"

#include <binder/ProcessState.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iostream>

namespace binder_tools {

using android::IServiceManager;
using android::sp;
using android::String16;

namespace {

constexpr char kOption[] = "--device";
constexpr size_t kOptionSize = sizeof(kOption) - 1;

}  // namespace

bool take_device(const char* program, int& argc, char** argv, std::string& device) {
  const char* const variable = std::getenv("CUSE_BINDER_DEVICE");
  device = variable != nullptr && *variable != '\0' ? variable : "/dev/binder";
  if (argc < 2 || std::strncmp(argv[1], kOption, kOptionSize) != 0) return true;
  int taken = 1;
  if (argv[1][kOptionSize] == '=') {
    device = argv[1] + kOptionSize + 1;
  } else if (argv[1][kOptionSize] == '\0') {
    taken = 2;
    device = argc > 2 ? argv[2] : "";
  } else {
    return true;  // another option
  }
  if (device.empty()) {
    std::cerr << program << ": --device needs the path of a binder device" << std::endl;
    return false;
  }
  std::copy(argv + 1 + taken, argv + argc + 1, argv + 1);
  argc -= taken;
  return true;
}

sp<IServiceManager> connect(const char* program, const std::string& device) {
  // libbinder ends the process if it cannot use a device; this says why in the tool's own words. Not by
  // opening it: the driver's log of a process is that of its first opening, and ends with it.
  if (access(device.c_str(), R_OK | W_OK) != 0) {
    std::cerr << program << ": cannot open " << device << ": " << std::strerror(errno) << std::endl;
    return nullptr;
  }
  android::ProcessState::initWithDriver(device.c_str());
  return android::defaultServiceManager();
}

android::Vector<String16> services_of(const sp<IServiceManager>& manager, int flags) {
  android::Vector<String16> services = manager->listServices(flags);
  services.sort([](const String16* a, const String16* b) { return a->compare(*b); });
  return services;
}

}  // namespace binder_tools
