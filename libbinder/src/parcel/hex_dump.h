// Bytes and type codes as text.
#pragma once

#include <binder/TextOutput.h>

#include <string>

namespace android {
namespace internal {

// 'abcd', or 0x00000001.
std::string typeCodeText(uint32_t code);

// One line each of: offset, the numbers in memory order (or C array style), and the printable characters.
std::string hexDumpText(const HexDump& dump);

}  // namespace internal
}  // namespace android
