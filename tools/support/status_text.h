// A status_t for people to read.
#pragma once

#include <utils/Errors.h>

#include <string>

namespace binder_tools {

// AOSP's name of it if it has one ("DEAD_OBJECT"), else what the system calls it, with the number.
std::string status_text(android::status_t status);

}  // namespace binder_tools
