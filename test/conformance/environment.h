// Which driver this run meets, taken from the environment of the process once.
//
//   BINDER_DEVICE           a device file; without it the cases run on the protocol layer in this process
//   BINDER_LOGS             directory with state, stats, proc/…; found beside the device or in debugfs if not
//   set BINDER_DRIVER           name of the traits, see traits.h; probed if not set CONFORMANCE_LEAVE in
//   process: descriptors are installed by borrowing the thread (ClientFiles::run calls leave)
//   CONFORMANCE_TRANSCRIPT  file for the transcript
//   CONFORMANCE_PATIENCE_MS deadline for everything that must happen
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "test/conformance/backend.h"
#include "test/conformance/traits.h"

namespace cuse_binder::conformance {

class Environment {
 public:
  Environment();  // throws std::runtime_error with a readable reason

  std::unique_ptr<Backend> make_backend() const;
  const Traits& traits() const { return traits_; }
  const std::string& device() const { return device_; }
  const std::string& logs() const { return logs_; }

  void count_unreachable(std::string what) { unreachable_.push_back(std::move(what)); }
  const std::vector<std::string>& unreachable() const { return unreachable_; }

 private:
  std::string device_, logs_;
  Traits traits_;
  std::vector<std::string> unreachable_;
};

Environment& environment();

}  // namespace cuse_binder::conformance
