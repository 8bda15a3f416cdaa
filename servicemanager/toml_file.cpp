#include "servicemanager/toml_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace servicemanager {
namespace {

std::string position(const toml::source_region& where) {
  if (!where.path) return fmt::format("line {}", where.begin.line);
  return fmt::format("{}:{}", *where.path, where.begin.line);
}

template <typename T>
std::optional<T> value(const toml::table& table, std::string_view key, const char* kind) {
  const toml::node* node = table.get(key);
  if (node == nullptr) return std::nullopt;
  auto found = node->value_exact<T>();
  if (!found) throw ConfigError(node->source(), fmt::format("'{}' must be {}", key, kind));
  return found;
}

}  // namespace

ConfigError::ConfigError(const toml::source_region& where, const std::string& what)
    : std::runtime_error(position(where) + ": " + what) {}

toml::table parse_toml(std::string_view text, const std::string& name) {
  try {
    return toml::parse(text, name);
  } catch (const toml::parse_error& error) {
    throw ConfigError(error.source(), std::string(error.description()));
  }
}

toml::table parse_toml_file(const std::string& path) {
  try {
    return toml::parse_file(path);
  } catch (const toml::parse_error& error) {
    throw ConfigError(error.source(), std::string(error.description()));
  }
}

void allow_keys(const toml::table& table, std::initializer_list<std::string_view> keys) {
  for (const auto& [key, node] : table)
    if (std::find(keys.begin(), keys.end(), key.str()) == keys.end())
      throw ConfigError(node.source(), fmt::format("'{}' means nothing here; known are: {}", key.str(),
                                                   fmt::join(keys, ", ")));
}

std::optional<std::string> text(const toml::table& table, std::string_view key) {
  return value<std::string>(table, key, "a text");
}

std::optional<int64_t> number(const toml::table& table, std::string_view key) {
  return value<int64_t>(table, key, "a number");
}

std::optional<bool> truth(const toml::table& table, std::string_view key) {
  return value<bool>(table, key, "true or false");
}

const toml::array* list(const toml::table& table, std::string_view key) {
  const toml::node* node = table.get(key);
  if (node == nullptr) return nullptr;
  if (!node->is_array()) throw ConfigError(node->source(), fmt::format("'{}' must be a list", key));
  return node->as_array();
}

const toml::array* tables(const toml::table& table, std::string_view key) {
  const toml::array* found = list(table, key);
  if (found != nullptr)
    for (const toml::node& node : *found)
      if (!node.is_table())
        throw ConfigError(node.source(), fmt::format("'{}' must be tables: [[{}]]", key, key));
  return found;
}

}  // namespace servicemanager
