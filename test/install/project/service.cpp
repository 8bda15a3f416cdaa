// Counts. Ends when its standard input does.
#include <binder/IPCThreadState.h>
#include <binder/IServiceManager.h>
#include <binder/ProcessState.h>
#include <org/example/BnCounter.h>

#include <cstdio>

using android::sp;
using android::binder::Status;

class Counter : public org::example::BnCounter {
  Status add(const org::example::Step& step, int32_t* result) override {
    value_ += step.size;
    std::printf("%s\n", step.reason.c_str());
    *result = value_;
    return Status::ok();
  }
  int32_t value_ = 0;
};

int main() {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  android::ProcessState::self()->startThreadPool();
  if (android::defaultServiceManager()->addService(android::String16("counter"), sp<Counter>(new Counter())) != 0)
    return 1;
  std::printf("serving\n");
  while (std::getchar() != EOF) {
  }
  return 0;
}
