#include "servicemanager/service_name.h"

#include <algorithm>

namespace servicemanager {
namespace {

bool is_allowed(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '.' || c == '/';
}

}  // namespace

bool is_valid_service_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxServiceName && std::all_of(name.begin(), name.end(), is_allowed);
}

}  // namespace servicemanager
