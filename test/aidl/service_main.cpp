// aidl_corpus_service DEVICE: becomes the context manager of the device; its object is the corpus.
#include <binder/IPCThreadState.h>
#include <binder/ProcessState.h>

#include <cstdio>

#include "test/aidl/service.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const auto process = android::ProcessState::initWithDriver(argv[1]);
  if (!process->becomeContextManager()) return 1;
  android::IPCThreadState::self()->setTheContextObject(
      android::sp<android::BBinder>(new cuse_binder::test::aidl_corpus::CorpusService));
  process->startThreadPool();
  std::printf("serving\n");
  std::fflush(stdout);
  android::IPCThreadState::self()->joinThreadPool();
}
