// The policy of Access as a TOML file:
//
//   defaults = true               # root and the manager's user add, everybody finds and lists, unless a rule
//   says more isolated = [90000, 99999]     # user ids that see only services with allowIsolated
//
//   [[rule]]
//   allow = ["add"]               # or: deny = [...]; add, find, list
//   users = ["alice", 1001]       # names or numbers; left out: everybody
//   names = ["com.example.*"]     # patterns; left out: all names
#pragma once

#include <string>
#include <string_view>

#include "servicemanager/access.h"

namespace servicemanager {

// Both throw ConfigError.
Access::Policy read_policy(std::string_view text, const std::string& name);
Access::Policy read_policy_file(const std::string& path);

}  // namespace servicemanager
