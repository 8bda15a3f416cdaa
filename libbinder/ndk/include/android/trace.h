// Marks in the trace, as code of `aidl --lang=ndk --trace` sets them around calls.
//
// Written in Android's format to the kernel's trace buffer if the environment variable CUSE_BINDER_TRACE is
// set and the process may. Thread-safe; a mark belongs to the thread that sets it. Upstream: the NDK's
// android/trace.h.
#pragma once

#include <stdbool.h>
#include <sys/cdefs.h>

__BEGIN_DECLS

// Whether it is worth while to make up names.
bool ATrace_isEnabled(void);
// Sections nest. The name is copied.
void ATrace_beginSection(const char* sectionName);
void ATrace_endSection(void);

__END_DECLS
