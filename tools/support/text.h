// Names that other processes chose, for a terminal.
#pragma once

#include <utils/String16.h>
#include <utils/String8.h>

#include <string>

namespace binder_tools {

// UTF-8, with a question mark for each control character.
inline std::string shown(const android::String16& text) {
  const android::String8 converted(text);
  std::string result(converted.c_str(), converted.size());
  for (char& c : result) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = '?';
  }
  return result;
}

}  // namespace binder_tools
