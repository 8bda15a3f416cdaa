// A service on libbinder_ndk: registers as "ndk_greeter" and serves until it is killed.
#include <aidl/com/example/ndkgreeter/BnGreeter.h>
#include <android/binder_manager.h>
#include <android/binder_process.h>

#include <cstdio>
#include <string>

using ndk::ScopedAStatus;

namespace {

class Greeter : public aidl::com::example::ndkgreeter::BnGreeter {
 public:
  ScopedAStatus greet(const std::string& name, std::string* greeting) override {
    if (name.empty()) {
      return ScopedAStatus::fromExceptionCodeWithMessage(EX_ILLEGAL_ARGUMENT, "whom shall I greet?");
    }
    *greeting = "Hello, " + name;
    return ScopedAStatus::ok();
  }
};

}  // namespace

int main() {
  setvbuf(stdout, nullptr, _IOLBF, 0);
  const auto greeter = ndk::SharedRefBase::make<Greeter>();
  const binder_exception_t exception = AServiceManager_addService(greeter->asBinder().get(), "ndk_greeter");
  if (exception != EX_NONE) {
    fprintf(stderr, "ndk_greeter_service: the service manager refused: %d\n", exception);
    return 1;
  }
  printf("ndk_greeter is registered\n");
  ABinderProcess_startThreadPool();
  ABinderProcess_joinThreadPool();
  return 0;
}
