// android::binder::ScopedTrace: marks a stretch of time in the trace. Generated code (`aidl -t`) marks calls.
#pragma once

#include <cstdint>

#ifndef ATRACE_TAG_AIDL
#define ATRACE_TAG_AIDL (1 << 24)
#endif

namespace android {
namespace binder {

// Writes to the kernel's trace buffer (tracefs' trace_marker) in Android's format, which Perfetto and
// systrace read, if the process can open it and the environment variable CUSE_BINDER_TRACE is set.
// Thread-safe; costs a load otherwise. `tag` says who traces; all tags are on.
void os_trace_begin(uint64_t tag, const char* name);
void os_trace_end(uint64_t tag);

class ScopedTrace {
 public:
  ScopedTrace(uint64_t tag, const char* name) : tag_(tag) { os_trace_begin(tag_, name); }
  ~ScopedTrace() { os_trace_end(tag_); }
  ScopedTrace(const ScopedTrace&) = delete;
  ScopedTrace& operator=(const ScopedTrace&) = delete;

 private:
  const uint64_t tag_;
};

}  // namespace binder
}  // namespace android
