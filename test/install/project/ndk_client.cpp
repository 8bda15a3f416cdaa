#include <aidl/org/example/ICounter.h>
#include <android/binder_manager.h>
#include <android/binder_process.h>

#include <cstdio>

int main() {
  ABinderProcess_startThreadPool();
  const ndk::SpAIBinder binder(AServiceManager_waitForService("counter"));
  const auto counter = aidl::org::example::ICounter::fromBinder(binder);
  aidl::org::example::Step step;
  step.size = 22;
  step.reason = "from libbinder_ndk";
  int32_t value = 0;
  if (counter == nullptr || !counter->add(step, &value).isOk()) return 1;
  std::printf("value %d\n", value);
  return 0;
}
