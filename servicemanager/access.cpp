#include "servicemanager/access.h"

#include <fnmatch.h>

#include <algorithm>

#include "servicemanager/log.h"

namespace servicemanager {
namespace {

bool speaks_of(const Access::Rule& rule, Access::Verb verb, uid_t uid, const std::string& name) {
  if (std::find(rule.verbs.begin(), rule.verbs.end(), verb) == rule.verbs.end()) return false;
  if (!rule.users.empty() && std::find(rule.users.begin(), rule.users.end(), uid) == rule.users.end())
    return false;
  if (rule.names.empty() || verb == Access::Verb::list) return true;
  return std::any_of(rule.names.begin(), rule.names.end(), [&](const std::string& pattern) {
    return fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
  });
}

}  // namespace

const char* to_string(Access::Verb verb) {
  switch (verb) {
    case Access::Verb::add:
      return "add";
    case Access::Verb::find:
      return "find";
    case Access::Verb::list:
      return "list";
  }
  return "?";
}

Access::Access(uid_t own_uid) : Access(own_uid, Policy()) {}

Access::Access(uid_t own_uid, Policy policy) : own_uid_(own_uid), policy_(std::move(policy)) {}

bool Access::decide(Verb verb, const Caller& caller, const std::string& name) const {
  for (const Rule& rule : policy_.rules)
    if (speaks_of(rule, verb, caller.uid, name)) return rule.allow;
  if (!policy_.has_defaults) return false;
  return verb != Verb::add || caller.uid == 0 || caller.uid == own_uid_;
}

bool Access::can(Verb verb, const Caller& caller, const std::string& name) const {
  const bool allowed = decide(verb, caller, name);
  if (!allowed)
    SM_LOG_LIMITED(spdlog::level::warn, "refused to {} '{}' ({})", to_string(verb), name, to_string(caller));
  return allowed;
}

bool Access::is_isolated(const Caller& caller) const {
  return policy_.isolated && caller.uid >= policy_.isolated->first && caller.uid <= policy_.isolated->second;
}

}  // namespace servicemanager
