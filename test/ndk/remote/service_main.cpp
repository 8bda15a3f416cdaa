// ndk_remote_service DEVICE NAME [lazy]: the service, registered as NAME and NAME.logged; or, lazy, as NAME
// as long as it has clients. Says on standard output what happens.
#include <android/binder_manager.h>
#include <android/binder_process.h>
#include <binder/ProcessState.h>

#include <cstdio>
#include <string>

#include "service.h"

namespace {

bool say_whether_used(bool used, void* name) {
  std::printf("%s is %s\n", static_cast<const char*>(name), used ? "used" : "not used any more");
  return false;  // it may end
}

bool register_both(const std::string& name) {
  static const auto everything = ndk::SharedRefBase::make<cuse_binder::test::EverythingService>();
  static const auto logged = ndk::SharedRefBase::make<cuse_binder::test::LoggedService>();
  return AServiceManager_addService(everything->asBinder().get(), name.c_str()) == EX_NONE &&
         AServiceManager_addServiceWithFlags(logged->asBinder().get(), (name + ".logged").c_str(),
                                             ADD_SERVICE_DUMP_FLAG_PRIORITY_HIGH) == EX_NONE;
}

bool register_lazily(char* name) {
  static const auto everything = ndk::SharedRefBase::make<cuse_binder::test::EverythingService>();
  AServiceManager_setActiveServicesCallback(say_whether_used, name);
  return AServiceManager_registerLazyServiceWithFlags(everything->asBinder().get(), name,
                                                      ADD_SERVICE_DUMP_FLAG_PRIORITY_NORMAL) == STATUS_OK;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  android::ProcessState::initWithDriver(argv[1]);
  ABinderProcess_setThreadPoolMaxThreadCount(2);
  ABinderProcess_startThreadPool();
  if (argc == 4 ? !register_lazily(argv[2]) : !register_both(argv[2])) return 1;
  std::puts("the service is there");
  ABinderProcess_joinThreadPool();
}
