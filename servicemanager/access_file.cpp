#include "servicemanager/access_file.h"

#include <fmt/format.h>
#include <pwd.h>

#include "servicemanager/toml_file.h"

namespace servicemanager {
namespace {

constexpr int64_t kHighestUid = UINT32_MAX - 1;  // the highest number means "nobody in particular"

Access::Verb verb_of(const toml::node& node) {
  const auto word = node.value_exact<std::string>();
  for (const auto verb : {Access::Verb::add, Access::Verb::find, Access::Verb::list})
    if (word && *word == to_string(verb)) return verb;
  throw ConfigError(node.source(), "expected \"add\", \"find\" or \"list\"");
}

uid_t number_to_uid(const toml::node& node, int64_t number) {
  if (number < 0 || number > kHighestUid) throw ConfigError(node.source(), "that number is no user id");
  return static_cast<uid_t>(number);
}

uid_t user_of(const toml::node& node) {
  if (const auto number = node.value_exact<int64_t>()) return number_to_uid(node, *number);
  const auto name = node.value_exact<std::string>();
  if (!name) throw ConfigError(node.source(), "expected the name or number of a user");
  const passwd* entry = getpwnam(name->c_str());
  if (entry == nullptr) throw ConfigError(node.source(), fmt::format("there is no user '{}'", *name));
  return entry->pw_uid;
}

std::string pattern_of(const toml::node& node) {
  auto pattern = node.value_exact<std::string>();
  if (!pattern || pattern->empty()) throw ConfigError(node.source(), "expected a pattern for names");
  return std::move(*pattern);
}

// An empty list is not "everybody", it is a mistake.
template <typename Convert>
auto convert(const toml::array& array, Convert convert_one) {
  if (array.empty()) throw ConfigError(array.source(), "the list is empty");
  std::vector<decltype(convert_one(array[0]))> result;
  for (const toml::node& node : array) result.push_back(convert_one(node));
  return result;
}

Access::Rule rule_of(const toml::table& table) {
  allow_keys(table, {"allow", "deny", "users", "names"});
  const toml::array* allow = list(table, "allow");
  const toml::array* deny = list(table, "deny");
  if ((allow == nullptr) == (deny == nullptr))
    throw ConfigError(table.source(), "a rule has either 'allow' or 'deny'");
  Access::Rule rule;
  rule.allow = allow != nullptr;
  rule.verbs = convert(allow != nullptr ? *allow : *deny, verb_of);
  if (const toml::array* users = list(table, "users")) rule.users = convert(*users, user_of);
  if (const toml::array* names = list(table, "names")) rule.names = convert(*names, pattern_of);
  return rule;
}

Access::Policy policy_of(const toml::table& table) {
  allow_keys(table, {"defaults", "isolated", "rule"});
  Access::Policy policy;
  policy.has_defaults = truth(table, "defaults").value_or(true);
  if (const toml::array* isolated = list(table, "isolated")) {
    if (isolated->size() != 2) throw ConfigError(isolated->source(), "'isolated' is [first, last]");
    policy.isolated = {user_of((*isolated)[0]), user_of((*isolated)[1])};
  }
  if (const toml::array* rules = tables(table, "rule"))
    for (const toml::node& rule : *rules) policy.rules.push_back(rule_of(*rule.as_table()));
  return policy;
}

}  // namespace

Access::Policy read_policy(std::string_view text, const std::string& name) {
  return policy_of(parse_toml(text, name));
}

Access::Policy read_policy_file(const std::string& path) {
  return policy_of(parse_toml_file(path));
}

}  // namespace servicemanager
