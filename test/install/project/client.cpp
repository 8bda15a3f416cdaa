#include <binder/IServiceManager.h>
#include <binder/ProcessState.h>
#include <org/example/ICounter.h>

#include <cstdio>

int main() {
  android::ProcessState::self()->startThreadPool();
  const auto counter = android::waitForService<org::example::ICounter>(android::String16("counter"));
  org::example::Step step;
  step.size = 20;
  step.reason = "from libbinder";
  int32_t value = 0;
  if (counter == nullptr || !counter->add(step, &value).isOk()) return 1;
  std::printf("value %d\n", value);
  return 0;
}
