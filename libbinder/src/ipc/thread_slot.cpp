#include "ipc/thread_slot.h"

#include <binder/IPCThreadState.h>

#include "device/driver_device.h"

namespace android {
namespace internal {

ThreadSlot& threadSlot() {
  thread_local ThreadSlot slot;
  return slot;
}

ProcessScope::ProcessScope(sp<ProcessState> process) : process_(std::move(process)), outer_(threadSlot()) {
  threadSlot() = {nullptr, process_.get()};
}

ProcessScope::~ProcessScope() {
  if (threadSlot().state != nullptr) IPCThreadState::threadDestructor(threadSlot().state);
  threadSlot() = outer_;
}

sp<ProcessState> ProcessScope::create(std::string name, std::unique_ptr<DriverDevice> device) {
  return sp<ProcessState>(new ProcessState(std::move(name), std::move(device)));
}

}  // namespace internal

}  // namespace android
