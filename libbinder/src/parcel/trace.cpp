#include <binder/Trace.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <initializer_list>

namespace android {
namespace binder {

namespace {

// Open as long as the process runs; -1: nobody wants a trace.
int markerFd() {
  static const int fd = [] {
    if (getenv("CUSE_BINDER_TRACE") == nullptr) return -1;
    for (const char* path : {"/sys/kernel/tracing/trace_marker", "/sys/kernel/debug/tracing/trace_marker"}) {
      const int opened = open(path, O_WRONLY | O_CLOEXEC);
      if (opened >= 0) return opened;
    }
    return -1;
  }();
  return fd;
}

void mark(const char* text, int size) {
  // A lost mark is only a hole in the trace.
  if (size > 0 && write(markerFd(), text, static_cast<size_t>(size)) < 0) return;
}

}  // namespace

void os_trace_begin(uint64_t /*tag*/, const char* name) {
  if (markerFd() < 0) return;
  char text[512];
  const int size = snprintf(text, sizeof(text), "B|%d|%s", getpid(), name);
  mark(text, size < static_cast<int>(sizeof(text)) ? size : static_cast<int>(sizeof(text)) - 1);
}

void os_trace_end(uint64_t /*tag*/) {
  if (markerFd() < 0) return;
  char text[32];
  mark(text, snprintf(text, sizeof(text), "E|%d", getpid()));
}

}  // namespace binder
}  // namespace android
