// Shell commands of a binder: what `cmd <service> ...` calls.
//
// Upstream: frameworks/native/libs/binder/ndk/include_platform/android/binder_shell.h.
#pragma once

#include <android/binder_ibinder.h>

__BEGIN_DECLS

// Runs one command. The descriptors are borrowed. Only root, the user of this process, and Android's shell
// user (2000) may call it.
typedef binder_status_t (*AIBinder_handleShellCommand)(AIBinder* binder, int in, int out, int err,
                                                       const char** argv, uint32_t argc);

// Before the first object of the class is made.
void AIBinder_Class_setHandleShellCommand(AIBinder_Class* clazz,
                                          AIBinder_handleShellCommand handleShellCommand) __INTRODUCED_IN(30);

__END_DECLS
