// A client of the service manager for tests: names DEVICE COMMAND ..., one line of output per event.
//
//   serve NAME...   registers a service under each name, then serves; "serving" when all are registered
//   add NAME        registers one and exits; the status
//   check NAME      "found" or "missing"
//   wait NAME       "waiting", then "found"
//   watch NAME      "watching", then a line for each registration
//   list            a line for each name
//   pid NAME        the process that registered it
//   hold NAME       "holding" the service until it is killed
//   again NAME      as check; and once more at SIGUSR1
//   lazy NAME       registers a service that ends with its last client
//   rubbish         sends requests that are none, or nearly are some; then "sent"
//   declared NAME   "declared" or "not declared"
#include <binder/Binder.h>
#include <binder/IPCThreadState.h>
#include <binder/IServiceManager.h>
#include <binder/LazyServiceRegistrar.h>
#include <binder/Parcel.h>
#include <binder/ProcessState.h>
#include <unistd.h>
#include <utils/String8.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <random>
#include <string>

namespace {

using android::BBinder;
using android::IBinder;
using android::IPCThreadState;
using android::IServiceManager;
using android::Parcel;
using android::ProcessState;
using android::sp;
using android::status_t;
using android::String16;
using android::String8;

class Service final : public BBinder {
  const String16& getInterfaceDescriptor() const override {
    static const String16 descriptor("test.IService");
    return descriptor;
  }
};

class Watcher final : public IServiceManager::LocalRegistrationCallback {
  void onServiceRegistration(const String16& name, const sp<IBinder>& service) override {
    std::printf("registered %s, %s\n", String8(name).c_str(), service->pingBinder() == 0 ? "alive" : "dead");
  }
};

// As an ordinary server: the threads of the pool and this one.
int serve() {
  ProcessState::self()->startThreadPool();
  IPCThreadState::self()->joinThreadPool();
  return 0;
}

int report(const sp<IBinder>& service) {
  if (service == nullptr) {
    std::printf("missing\n");
    return 0;
  }
  const status_t ping = service->pingBinder();
  std::printf("found %s, %s\n", String8(service->getInterfaceDescriptor()).c_str(),
              ping == 0 ? "alive" : "dead");
  return 0;
}

// Requests to the manager itself that begin well or not and go on anyhow.
int send_rubbish() {
  constexpr int kRequests = 3000;
  constexpr uint32_t kOfEveryBinder[] = {IBinder::PING_TRANSACTION,          IBinder::DUMP_TRANSACTION,
                                         IBinder::SHELL_COMMAND_TRANSACTION, IBinder::INTERFACE_TRANSACTION,
                                         IBinder::SYSPROPS_TRANSACTION,      IBinder::EXTENSION_TRANSACTION,
                                         IBinder::DEBUG_PID_TRANSACTION,     IBinder::LAST_CALL_TRANSACTION};
  const sp<IBinder> manager = ProcessState::self()->getContextObject(nullptr);
  // They stay: the driver still refers to some of them when we end.
  static const sp<IBinder> services[] = {sp<IBinder>(new Service()), sp<IBinder>(new Service()),
                                         sp<IBinder>(new Service())};
  std::mt19937 random(1);
  const auto below = [&](uint32_t end) { return static_cast<uint32_t>(random() % end); };
  for (int i = 0; i < kRequests; ++i) {
    Parcel data, reply;
    if (below(4) != 0) data.writeInterfaceToken(String16("android.os.IServiceManager"));
    for (uint32_t part = below(6); part > 0; --part) {
      switch (below(5)) {
        case 0:
          data.writeInt32(static_cast<int32_t>(random()));
          break;
        case 1:
          data.writeInt32(static_cast<int32_t>(below(3)) - 1);
          break;
        case 2:
          data.writeString16(String16("rubbish"));
          break;
        case 3:
          data.writeStrongBinder(below(4) == 0 ? manager : services[below(3)]);
          break;
        case 4:
          data.writeDupFileDescriptor(STDOUT_FILENO);
          break;
      }
    }
    const uint32_t code = below(3) == 0 ? kOfEveryBinder[below(std::size(kOfEveryBinder))] : below(20);
    const bool is_oneway = below(4) == 0;
    (void)manager->transact(code, data, is_oneway ? nullptr : &reply, is_oneway ? IBinder::FLAG_ONEWAY : 0);
  }
  std::printf("sent\n");
  return 0;
}

int run(const std::string& command, int count, char** names) {
  const sp<IServiceManager> manager = android::defaultServiceManager();
  const String16 name(count > 0 ? names[0] : "");
  if (command == "serve") {
    for (int i = 0; i < count; ++i) {
      const status_t status = manager->addService(String16(names[i]), sp<IBinder>(new Service()));
      if (status != 0) {
        std::printf("status %d\n", status);
        return 1;
      }
    }
    std::printf("serving\n");
    return serve();
  }
  if (command == "add") {
    std::printf("status %d\n", manager->addService(name, sp<IBinder>(new Service())));
    return 0;
  }
  if (command == "check") return report(manager->checkService(name));
  if (command == "wait") {
    ProcessState::self()->startThreadPool();
    std::printf("waiting\n");
    return report(manager->waitForService(name));
  }
  if (command == "watch") {
    ProcessState::self()->startThreadPool();
    const status_t status = manager->registerForNotifications(name, sp<Watcher>(new Watcher()));
    std::printf(status == 0 ? "watching\n" : "status %d\n", status);
    return serve();
  }
  if (command == "list") {
    for (const String16& each : manager->listServices()) std::printf("%s\n", String8(each).c_str());
    std::printf("end of list\n");
    return 0;
  }
  if (command == "pid") {
    for (const auto& info : manager->getServiceDebugInfo())
      if (String16(info.name.c_str()) == name) std::printf("pid %d\n", info.pid);
    std::printf("end\n");
    return 0;
  }
  if (command == "again") {
    report(manager->checkService(name));
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    int number = 0;
    sigwait(&set, &number);
    std::printf("again\n");
    return report(manager->checkService(name));
  }
  if (command == "rubbish") return send_rubbish();
  if (command == "hold") {
    const sp<IBinder> service = manager->waitForService(name);
    std::printf("holding\n");
    pause();
    return service == nullptr;
  }
  if (command == "lazy") {
    auto& registrar = android::binder::LazyServiceRegistrar::getInstance();
    ProcessState::self()->startThreadPool();
    const status_t status = registrar.registerService(sp<IBinder>(new Service()), names[0]);
    std::printf(status == 0 ? "serving\n" : "status %d\n", status);
    return serve();
  }
  if (command == "declared") {
    std::printf("%s\n", manager->isDeclared(name) ? "declared" : "not declared");
    for (const String16& each : manager->getDeclaredInstances(String16("a.IFoo")))
      std::printf("instance %s\n", String8(each).c_str());
    std::printf("end\n");
    return 0;
  }
  std::printf("what is %s?\n", command.c_str());
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);  // a line is an event
  ProcessState::initWithDriver(argv[1]);
  return run(argv[2], argc - 3, argv + 3);
}
