// AIBinder_Class: an interface's descriptor and the callbacks of its local objects.
//
// Of a proxy's class nothing but the descriptor and whether there is a token may be used: several copies of
// an interface may be in one process, and the first one that is associated stays.
#pragma once

#include <android/binder_ibinder.h>
#include <android/binder_shell.h>
#include <utils/String16.h>

#include <string>

struct AIBinder_Class {
  AIBinder_Class(const char* descriptor_utf8, AIBinder_Class_onCreate create,
                 AIBinder_Class_onDestroy destroy, AIBinder_Class_onTransact transact)
      : descriptor(descriptor_utf8),
        wide_descriptor(descriptor_utf8),
        on_create(create),
        on_destroy(destroy),
        on_transact(transact) {}

  const std::string descriptor;
  const android::String16 wide_descriptor;
  const AIBinder_Class_onCreate on_create;
  const AIBinder_Class_onDestroy on_destroy;
  const AIBinder_Class_onTransact on_transact;

  // Set before the first object is made.
  AIBinder_onDump on_dump = nullptr;
  AIBinder_handleShellCommand handle_shell_command = nullptr;
  bool has_token = true;
  const char** function_names = nullptr;
  size_t function_count = 0;
};
