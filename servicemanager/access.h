// Who may add, find and list services. Where Android asks SELinux, this asks rules over user ids.
//
// The first rule that speaks of the verb, the caller and the name decides. If none does, the defaults decide:
// root and the user of the manager may add anything, and everybody may find and list. Constant after
// construction.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "servicemanager/caller.h"

namespace servicemanager {

class Access {
 public:
  enum class Verb : uint8_t { add, find, list };

  struct Rule {
    bool allow = true;
    std::vector<Verb> verbs;
    std::vector<uid_t> users;        // empty: everybody
    std::vector<std::string> names;  // patterns as of fnmatch(3); empty: all. Listing has no name.
  };
  struct Policy {
    std::vector<Rule> rules;
    // Whether the defaults stand behind the rules; otherwise what no rule allows is refused.
    bool has_defaults = true;
    // Users from whom services without "allowIsolated" are hidden (Android's isolated processes). Nobody by
    // default: on an ordinary system these numbers belong to people.
    std::optional<std::pair<uid_t, uid_t>> isolated;
  };

  explicit Access(uid_t own_uid);
  Access(uid_t own_uid, Policy policy);

  // Refusals are logged.
  bool can_add(const Caller& caller, const std::string& name) const { return can(Verb::add, caller, name); }
  bool can_find(const Caller& caller, const std::string& name) const { return can(Verb::find, caller, name); }
  bool can_list(const Caller& caller) const { return can(Verb::list, caller, {}); }
  bool is_isolated(const Caller& caller) const;

 private:
  bool can(Verb verb, const Caller& caller, const std::string& name) const;
  bool decide(Verb verb, const Caller& caller, const std::string& name) const;

  const uid_t own_uid_;
  const Policy policy_;
};

const char* to_string(Access::Verb verb);

}  // namespace servicemanager
