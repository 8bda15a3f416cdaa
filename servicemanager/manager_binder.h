// The registry as the context object: requests of one dialect, taken apart and answered.
//
// Bytes may come from anybody: what cannot be read is answered with an error, as generated code does it; in
// the dialects of the C program with the error that this had.
#pragma once

#include <binder/Binder.h>
#include <binder/Parcel.h>

#include <functional>

#include "manager/dialect.h"
#include "servicemanager/service_manager.h"

namespace servicemanager {

class ManagerBinder final : public android::BBinder {
 public:
  // `caller`: who makes the call that is being served.
  ManagerBinder(const android::manager::Dialect& dialect, android::sp<ServiceManager> registry,
                std::function<Caller()> caller);
  const android::String16& getInterfaceDescriptor() const override;

 protected:
  android::status_t onTransact(uint32_t code, const android::Parcel& data, android::Parcel* reply,
                               uint32_t flags) override;

 private:
  using Parcel = android::Parcel;
  using status_t = android::status_t;

  status_t answer(android::manager::Method method, const Parcel& data, Parcel& reply);
  status_t answer_as_c_program(android::manager::Method method, const Parcel& data, Parcel& reply);

  const android::manager::Dialect& dialect_;
  const android::sp<ServiceManager> registry_;
  const std::function<Caller()> caller_;
};

}  // namespace servicemanager
