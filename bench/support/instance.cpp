#include "bench/support/instance.h"

#include <utility>

namespace cuse_binder::bench {

Instance::Instance(std::string device, std::optional<pid_t> daemon_pid)
    : device_(std::move(device)),
      foreign_daemon_(daemon_pid),
      registry_(std::make_unique<Registry>(device_)) {}

Instance::Instance(std::unique_ptr<Daemon> daemon)
    : daemon_(std::move(daemon)),
      device_(daemon_->device()),
      registry_(std::make_unique<Registry>(device_)) {}

Subject::Subject(std::string name, std::filesystem::path binderd, std::vector<std::string> options)
    : name_(std::move(name)), binderd_(std::move(binderd)), options_(std::move(options)) {}

Subject::Subject(std::string name, std::vector<std::string> devices, std::optional<pid_t> daemon_pid)
    : name_(std::move(name)), devices_(std::move(devices)), daemon_pid_(daemon_pid) {}

std::unique_ptr<Instance> Subject::start(std::size_t index) const {
  if (binderd_.empty()) return std::make_unique<Instance>(devices_.at(index), daemon_pid_);
  return std::make_unique<Instance>(std::make_unique<Daemon>(binderd_, options_));
}

}  // namespace cuse_binder::bench
