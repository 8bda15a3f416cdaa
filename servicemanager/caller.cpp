#include "servicemanager/caller.h"

#include <fmt/format.h>

namespace servicemanager {

std::string to_string(const Caller& caller) {
  if (caller.sid.empty()) return fmt::format("pid {}, uid {}", caller.pid, caller.uid);
  return fmt::format("pid {}, uid {}, context {}", caller.pid, caller.uid, caller.sid);
}

}  // namespace servicemanager
