// android::TextOutput: a text stream that knows about indentation, and the streams alog, aout and aerr.
//
// An object may be used by several threads if its class says so; alog, aout and aerr may: lines of different
// threads do not mix. Nothing in libbinder prints through them unless it is asked to (Parcel::print, ...).
#pragma once

#include <utils/Errors.h>
#include <utils/String16.h>
#include <utils/String8.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <sstream>
#include <string>

namespace android {

class TextOutput {
 public:
  TextOutput();
  virtual ~TextOutput();

  virtual status_t print(const char* txt, size_t len) = 0;
  virtual void moveIndent(int delta) = 0;

  // As long as one lives, what the thread prints stays together.
  class Bundle {
   public:
    explicit Bundle(TextOutput& to) : to_(to) { to_.pushBundle(); }
    ~Bundle() { to_.popBundle(); }
    Bundle(const Bundle&) = delete;
    Bundle& operator=(const Bundle&) = delete;

   private:
    TextOutput& to_;
  };

  virtual void pushBundle() = 0;
  virtual void popBundle() = 0;
};

extern TextOutput& alog;  // the system log (liblog), level "info"
extern TextOutput& aout;  // standard output
extern TextOutput& aerr;  // standard error

typedef TextOutput& (*TextOutputManipFunc)(TextOutput&);

inline TextOutput& endl(TextOutput& to) {
  to.print("\n", 1);
  return to;
}
inline TextOutput& indent(TextOutput& to) {
  to.moveIndent(1);
  return to;
}
inline TextOutput& dedent(TextOutput& to) {
  to.moveIndent(-1);
  return to;
}

// Whatever a std::ostream can print.
template <typename T>
TextOutput& operator<<(TextOutput& to, const T& val) {
  std::ostringstream stream;
  stream << val;
  const std::string text = stream.str();
  to.print(text.c_str(), text.size());
  return to;
}

inline TextOutput& operator<<(TextOutput& to, TextOutputManipFunc func) {
  return func(to);
}
inline TextOutput& operator<<(TextOutput& to, decltype(std::endl<char, std::char_traits<char>>)) {
  return endl(to);
}
inline TextOutput& operator<<(TextOutput& to, const char& c) {
  to.print(&c, 1);
  return to;
}
inline TextOutput& operator<<(TextOutput& to, const bool& val) {
  return val ? (to.print("true", 4), to) : (to.print("false", 5), to);
}
inline TextOutput& operator<<(TextOutput& to, const String8& val) {
  to.print(val.c_str(), val.size());
  return to;
}
inline TextOutput& operator<<(TextOutput& to, const String16& val) {
  return to << String8(val);
}

// A transaction code or another four-character number: 'abcd' if it is printable, else hexadecimal.
class TypeCode {
 public:
  explicit TypeCode(uint32_t code) : code_(code) {}
  uint32_t typeCode() const { return code_; }

 private:
  uint32_t code_;
};
TextOutput& operator<<(TextOutput& to, const TypeCode& val);

// Bytes in hexadecimal with their characters beside them. Borrows the memory.
class HexDump {
 public:
  HexDump(const void* buf, size_t size, size_t bytesPerLine = 16);

  HexDump& setBytesPerLine(size_t bytesPerLine) { return bytes_per_line_ = bytesPerLine, *this; }
  // Up to so many bytes are printed in one line, without offsets; negative: never.
  HexDump& setSingleLineCutoff(int32_t bytes) { return single_line_cutoff_ = bytes, *this; }
  // Bytes that form one number (1, 2, 4, ...).
  HexDump& setAlignment(size_t alignment) { return alignment_ = alignment, *this; }
  HexDump& setCArrayStyle(bool enabled) { return c_array_style_ = enabled, *this; }

  const void* buffer() const { return buffer_; }
  size_t size() const { return size_; }
  size_t bytesPerLine() const { return bytes_per_line_; }
  int32_t singleLineCutoff() const { return single_line_cutoff_; }
  size_t alignment() const { return alignment_; }
  bool carrayStyle() const { return c_array_style_; }

 private:
  const void* buffer_;
  size_t size_;
  size_t bytes_per_line_;
  int32_t single_line_cutoff_;
  size_t alignment_;
  bool c_array_style_ = false;
};
TextOutput& operator<<(TextOutput& to, const HexDump& val);

}  // namespace android
