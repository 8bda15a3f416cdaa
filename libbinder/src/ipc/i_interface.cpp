#include <binder/IInterface.h>

namespace android {

IInterface::IInterface() = default;
IInterface::~IInterface() = default;

sp<IBinder> IInterface::asBinder(const IInterface* interface) {
  if (interface == nullptr) return nullptr;
  return sp<IBinder>(const_cast<IInterface*>(interface)->onAsBinder());
}

sp<IBinder> IInterface::asBinder(const sp<IInterface>& interface) {
  return asBinder(interface.get());
}

}  // namespace android
