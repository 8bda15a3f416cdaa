#include "tools/support/status_text.h"

#include <cstring>

namespace binder_tools {

std::string status_text(android::status_t status) {
  struct Name {
    android::status_t status;
    const char* name;
  };
  static constexpr Name kNames[] = {
      {android::OK, "OK"},
      {android::UNKNOWN_ERROR, "UNKNOWN_ERROR"},
      {android::NO_MEMORY, "NO_MEMORY"},
      {android::INVALID_OPERATION, "INVALID_OPERATION"},
      {android::BAD_VALUE, "BAD_VALUE"},
      {android::BAD_TYPE, "BAD_TYPE"},
      {android::NAME_NOT_FOUND, "NAME_NOT_FOUND"},
      {android::PERMISSION_DENIED, "PERMISSION_DENIED"},
      {android::NO_INIT, "NO_INIT"},
      {android::ALREADY_EXISTS, "ALREADY_EXISTS"},
      {android::DEAD_OBJECT, "DEAD_OBJECT"},
      {android::FAILED_TRANSACTION, "FAILED_TRANSACTION"},
      {android::BAD_INDEX, "BAD_INDEX"},
      {android::NOT_ENOUGH_DATA, "NOT_ENOUGH_DATA"},
      {android::WOULD_BLOCK, "WOULD_BLOCK"},
      {android::TIMED_OUT, "TIMED_OUT"},
      {android::UNKNOWN_TRANSACTION, "UNKNOWN_TRANSACTION"},
      {android::FDS_NOT_ALLOWED, "FDS_NOT_ALLOWED"},
      {android::UNEXPECTED_NULL, "UNEXPECTED_NULL"},
  };
  for (const Name& it : kNames) {
    if (it.status == status) return it.name;
  }
  return std::to_string(status) + " (" + std::strerror(status < 0 ? -status : status) + ")";
}

}  // namespace binder_tools
