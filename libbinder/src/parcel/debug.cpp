#include <binder/Debug.h>
#include <binder/ProcessState.h>
#include <binder/TextOutput.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "parcel/hex_dump.h"

namespace android {

namespace {

void give(debugPrintFunc func, void* cookie, const std::string& text) {
  if (func != nullptr) {
    func(cookie, text.c_str());
  } else {
    fputs(text.c_str(), stdout);
  }
}

}  // namespace

const char* stringForIndent(int32_t indentLevel) {
  static const char kSpaces[] = "                                ";
  constexpr int32_t kCount = sizeof(kSpaces) - 1;
  return kSpaces + (kCount - std::clamp<int32_t>(indentLevel, 0, kCount));
}

void printTypeCode(uint32_t typeCode, debugPrintFunc func, void* cookie) {
  give(func, cookie, internal::typeCodeText(typeCode));
}

void printHexData(int32_t indent, const void* buf, size_t length, size_t bytesPerLine,
                  int32_t singleLineBytesCutoff, size_t alignment, bool cArrayStyle, debugPrintFunc func,
                  void* cookie) {
  HexDump dump(buf, length, bytesPerLine);
  dump.setSingleLineCutoff(singleLineBytesCutoff).setCArrayStyle(cArrayStyle);
  if (alignment != 0) dump.setAlignment(alignment);
  const std::string text = internal::hexDumpText(dump);
  const std::string front = stringForIndent(indent);
  size_t begin = 0;
  while (begin < text.size()) {
    const size_t end = std::min(text.find('\n', begin), text.size() - 1) + 1;
    const std::string line = text.substr(begin, end - begin);
    give(func, cookie, line == "\n" ? line : front + line);
    begin = end;
  }
}

ssize_t getBinderKernelReferences(size_t count, uintptr_t* buf) {
  const sp<ProcessState> process = ProcessState::selfOrNull();
  return process == nullptr ? -1 : process->getKernelReferences(count, buf);
}

}  // namespace android
