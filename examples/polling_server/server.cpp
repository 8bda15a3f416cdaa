// A service without a thread pool: one thread with a loop of its own, in which binder is one descriptor among
// others.
#include <binder/IPCThreadState.h>
#include <binder/IServiceManager.h>
#include <binder/Parcel.h>
#include <binder/ProcessState.h>
#include <utils/Looper.h>

#include <cstdio>

using android::BBinder;
using android::IPCThreadState;
using android::Looper;
using android::OK;
using android::Parcel;
using android::sp;
using android::status_t;
using android::String16;

namespace {

class Doubler : public BBinder {
 public:
  const String16& getInterfaceDescriptor() const override {
    static const String16 descriptor("com.example.IDoubler");
    return descriptor;
  }

 protected:
  status_t onTransact(uint32_t code, const Parcel& data, Parcel* reply, uint32_t flags) override {
    if (code != FIRST_CALL_TRANSACTION) return BBinder::onTransact(code, data, reply, flags);
    if (!data.enforceInterface(getInterfaceDescriptor())) return android::PERMISSION_DENIED;
    reply->writeNoException();
    return reply->writeInt32(2 * data.readInt32());
  }
};

int on_binder(int, int, void*) {
  IPCThreadState::self()->handlePolledCommands();
  return 1;  // stay registered
}

}  // namespace

int main() {
  setvbuf(stdout, nullptr, _IOLBF, 0);
  android::ProcessState::self()->setThreadPoolMaxThreadCount(0);
  if (android::defaultServiceManager()->addService(String16("doubler"), sp<Doubler>(new Doubler)) != OK)
    return 1;

  const sp<Looper> looper = Looper::prepare(0);
  int fd = -1;
  if (IPCThreadState::self()->setupPolling(&fd) != OK) return 1;
  looper->addFd(fd, Looper::POLL_CALLBACK, Looper::EVENT_INPUT, on_binder, nullptr);
  printf("doubler is registered\n");
  for (;;) looper->pollAll(-1);
}
