#include "test/conformance/environment.h"

#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

namespace cuse_binder::conformance {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

std::string find_logs(const std::string& device) {
  const std::string beside = device.substr(0, device.rfind('/') + 1) + "binder_logs";
  if (access((beside + "/state").c_str(), R_OK) == 0) return beside;
  const std::string debugfs = "/sys/kernel/debug/binder";
  if (access((debugfs + "/state").c_str(), R_OK) == 0) return debugfs;
  throw std::runtime_error("no log directory of " + device + " found; set BINDER_LOGS");
}

}  // namespace

Environment::Environment() : device_(variable("BINDER_DEVICE")), logs_(variable("BINDER_LOGS")) {
  std::string driver = variable("BINDER_DRIVER");
  if (device_.empty()) {
    traits_ = traits_of("in_process");
    return;
  }
  if (access(device_.c_str(), R_OK | W_OK) != 0) throw std::runtime_error(device_ + " cannot be opened");
  if (logs_.empty()) logs_ = find_logs(device_);
  if (driver.empty()) driver = probe_driver(device_);
  traits_ = traits_of(driver);
}

std::unique_ptr<Backend> Environment::make_backend() const {
  if (!device_.empty()) return make_device_backend(device_, logs_);
#ifdef CONFORMANCE_IN_PROCESS
  return make_in_process_backend();
#else
  throw std::runtime_error("built without the protocol layer; set BINDER_DEVICE");
#endif
}

Environment& environment() {
  static Environment the_environment;
  return the_environment;
}

}  // namespace cuse_binder::conformance
