// Offers a piece of memory that callers read and write in place, without a call.
#include <binder/IPCThreadState.h>
#include <binder/IServiceManager.h>
#include <binder/MemoryBase.h>
#include <binder/MemoryHeapBase.h>
#include <binder/ProcessState.h>
#include <com/example/numbers/BnNumbers.h>

#include <atomic>
#include <cstdio>

using android::IBinder;
using android::IInterface;
using android::MemoryBase;
using android::MemoryHeapBase;
using android::OK;
using android::sp;
using android::String16;
using android::binder::Status;

namespace {

constexpr int32_t kNumbers = 5;

class Numbers : public com::example::numbers::BnNumbers {
 public:
  Numbers()
      : heap_(new MemoryHeapBase(4096, 0, "numbers")),
        memory_(new MemoryBase(heap_, 0, kNumbers * sizeof(int32_t))) {
    for (int32_t i = 0; i < kNumbers; ++i) place(i) = i * i;
  }

  Status memory(sp<IBinder>* memory) override {
    *memory = IInterface::asBinder(memory_);
    return Status::ok();
  }

  Status at(int32_t index, int32_t* number) override {
    if (index < 0 || index >= kNumbers) return Status::fromExceptionCode(Status::EX_ILLEGAL_ARGUMENT);
    *number = place(index);
    return Status::ok();
  }

 private:
  // Others write here at any time.
  std::atomic<int32_t>& place(int32_t index) const {
    return static_cast<std::atomic<int32_t>*>(heap_->getBase())[index];
  }

  const sp<MemoryHeapBase> heap_;
  const sp<MemoryBase> memory_;
};

}  // namespace

int main() {
  setvbuf(stdout, nullptr, _IOLBF, 0);
  if (android::defaultServiceManager()->addService(String16("numbers"), sp<Numbers>(new Numbers)) != OK)
    return 1;
  printf("numbers is registered\n");
  android::IPCThreadState::self()->joinThreadPool();
  return 0;
}
