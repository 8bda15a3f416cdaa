// Which IPCThreadState and ProcessState belong to the running thread.
#pragma once

#include <binder/ProcessState.h>

namespace android {
class IPCThreadState;
}

namespace android::internal {

struct ThreadSlot {
  IPCThreadState* state = nullptr;  // null: not made yet
  ProcessState* process = nullptr;  // null: the one of the whole process (see ProcessScope)
};

ThreadSlot& threadSlot();

// Makes the calling thread one of another "process" for as long as it lives: tests have several in one
// program. Threads that the ProcessState starts belong to it by themselves.
class ProcessScope {
 public:
  explicit ProcessScope(sp<ProcessState> process);
  ~ProcessScope();
  ProcessScope(const ProcessScope&) = delete;
  ProcessScope& operator=(const ProcessScope&) = delete;

  static sp<ProcessState> create(std::string name, std::unique_ptr<DriverDevice> device);

 private:
  const sp<ProcessState> process_;
  const ThreadSlot outer_;
};

}  // namespace android::internal
