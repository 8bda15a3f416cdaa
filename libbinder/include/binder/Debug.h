// Functions that print numbers and bytes for people, line by line.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace android {

// So many spaces; negative is none, and more than 32 are 32.
const char* stringForIndent(int32_t indentLevel);

// Gets text in pieces; null stands for standard output.
typedef void (*debugPrintFunc)(void* cookie, const char* txt);

void printTypeCode(uint32_t typeCode, debugPrintFunc func = nullptr, void* cookie = nullptr);

// See HexDump in TextOutput.h.
void printHexData(int32_t indent, const void* buf, size_t length, size_t bytesPerLine = 16,
                  int32_t singleLineBytesCutoff = 16, size_t alignment = 0, bool cArrayStyle = false,
                  debugPrintFunc func = nullptr, void* cookie = nullptr);

// ProcessState::getKernelReferences() of this process.
ssize_t getBinderKernelReferences(size_t count, uintptr_t* buf);

}  // namespace android
