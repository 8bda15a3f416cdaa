// A client: greeter_client NAME
#include <binder/IServiceManager.h>
#include <binder/ProcessState.h>
#include <com/example/greeter/IGreeter.h>

#include <cstdio>

using android::sp;
using android::String16;
using android::String8;
using com::example::greeter::IGreeter;

int main(int argc, char** argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: greeter_client NAME\n");
    return 2;
  }
  // The pool receives the news that the service is there.
  android::ProcessState::self()->startThreadPool();
  const sp<IGreeter> greeter = android::waitForService<IGreeter>(String16("greeter"));
  if (greeter == nullptr) {
    fprintf(stderr, "greeter_client: no greeter\n");
    return 1;
  }
  String16 greeting;
  const android::binder::Status status = greeter->greet(String16(argv[1]), &greeting);
  if (!status.isOk()) {
    fprintf(stderr, "greeter_client: %s\n", status.toString8().c_str());
    return 1;
  }
  printf("%s\n", String8(greeting).c_str());
  return 0;
}
