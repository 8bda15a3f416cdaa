#include <bench/echo/BnEcho.h>
#include <bench/echo/IEcho.h>
#include <binder/IPCThreadState.h>
#include <binder/Parcel.h>
#include <binder/ProcessState.h>

#include <stdexcept>
#include <vector>

#include "bench/aidl/allocation_count.h"
#include "bench/aidl/echo_pair.h"
#include "bench/support/caller.h"
#include "bench/support/registry.h"

namespace cuse_binder::bench {
namespace {

using android::IBinder;
using android::Parcel;
using android::ProcessState;
using android::sp;
using android::String16;
using android::binder::Status;
using ::bench::echo::IEcho;

class EchoService : public ::bench::echo::BnEcho {
 public:
  Status number(int32_t number, int32_t* result) override {
    *result = number;
    return Status::ok();
  }
  Status text(const String16& text, String16* result) override {
    *result = text;
    return Status::ok();
  }
  Status bytes(const std::vector<uint8_t>& bytes, std::vector<uint8_t>* result) override {
    *result = bytes;
    return Status::ok();
  }
};

sp<IBinder> registry_of(const std::string& device) {
  const sp<IBinder> registry = ProcessState::initWithDriver(device.c_str())->getContextObject(sp<IBinder>());
  if (registry == nullptr) throw std::runtime_error("no registry");
  return registry;
}

void require(android::status_t status, const char* what) {
  if (status != android::OK) throw std::runtime_error(std::string(what) + ": " + std::to_string(status));
}

void require(const Status& status, const char* what) {
  if (!status.isOk()) throw std::runtime_error(std::string(what) + ": " + status.toString8().string());
}

void run_service(const std::string& device, std::uint32_t slot, AllocationCount& allocations,
                 Channel& channel) {
  const sp<IBinder> registry = registry_of(device);
  Parcel data, reply;
  data.writeStrongBinder(sp<IBinder>(new EchoService));
  data.writeUint32(slot);
  require(registry->transact(Registry::kPublish, data, &reply), "publish");
  allocations.count_this_process();
  ProcessState::self()->startThreadPool();
  channel.say_ready();
  android::IPCThreadState::self()->joinThreadPool();
}

sp<IEcho> find_service(const std::string& device, std::uint32_t slot) {
  Parcel data, reply;
  data.writeUint32(slot);
  require(registry_of(device)->transact(Registry::kFind, data, &reply), "find");
  sp<IBinder> binder;
  require(reply.readStrongBinder(&binder), "find");
  return android::interface_cast<IEcho>(binder);
}

void run_client(const std::string& device, std::uint32_t slot, AllocationCount& allocations,
                Channel& channel) {
  const sp<IEcho> echo = find_service(device, slot);
  const std::string characters(kTextSize, 'x');
  const String16 text(characters.c_str());
  std::vector<uint8_t> bytes;
  allocations.count_this_process();
  channel.say_ready();
  follow_orders(channel, [&](std::size_t size) {
    if (size == kNumberSize) {
      int32_t answer = 0;
      require(echo->number(4711, &answer), "call");
      if (answer != 4711) throw std::runtime_error("wrong reply");
    } else if (size == kTextSize) {
      String16 answer;
      require(echo->text(text, &answer), "call");
      if (answer.size() != size) throw std::runtime_error("wrong reply");
    } else {
      bytes.resize(size, 0x5a);
      std::vector<uint8_t> answer;
      require(echo->bytes(bytes, &answer), "call");
      if (answer.size() != size) throw std::runtime_error("wrong reply");
    }
  });
}

class LibbinderEcho : public AidlEcho {
 public:
  LibbinderEcho(const std::string& device, std::uint32_t slot)
      : service_("AIDL service",
                 [&](Channel& channel) { run_service(device, slot, service_allocations_, channel); }),
        client_("AIDL client",
                [&](Channel& channel) { run_client(device, slot, client_allocations_, channel); }) {}
  Child& client() override { return client_; }
  std::vector<pid_t> pids() const override { return {service_.pid(), client_.pid()}; }
  Allocations allocations() const override {
    return {client_allocations_.value(), service_allocations_.value()};
  }

 private:
  AllocationCount client_allocations_, service_allocations_;
  Child service_;
  Child client_;
};

}  // namespace

std::unique_ptr<AidlEcho> make_aidl_echo(const std::string& device, std::uint32_t slot) {
  return std::make_unique<LibbinderEcho>(device, slot);
}

}  // namespace cuse_binder::bench
