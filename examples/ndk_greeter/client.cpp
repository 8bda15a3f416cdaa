// A client on libbinder_ndk: ndk_greeter_client NAME
#include <aidl/com/example/ndkgreeter/IGreeter.h>
#include <android/binder_manager.h>
#include <android/binder_process.h>

#include <cstdio>
#include <string>

using aidl::com::example::ndkgreeter::IGreeter;

int main(int argc, char** argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: ndk_greeter_client NAME\n");
    return 2;
  }
  // The pool receives the news that the service is there.
  ABinderProcess_startThreadPool();
  const ndk::SpAIBinder binder(AServiceManager_waitForService("ndk_greeter"));
  const std::shared_ptr<IGreeter> greeter = IGreeter::fromBinder(binder);
  if (greeter == nullptr) {
    fprintf(stderr, "ndk_greeter_client: no greeter\n");
    return 1;
  }
  std::string greeting;
  const ndk::ScopedAStatus status = greeter->greet(argv[1], &greeting);
  if (!status.isOk()) {
    fprintf(stderr, "ndk_greeter_client: %s\n", status.getDescription().c_str());
    return 1;
  }
  printf("%s\n", greeting.c_str());
  return 0;
}
