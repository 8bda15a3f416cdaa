// The callbacks that a process gives to the service manager: android.os.IServiceCallback and IClientCallback.
#pragma once

#include <binder/Binder.h>

#include <functional>
#include <string>

namespace android::manager {

// A service was registered. `told` runs on a thread that serves binder.
class ServiceCallback final : public BBinder {
 public:
  using Told = std::function<void(const std::string& name, const sp<IBinder>& service)>;
  explicit ServiceCallback(Told told);
  const String16& getInterfaceDescriptor() const override;

 protected:
  status_t onTransact(uint32_t code, const Parcel& data, Parcel* reply, uint32_t flags) override;

 private:
  const Told told_;
};

// The first client of a service came, or the last one is gone.
class ClientCallback final : public BBinder {
 public:
  using Told = std::function<void(const sp<IBinder>& service, bool has_clients)>;
  explicit ClientCallback(Told told);
  const String16& getInterfaceDescriptor() const override;

 protected:
  status_t onTransact(uint32_t code, const Parcel& data, Parcel* reply, uint32_t flags) override;

 private:
  const Told told_;
};

}  // namespace android::manager
