#include <binder/IMemory.h>
#include <binder/IServiceManager.h>
#include <binder/ProcessState.h>
#include <com/example/numbers/INumbers.h>

#include <atomic>
#include <cstdio>

using android::IBinder;
using android::IMemory;
using android::interface_cast;
using android::sp;
using android::String16;
using com::example::numbers::INumbers;

int main() {
  android::ProcessState::self()->startThreadPool();
  const sp<INumbers> service = android::waitForService<INumbers>(String16("numbers"));
  sp<IBinder> binder;
  if (service == nullptr || !service->memory(&binder).isOk()) return 1;
  const sp<IMemory> memory = interface_cast<IMemory>(binder);
  // "unsecure": whoever shares it can change it at any moment. Copy what has to stay the same while it is
  // checked.
  auto* const numbers = static_cast<std::atomic<int32_t>*>(memory->unsecurePointer());
  if (numbers == nullptr || memory->size() < 5 * sizeof(int32_t)) return 1;

  printf("the service wrote:");
  for (int i = 0; i < 5; ++i) printf(" %d", numbers[i].load());
  numbers[0] = 100;
  int32_t seen = 0;
  if (!service->at(0, &seen).isOk()) return 1;
  printf("\nit sees what we write: %d\n", seen);
  numbers[0] = 0;
  return 0;
}
