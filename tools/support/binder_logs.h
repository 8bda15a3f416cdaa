// What the driver writes of a process into binder_logs/proc/PID, as far as the tools need it.
//
// The text is the kernel's, of any version since binderfs; what is not understood is passed over.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <istream>
#include <optional>
#include <string>
#include <vector>

namespace binder_tools {

struct ThreadUse {
  unsigned busy = 0;
  unsigned all = 0;  // that serve calls
};

// Of one process and one context, the name of a device.
ThreadUse read_threads(std::istream& log, const std::string& context);
// The number of the node behind a handle of the process.
std::optional<uint64_t> read_node_of_handle(std::istream& log, const std::string& context, int32_t handle);
// The processes that have a reference to a node of the process; nullopt if it has no such node.
std::optional<std::vector<pid_t>> read_holders(std::istream& log, const std::string& context, uint64_t node);

// The logs of the driver behind a device.
class BinderLogs {
 public:
  // Beside the device; for a device that has nothing beside it, those of each mounted binder file system, and
  // debugfs.
  explicit BinderLogs(const std::string& device);

  // nullopt: nothing is known of the process, or there are no logs here.
  std::optional<ThreadUse> threads_of(pid_t process) const;
  // The processes that use what `self` has as `handle`, and `owner` owns. `self` is among them.
  std::optional<std::vector<pid_t>> clients_of(pid_t self, int32_t handle, pid_t owner) const;

  // For messages.
  const std::string& context() const { return context_; }

 private:
  std::optional<std::string> log_of(pid_t process) const;

  std::string context_;
  std::vector<std::string> directories_;
};

}  // namespace binder_tools
