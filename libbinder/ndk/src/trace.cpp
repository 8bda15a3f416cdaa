#include <android/trace.h>
#include <binder/Trace.h>

#include <cstdlib>

bool ATrace_isEnabled() {
  // As libbinder decides it: once.
  static const bool enabled = std::getenv("CUSE_BINDER_TRACE") != nullptr;
  return enabled;
}

void ATrace_beginSection(const char* sectionName) {
  android::binder::os_trace_begin(ATRACE_TAG_AIDL, sectionName);
}

void ATrace_endSection() {
  android::binder::os_trace_end(ATRACE_TAG_AIDL);
}
