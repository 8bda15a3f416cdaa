// ndk_remote_service DEVICE NAME: the service, registered as NAME and NAME.logged. Says so on standard
// output.
#include <android/binder_manager.h>
#include <android/binder_process.h>
#include <binder/ProcessState.h>

#include <cstdio>

#include "service.h"

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  android::ProcessState::initWithDriver(argv[1]);
  ABinderProcess_setThreadPoolMaxThreadCount(2);
  ABinderProcess_startThreadPool();
  const auto everything = ndk::SharedRefBase::make<cuse_binder::test::EverythingService>();
  const auto logged = ndk::SharedRefBase::make<cuse_binder::test::LoggedService>();
  const std::string name = argv[2];
  if (AServiceManager_addService(everything->asBinder().get(), name.c_str()) != EX_NONE) return 1;
  if (AServiceManager_addServiceWithFlags(logged->asBinder().get(), (name + ".logged").c_str(),
                                          ADD_SERVICE_DUMP_FLAG_PRIORITY_HIGH) != EX_NONE) {
    return 1;
  }
  std::puts("the service is there");
  std::fflush(stdout);
  ABinderProcess_joinThreadPool();
}
