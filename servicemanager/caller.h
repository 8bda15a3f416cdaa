// Who asks.
#pragma once

#include <sys/types.h>

#include <string>

namespace servicemanager {

struct Caller {
  pid_t pid = 0;
  uid_t uid = 0;
  std::string sid;  // security context, where the system has them
};

std::string to_string(const Caller& caller);

}  // namespace servicemanager
