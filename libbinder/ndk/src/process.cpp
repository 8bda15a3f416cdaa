#include <android/binder_process.h>
#include <binder/IPCThreadState.h>
#include <binder/ProcessState.h>

#include "status.h"

using android::IPCThreadState;
using android::ProcessState;
using cuse_binder::ndk::prune_status;

void ABinderProcess_startThreadPool() {
  ProcessState::self()->startThreadPool();
  ProcessState::self()->giveThreadPoolName();
}

bool ABinderProcess_setThreadPoolMaxThreadCount(uint32_t numThreads) {
  return ProcessState::self()->setThreadPoolMaxThreadCount(numThreads) == android::OK;
}

bool ABinderProcess_isThreadPoolStarted() {
  return ProcessState::self()->isThreadPoolStarted();
}

void ABinderProcess_joinThreadPool() {
  IPCThreadState::self()->joinThreadPool();
}

binder_status_t ABinderProcess_setupPolling(int* fd) {
  return prune_status(IPCThreadState::self()->setupPolling(fd));
}

binder_status_t ABinderProcess_handlePolledCommands() {
  return prune_status(IPCThreadState::self()->handlePolledCommands());
}

void ABinderProcess_disableBackgroundScheduling(bool disable) {
  IPCThreadState::disableBackgroundScheduling(disable);
}
