// A TOML file, read strictly: what it may contain is asked for; what was not asked for is a mistake.
//
// Every mistake is a ConfigError with file and line.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

// Otherwise a mistake in a file would be a value that everybody has to look at; here they all end in one
// message.
#define TOML_EXCEPTIONS 1
#include <toml++/toml.h>

namespace servicemanager {

class ConfigError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  ConfigError(const toml::source_region& where, const std::string& what);
};

// Throws.
toml::table parse_toml(std::string_view text, const std::string& name);
toml::table parse_toml_file(const std::string& path);

// Throws if the table has another key.
void allow_keys(const toml::table& table, std::initializer_list<std::string_view> keys);

// Nothing if the key is missing; throws if the value is of another type.
std::optional<std::string> text(const toml::table& table, std::string_view key);
std::optional<int64_t> number(const toml::table& table, std::string_view key);
std::optional<bool> truth(const toml::table& table, std::string_view key);
// Null if the key is missing.
const toml::array* list(const toml::table& table, std::string_view key);
// An array of tables; null if the key is missing.
const toml::array* tables(const toml::table& table, std::string_view key);

}  // namespace servicemanager
