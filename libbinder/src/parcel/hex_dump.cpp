#include "parcel/hex_dump.h"

#include <algorithm>
#include <cstdio>

namespace android {
namespace internal {

namespace {

bool printable(uint8_t c) {
  return c >= ' ' && c < 0x7f;
}

void appendFormat(std::string* to, const char* format, unsigned value) {
  char text[32];
  snprintf(text, sizeof(text), format, value);
  to->append(text);
}

// Dumps are long: not by snprintf().
void appendByte(std::string* to, uint8_t byte) {
  static const char kDigits[] = "0123456789abcdef";
  to->push_back(kDigits[byte >> 4]);
  to->push_back(kDigits[byte & 15]);
}

}  // namespace

std::string typeCodeText(uint32_t code) {
  std::string text = "'";
  for (int shift = 24; shift >= 0; shift -= 8) {
    const auto c = static_cast<uint8_t>(code >> shift);
    if (!printable(c) || c == '\'' || c == '\\') {
      text.clear();
      break;
    }
    text.push_back(static_cast<char>(c));
  }
  if (!text.empty()) return text + "'";
  appendFormat(&text, "0x%08x", code);
  return text;
}

std::string hexDumpText(const HexDump& dump) {
  const auto* bytes = static_cast<const uint8_t*>(dump.buffer());
  const size_t per_line = std::max<size_t>(dump.bytesPerLine(), 1);
  const size_t unit = std::max<size_t>(dump.alignment(), 1);
  const bool one_line =
      dump.singleLineCutoff() >= 0 && dump.size() <= static_cast<size_t>(dump.singleLineCutoff());
  std::string text;
  if (dump.carrayStyle()) text += "{\n";
  for (size_t begin = 0; begin < dump.size(); begin += per_line) {
    const size_t end = std::min(begin + per_line, dump.size());
    if (dump.carrayStyle()) {
      for (size_t i = begin; i < end; ++i)
        appendFormat(&text, i == begin ? "  0x%02x," : " 0x%02x,", bytes[i]);
      text.push_back('\n');
      continue;
    }
    if (!one_line) appendFormat(&text, "0x%08x: ", static_cast<unsigned>(begin));
    for (size_t i = begin; i < begin + per_line; ++i) {
      if (i > begin && (i - begin) % unit == 0 && (i < end || !one_line)) text.push_back(' ');
      if (i < end) {
        appendByte(&text, bytes[i]);
      } else if (!one_line) {
        text += "  ";
      }
    }
    text += one_line ? " '" : "  '";
    for (size_t i = begin; i < end; ++i)
      text.push_back(printable(bytes[i]) ? static_cast<char>(bytes[i]) : '.');
    text += "'";
    if (!one_line) text.push_back('\n');
  }
  if (dump.carrayStyle()) text += "}\n";
  return text;
}

}  // namespace internal
}  // namespace android
