#define LOG_TAG "libbinder_ndk"
#include "class.h"

#include <log/log.h>

#include <mutex>
#include <vector>

AIBinder_Class* AIBinder_Class_define(const char* interfaceDescriptor, AIBinder_Class_onCreate onCreate,
                                      AIBinder_Class_onDestroy onDestroy,
                                      AIBinder_Class_onTransact onTransact) {
  if (interfaceDescriptor == nullptr || onCreate == nullptr || onDestroy == nullptr ||
      onTransact == nullptr) {
    return nullptr;
  }
  auto* clazz = new AIBinder_Class(interfaceDescriptor, onCreate, onDestroy, onTransact);
  // Objects may outlive all that runs at the end of a process: nothing is ever deleted, but nothing is lost
  // either.
  static std::mutex mutex;
  static auto* const all = new std::vector<AIBinder_Class*>;
  std::lock_guard<std::mutex> guard(mutex);
  all->push_back(clazz);
  return clazz;
}

void AIBinder_Class_setOnDump(AIBinder_Class* clazz, AIBinder_onDump onDump) {
  LOG_ALWAYS_FATAL_IF(clazz == nullptr, "AIBinder_Class_setOnDump: no class");
  clazz->on_dump = onDump;
}

void AIBinder_Class_setHandleShellCommand(AIBinder_Class* clazz,
                                          AIBinder_handleShellCommand handleShellCommand) {
  LOG_ALWAYS_FATAL_IF(clazz == nullptr, "AIBinder_Class_setHandleShellCommand: no class");
  clazz->handle_shell_command = handleShellCommand;
}

void AIBinder_Class_disableInterfaceTokenHeader(AIBinder_Class* clazz) {
  LOG_ALWAYS_FATAL_IF(clazz == nullptr, "AIBinder_Class_disableInterfaceTokenHeader: no class");
  clazz->has_token = false;
}

void AIBinder_Class_setTransactionCodeToFunctionNameMap(AIBinder_Class* clazz,
                                                        const char** transactionCodeToFunctionMap,
                                                        size_t length) {
  LOG_ALWAYS_FATAL_IF(clazz == nullptr || transactionCodeToFunctionMap == nullptr,
                      "AIBinder_Class_setTransactionCodeToFunctionNameMap: no class or no names");
  LOG_ALWAYS_FATAL_IF(clazz->function_names != nullptr,
                      "AIBinder_Class_setTransactionCodeToFunctionNameMap: names are set already");
  clazz->function_names = transactionCodeToFunctionMap;
  clazz->function_count = length;
}

const char* AIBinder_Class_getFunctionName(AIBinder_Class* clazz, transaction_code_t code) {
  LOG_ALWAYS_FATAL_IF(clazz == nullptr, "AIBinder_Class_getFunctionName: no class");
  if (code < FIRST_CALL_TRANSACTION || code - FIRST_CALL_TRANSACTION >= clazz->function_count) return nullptr;
  return clazz->function_names[code - FIRST_CALL_TRANSACTION];
}

const char* AIBinder_Class_getDescriptor(const AIBinder_Class* clazz) {
  LOG_ALWAYS_FATAL_IF(clazz == nullptr, "AIBinder_Class_getDescriptor: no class");
  return clazz->descriptor.c_str();
}
