#include "servicemanager/declarations.h"

#include <fmt/format.h>

#include "servicemanager/service_name.h"
#include "servicemanager/toml_file.h"

namespace servicemanager {
namespace {

constexpr int64_t kHighestPort = 65535;

std::string required_name(const toml::table& table, std::string_view key) {
  auto name = text(table, key);
  if (!name) throw ConfigError(table.source(), fmt::format("'{}' is missing", key));
  if (!is_valid_service_name(*name))
    throw ConfigError(table.source(), fmt::format("'{}' cannot be the name of a service", *name));
  return std::move(*name);
}

Declaration declaration_of(const toml::table& table) {
  Declaration result;
  result.apex = text(table, "apex").value_or("");
  if (table.contains("accessor")) result.accessor = required_name(table, "accessor");
  result.ip = text(table, "ip").value_or("");
  const auto port = number(table, "port");
  if (result.ip.empty() == port.has_value()) throw ConfigError(table.source(), "'ip' and 'port' go together");
  if (port && (*port < 1 || *port > kHighestPort)) throw ConfigError(table.source(), "'port' is no port");
  result.port = static_cast<int32_t>(port.value_or(0));
  return result;
}

Declarations declarations_of(const toml::table& file) {
  allow_keys(file, {"service"});
  std::map<std::string, Declaration> services;
  if (const toml::array* entries = tables(file, "service")) {
    for (const toml::node& entry : *entries) {
      const toml::table& table = *entry.as_table();
      allow_keys(table, {"name", "apex", "accessor", "ip", "port"});
      std::string name = required_name(table, "name");
      if (!services.emplace(name, declaration_of(table)).second)
        throw ConfigError(table.source(), fmt::format("'{}' is declared twice", name));
    }
  }
  return Declarations(std::move(services));
}

}  // namespace

const Declaration* Declarations::find(const std::string& name) const {
  const auto found = services_.find(name);
  return found == services_.end() ? nullptr : &found->second;
}

std::vector<std::string> Declarations::instances(const std::string& interface) const {
  const std::string prefix = interface + "/";
  std::vector<std::string> result;
  for (auto it = services_.lower_bound(prefix); it != services_.end() && it->first.starts_with(prefix); ++it)
    result.push_back(it->first.substr(prefix.size()));
  return result;
}

std::vector<std::string> Declarations::updated_by(const std::string& apex) const {
  std::vector<std::string> result;
  if (apex.empty()) return result;
  for (const auto& [name, declaration] : services_)
    if (declaration.apex == apex) result.push_back(name);
  return result;
}

Declarations read_declarations(std::string_view text, const std::string& name) {
  return declarations_of(parse_toml(text, name));
}

Declarations read_declarations_file(const std::string& path) {
  return declarations_of(parse_toml_file(path));
}

}  // namespace servicemanager
