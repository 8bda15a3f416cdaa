#include "servicemanager/driver.h"

#include <binder/BpBinder.h>
#include <binder/IPCThreadState.h>
#include <binder/ProcessState.h>

#include <cstring>

#include "manager/dialect.h"
#include "servicemanager/log.h"

namespace servicemanager {

using android::BpBinder;
using android::IBinder;
using android::IPCThreadState;
using android::OK;
using android::Parcel;
using android::sp;
using android::status_t;
using android::String16;
namespace wire = android::manager;

namespace {

void send(const sp<IBinder>& callback, uint32_t code, const Parcel& data, status_t status, const char* what) {
  if (status == OK) status = callback->transact(code, data, nullptr, IBinder::FLAG_ONEWAY);
  // A dead one is taken out when its obituary comes.
  if (status != OK && status != android::DEAD_OBJECT)
    SM_LOG_LIMITED(spdlog::level::warn, "cannot send {}: {}", what, std::strerror(-status));
}

}  // namespace

void Driver::send_registration(const sp<IBinder>& callback, const std::string& name,
                               const sp<IBinder>& service) {
  Parcel data;
  status_t status = data.writeInterfaceToken(String16(wire::kServiceCallbackDescriptor));
  if (status == OK) status = data.writeUtf8AsUtf16(name);
  if (status == OK) status = data.writeStrongBinder(service);
  send(callback, wire::kOnRegistration, data, status, "onRegistration");
}

void Driver::send_clients(const sp<IBinder>& callback, const sp<IBinder>& service, bool has_clients) {
  Parcel data;
  status_t status = data.writeInterfaceToken(String16(wire::kClientCallbackDescriptor));
  if (status == OK) status = data.writeStrongBinder(service);
  if (status == OK) status = data.writeBool(has_clients);
  send(callback, wire::kOnClients, data, status, "onClients");
}

ssize_t Driver::strong_count(const sp<IBinder>& service) {
  const sp<BpBinder> remote(service->remoteBinder());
  return remote == nullptr ? -1 : android::ProcessState::self()->getStrongRefCountForNode(remote);
}

Caller current_caller() {
  const IPCThreadState* thread = IPCThreadState::self();
  const char* sid = thread->getCallingSid();
  return {thread->getCallingPid(), thread->getCallingUid(), sid != nullptr ? sid : ""};
}

}  // namespace servicemanager
