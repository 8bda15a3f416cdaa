// callback_client N [die]: listens, counts to N and waits for the calls back. With "die" it ends without a
// word.
#include <binder/IServiceManager.h>
#include <binder/ProcessState.h>
#include <com/example/callback/BnListener.h>
#include <com/example/callback/ICounter.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>

using android::IBinder;
using android::sp;
using android::String16;
using android::wp;
using android::binder::Status;
using com::example::callback::ICounter;

namespace {

class Listener : public com::example::callback::BnListener {
 public:
  Status onCount(int32_t n) override {
    const std::lock_guard lock(lock_);
    printf("counted %d\n", n);
    last_ = n;
    changed_.notify_all();
    return Status::ok();
  }
  void wait_for(int32_t n) {
    std::unique_lock lock(lock_);
    changed_.wait(lock, [&] { return last_ == n; });
  }

 private:
  std::mutex lock_;
  std::condition_variable changed_;
  int32_t last_ = 0;
};

// Without the service there is nothing to wait for.
class ServiceDeath : public IBinder::DeathRecipient {
 public:
  void binderDied(const wp<IBinder>&) override {
    fprintf(stderr, "callback_client: the counter has died\n");
    _exit(1);
  }
};

}  // namespace

int main(int argc, char** argv) {
  setvbuf(stdout, nullptr, _IOLBF, 0);
  const int32_t n = argc > 1 ? atoi(argv[1]) : 3;
  const bool die = argc > 2;
  android::ProcessState::self()->startThreadPool();  // the calls back come here
  const sp<ICounter> counter = android::waitForService<ICounter>(String16("counter"));
  if (counter == nullptr) return 1;
  const sp<ServiceDeath> death = new ServiceDeath;
  android::IInterface::asBinder(counter)->linkToDeath(death);

  const sp<Listener> listener = new Listener;
  if (!counter->listen(listener).isOk()) return 1;
  int32_t listeners = 0;
  for (int32_t i = 1; i <= n; ++i) {
    if (!counter->count(i, &listeners).isOk()) return 1;
  }
  listener->wait_for(n);
  printf("%d of us heard it\n", listeners);
  fflush(stdout);
  if (die) abort();
  return 0;
}
