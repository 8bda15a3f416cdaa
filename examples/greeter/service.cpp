// A service: registers as "greeter" and serves until it is killed.
#include <binder/IPCThreadState.h>
#include <binder/IServiceManager.h>
#include <binder/ProcessState.h>
#include <com/example/greeter/BnGreeter.h>

#include <atomic>
#include <cstdio>

using android::BBinder;
using android::IPCThreadState;
using android::OK;
using android::ProcessState;
using android::sp;
using android::String16;
using android::String8;
using android::Vector;
using android::binder::Status;

namespace {

class Greeter : public com::example::greeter::BnGreeter {
 public:
  Status greet(const String16& name, String16* greeting) override {
    if (name.size() == 0) {
      return Status::fromExceptionCode(Status::EX_ILLEGAL_ARGUMENT, String8("whom shall I greet?"));
    }
    ++greeted_;
    *greeting = String16("Hello, ");
    greeting->append(name);
    printf("greeted %s, for pid %d\n", String8(name).c_str(), IPCThreadState::self()->getCallingPid());
    return Status::ok();
  }

  Status greeted(int32_t* count) override {
    *count = greeted_;
    return Status::ok();
  }

  // What `dumpsys greeter` shows.
  android::status_t dump(int fd, const Vector<String16>&) override {
    dprintf(fd, "greeted %d times\n", greeted_.load());
    return OK;
  }

 private:
  std::atomic<int32_t> greeted_{0};
};

}  // namespace

int main() {
  setvbuf(stdout, nullptr, _IOLBF, 0);
  const auto status =
      android::defaultServiceManager()->addService(String16("greeter"), sp<Greeter>(new Greeter));
  if (status != OK) {
    fprintf(stderr, "greeter_service: the service manager refused: %d\n", status);
    return 1;
  }
  printf("greeter is registered\n");
  ProcessState::self()->startThreadPool();
  IPCThreadState::self()->joinThreadPool();
  return 0;
}
