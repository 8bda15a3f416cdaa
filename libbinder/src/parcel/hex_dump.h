// Bytes and type codes as text.
#pragma once

#include <binder/TextOutput.h>

#include <string>

namespace android {
namespace internal {

// As AOSP's libs/binder/Debug.cpp prints them; scripts cut numbers out of the output of `service call`.

// 'abcd' (\x01 for what is not printable, nothing for zeros), or 0x00000001.
std::string typeCodeText(uint32_t code);

// Lines of offset, numbers (little-endian, so many bytes each as the alignment says) and printable
// characters; or an array in C. More than one line begin with an end of line, and the last one has none.
std::string hexDumpText(const HexDump& dump);

}  // namespace internal
}  // namespace android
