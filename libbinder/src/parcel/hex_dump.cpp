#include "parcel/hex_dump.h"

#include <algorithm>
#include <cstdio>

namespace android {
namespace internal {

namespace {

constexpr size_t kMaxBytesPerLine = 60;

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
  std::string text;
  bool ended = true;  // no character yet
  bool gap = false;   // a zero behind a character
  for (int shift = 24; shift >= 0; shift -= 8) {
    const auto c = static_cast<uint8_t>(code >> shift);
    if (shift > 0) {
      gap = gap || (c == 0 && !ended);
      ended = ended && c == 0;
    }
    if (c == 0) continue;
    if (printable(c) && c != '\'' && c != '\\') {
      text.push_back(static_cast<char>(c));
    } else {
      text += "\\x";
      appendByte(&text, c);
    }
  }
  if (!ended && !gap && text.compare(0, 2, "0x") != 0) return "'" + text + "'";
  text.clear();
  appendFormat(&text, "0x%08x", code);
  return text;
}

namespace {

// The bytes from `begin` to `end` of one line, as numbers: the byte with the highest address in front.
class Line {
 public:
  Line(const HexDump& dump, size_t begin)
      : bytes_(static_cast<const uint8_t*>(dump.buffer()) + begin),
        size_(std::min(dump.bytesPerLine(), dump.size() - begin)),
        width_(dump.bytesPerLine()),
        unit_(std::max<size_t>(dump.alignment(), 1)) {}

  // Padded to its full width.
  void appendTable(bool pad, std::string* text) const {
    for (size_t word = 0; word < width_; word += unit_) {
      if (word > 0) text->push_back(' ');
      const size_t here = appendNumber(word, text);
      if (pad) text->append((unit_ - here) * 2, ' ');
    }
    text->append(" '");
    for (size_t i = 0; i < size_; ++i)
      text->push_back(printable(bytes_[i]) ? static_cast<char>(bytes_[i]) : '.');
    if (pad) text->append(width_ - size_, ' ');
    text->push_back('\'');
  }

  void appendArray(std::string* text) const {
    for (size_t word = 0; word < size_; word += unit_) {
      text->append(word > 0 ? ", 0x" : "0x");
      appendNumber(word, text);
    }
  }

 private:
  // The number of its bytes.
  size_t appendNumber(size_t word, std::string* text) const {
    const size_t end = std::min(word + unit_, size_);
    for (size_t i = end; i > word; --i) appendByte(text, bytes_[i - 1]);
    return end > word ? end - word : 0;
  }

  const uint8_t* const bytes_;
  const size_t size_;
  const size_t width_;
  const size_t unit_;
};

}  // namespace

std::string hexDumpText(const HexDump& given) {
  HexDump dump = given;
  dump.setBytesPerLine(std::clamp<size_t>(given.bytesPerLine(), 1, kMaxBytesPerLine));
  const size_t size = dump.size();
  const bool one_line = dump.singleLineCutoff() >= 0 && size <= static_cast<size_t>(dump.singleLineCutoff());
  if (dump.buffer() == nullptr || size == 0)
    return std::string(dump.singleLineCutoff() < 0 ? "\n" : "") +
           (dump.buffer() == nullptr ? "(NULL)" : "(empty)");
  std::string text = dump.carrayStyle() ? "{\n" : one_line ? "" : "\n";
  for (size_t begin = 0; begin < size; begin += dump.bytesPerLine()) {
    const Line line(dump, begin);
    const bool last = size - begin <= dump.bytesPerLine();
    if (dump.carrayStyle()) {
      text += "  ";
      line.appendArray(&text);
      text += last ? "\n" : ",\n";
    } else {
      if (!one_line) appendFormat(&text, "0x%08x: ", static_cast<unsigned>(begin));
      line.appendTable(!one_line, &text);
      if (!last) text.push_back('\n');
    }
  }
  if (dump.carrayStyle()) text += "};";
  return text;
}

}  // namespace internal
}  // namespace android
