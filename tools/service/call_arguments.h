// The arguments of `service call`: words that say what is written into a parcel.
#pragma once

#include <binder/Parcel.h>

#include <string>
#include <vector>

namespace binder_tools {

// Writes them in their order. What is wrong with the first word that cannot be written, without the program's
// name in front; empty if all were.
//
//   i32 N  i64 N  f N  d N   numbers; whole ones decimal or with 0x
//   s16 TEXT                 a string
//   null                     a null binder
//   fd PATH                  a file, opened for reading
//   nfd N                    a descriptor of this process; it is closed with the parcel
//   afd PATH                 the contents of a file as shared memory
//   intent [KEY=VALUE]...    an android.content.Intent: action, data, type, launchFlags, component,
//   categories
[[nodiscard]] std::string write_arguments(const std::vector<std::string>& words, android::Parcel& parcel);

// A transaction code. False if it is none.
[[nodiscard]] bool parse_code(const std::string& text, uint32_t& code);

}  // namespace binder_tools
