// What is measured: a kind of binder (ours over one of its transports, or the kernel's), and live instances
// of it.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/support/daemon.h"
#include "bench/support/registry.h"

namespace cuse_binder::bench {

// A device that nobody else uses, with a registry as its context manager.
class Instance {
 public:
  // `daemon_pid`: who serves the device, if it is a process that the caller has started.
  explicit Instance(std::string device, std::optional<pid_t> daemon_pid = std::nullopt);
  explicit Instance(std::unique_ptr<Daemon> daemon);

  const std::string& device() const { return device_; }
  pid_t registry_pid() const { return registry_->pid(); }
  std::optional<pid_t> daemon_pid() const {
    return daemon_ ? std::optional(daemon_->pid()) : foreign_daemon_;
  }

 private:
  // In this order: a daemon is only asked to end when its clients are gone.
  std::unique_ptr<Daemon> daemon_;
  std::string device_;
  std::optional<pid_t> foreign_daemon_;
  std::unique_ptr<Registry> registry_;
};

class Subject {
 public:
  // binderd with these options for each instance.
  Subject(std::string name, std::filesystem::path binderd, std::vector<std::string> options);
  // Devices that exist, one for each instance that lives at the same time.
  Subject(std::string name, std::vector<std::string> devices, std::optional<pid_t> daemon_pid = std::nullopt);

  const std::string& name() const { return name_; }
  // How many instances can live at the same time.
  bool has_daemon() const { return !binderd_.empty(); }
  std::size_t capacity() const { return binderd_.empty() ? devices_.size() : 2; }
  std::unique_ptr<Instance> start(std::size_t index = 0) const;

 private:
  std::string name_;
  std::filesystem::path binderd_;
  std::vector<std::string> options_;
  std::vector<std::string> devices_;
  std::optional<pid_t> daemon_pid_;
};

}  // namespace cuse_binder::bench
