// TextOutput and the streams of a process.
//
// A stream gathers what a thread prints until a line is complete, and gives it out as a whole: lines of
// different threads do not mix. What has no end of line yet comes with the next line, or when the thread
// ends.
#include <binder/TextOutput.h>
#include <log/log.h>
#include <unistd.h>

#include <algorithm>

#include "parcel/hex_dump.h"

namespace android {

TextOutput::TextOutput() = default;
TextOutput::~TextOutput() = default;

namespace {

enum Stream { kLog, kOut, kErr, kStreamCount };

void emit(Stream stream, const std::string& lines) {
  if (lines.empty()) return;
  if (stream == kLog) {
    size_t begin = 0;
    while (begin < lines.size()) {
      const size_t end = std::min(lines.find('\n', begin), lines.size());
      __android_log_write(ANDROID_LOG_INFO, "binder", lines.substr(begin, end - begin).c_str());
      begin = end + 1;
    }
    return;
  }
  const int fd = stream == kOut ? STDOUT_FILENO : STDERR_FILENO;
  size_t done = 0;
  while (done < lines.size()) {
    const ssize_t size = TEMP_FAILURE_RETRY(write(fd, lines.data() + done, lines.size() - done));
    if (size <= 0) return;  // there is nobody to tell
    done += static_cast<size_t>(size);
  }
}

struct Pending {
  std::string text;
  int indent = 0;
  int bundles = 0;
};

struct ThreadPending {
  Pending streams[kStreamCount];
  ~ThreadPending() {
    for (int i = 0; i < kStreamCount; ++i) emit(static_cast<Stream>(i), streams[i].text);
  }
};

class LineOutput final : public TextOutput {
 public:
  explicit LineOutput(Stream stream) : stream_(stream) {}

  status_t print(const char* txt, size_t len) override {
    Pending& p = pending();
    for (size_t i = 0; i < len; ++i) {
      const bool at_front = p.text.empty() || p.text.back() == '\n';
      if (at_front && txt[i] != '\n') p.text.append(static_cast<size_t>(p.indent) * 2, ' ');
      p.text.push_back(txt[i]);
    }
    giveOut(&p);
    return OK;
  }

  void moveIndent(int delta) override {
    Pending& p = pending();
    p.indent = std::max(0, p.indent + delta);
  }
  void pushBundle() override { ++pending().bundles; }
  void popBundle() override {
    Pending& p = pending();
    if (p.bundles > 0) --p.bundles;
    giveOut(&p);
  }

 private:
  Pending& pending() const {
    thread_local ThreadPending all;
    return all.streams[stream_];
  }
  void giveOut(Pending* p) const {
    if (p->bundles > 0) return;
    const size_t end = p->text.rfind('\n');
    if (end == std::string::npos) return;
    emit(stream_, p->text.substr(0, end + 1));
    p->text.erase(0, end + 1);
  }

  const Stream stream_;
};

// Never destroyed: others may print at the end of the process.
TextOutput& makeStream(Stream stream) {
  return *new LineOutput(stream);
}

}  // namespace

TextOutput& alog = makeStream(kLog);
TextOutput& aout = makeStream(kOut);
TextOutput& aerr = makeStream(kErr);

TextOutput& operator<<(TextOutput& to, const TypeCode& val) {
  const std::string text = internal::typeCodeText(val.typeCode());
  to.print(text.data(), text.size());
  return to;
}

HexDump::HexDump(const void* buf, size_t size, size_t bytesPerLine)
    : buffer_(buf),
      size_(size),
      bytes_per_line_(bytesPerLine),
      single_line_cutoff_(16),
      // Lines of at least 16 bytes are words of 4, of at least 8 of 2.
      alignment_(bytesPerLine >= 16  ? 4
                 : bytesPerLine >= 8 ? 2
                                     : 1) {}

TextOutput& operator<<(TextOutput& to, const HexDump& val) {
  const std::string text = internal::hexDumpText(val);
  to.print(text.data(), text.size());
  return to;
}

}  // namespace android
