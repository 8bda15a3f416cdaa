#include "manager/callbacks.h"

#include <binder/Parcel.h>

#include "manager/dialect.h"

namespace android::manager {

ServiceCallback::ServiceCallback(Told told) : told_(std::move(told)) {}

const String16& ServiceCallback::getInterfaceDescriptor() const {
  static const String16 descriptor(kServiceCallbackDescriptor);
  return descriptor;
}

status_t ServiceCallback::onTransact(uint32_t code, const Parcel& data, Parcel* reply, uint32_t flags) {
  if (code != kOnRegistration) return BBinder::onTransact(code, data, reply, flags);
  status_t error = data.checkInterface(this) ? OK : BAD_TYPE;
  std::string name;
  sp<IBinder> service;
  if (error == OK) error = data.readUtf8FromUtf16(&name);
  if (error == OK) error = data.readStrongBinder(&service);
  if (error == OK) told_(name, service);
  return error;
}

ClientCallback::ClientCallback(Told told) : told_(std::move(told)) {}

const String16& ClientCallback::getInterfaceDescriptor() const {
  static const String16 descriptor(kClientCallbackDescriptor);
  return descriptor;
}

status_t ClientCallback::onTransact(uint32_t code, const Parcel& data, Parcel* reply, uint32_t flags) {
  if (code != kOnClients) return BBinder::onTransact(code, data, reply, flags);
  status_t error = data.checkInterface(this) ? OK : BAD_TYPE;
  sp<IBinder> service;
  bool has_clients = false;
  if (error == OK) error = data.readStrongBinder(&service);
  if (error == OK) error = data.readBool(&has_clients);
  if (error == OK) told_(service, has_clients);
  return error;
}

}  // namespace android::manager
