// The services that the system says it has, running or not; what Android keeps in VINTF manifests.
//
//   [[service]]
//   name = "com.example.IGreeter/default"   # interface/instance
//   apex = "com.example.greeter"            # optional: the package that updates it
//   ip = "192.0.2.1"                        # optional, together: where it can be reached over a socket
//   port = 4711
//   accessor = "com.example.accessor"       # optional: the service that leads to it
//
// Constant after construction.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace servicemanager {

struct Declaration {
  std::string apex;      // empty: none
  std::string accessor;  // empty: none
  std::string ip;        // empty: none
  int32_t port = 0;
};

class Declarations {
 public:
  Declarations() = default;
  explicit Declarations(std::map<std::string, Declaration> services) : services_(std::move(services)) {}

  // Null if it is not declared. Valid as long as this object.
  const Declaration* find(const std::string& name) const;
  // Instances of an interface, sorted.
  std::vector<std::string> instances(const std::string& interface) const;
  // Names of the services that a package updates, sorted.
  std::vector<std::string> updated_by(const std::string& apex) const;

 private:
  std::map<std::string, Declaration> services_;
};

// Both throw ConfigError.
Declarations read_declarations(std::string_view text, const std::string& name);
Declarations read_declarations_file(const std::string& path);

}  // namespace servicemanager
