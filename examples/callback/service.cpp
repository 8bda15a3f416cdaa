// Keeps the listeners that clients send, tells them, and notices when one dies.
#include <binder/IPCThreadState.h>
#include <binder/IServiceManager.h>
#include <binder/ProcessState.h>
#include <com/example/callback/BnCounter.h>

#include <cstdio>
#include <map>
#include <mutex>

using android::IBinder;
using android::IInterface;
using android::OK;
using android::sp;
using android::String16;
using android::wp;
using android::binder::Status;
using com::example::callback::IListener;

namespace {

class Counter : public com::example::callback::BnCounter, public IBinder::DeathRecipient {
 public:
  Status listen(const sp<IListener>& listener) override {
    const std::lock_guard lock(lock_);
    const sp<IBinder> binder = IInterface::asBinder(listener);
    // A death that came before is told here and not by an obituary.
    if (binder->linkToDeath(sp<IBinder::DeathRecipient>(this)) != OK) {
      return Status::fromExceptionCode(Status::EX_ILLEGAL_STATE);
    }
    listeners_[binder] = listener;
    printf("%zu listeners\n", listeners_.size());
    return Status::ok();
  }

  Status count(int32_t n, int32_t* listeners) override {
    const std::lock_guard lock(lock_);
    // Oneway: nobody is waited for.
    for (const auto& [binder, listener] : listeners_) listener->onCount(n);
    *listeners = static_cast<int32_t>(listeners_.size());
    return Status::ok();
  }

  void binderDied(const wp<IBinder>& who) override {
    const std::lock_guard lock(lock_);
    for (auto it = listeners_.begin(); it != listeners_.end(); ++it) {
      if (who != it->first) continue;
      listeners_.erase(it);
      break;
    }
    printf("a listener has died, %zu are left\n", listeners_.size());
  }

 private:
  std::mutex lock_;
  std::map<sp<IBinder>, sp<IListener>> listeners_;
};

}  // namespace

int main() {
  setvbuf(stdout, nullptr, _IOLBF, 0);
  android::ProcessState::self()->startThreadPool();
  const sp<Counter> counter = new Counter;  // the recipient of obituaries is only held weakly
  if (android::defaultServiceManager()->addService(String16("counter"), counter) != OK) return 1;
  printf("counter is registered\n");
  android::IPCThreadState::self()->joinThreadPool();
  return 0;
}
