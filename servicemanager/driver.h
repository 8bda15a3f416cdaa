// The surroundings of the registry in the running program: binder calls and the driver's counts.
#pragma once

#include "servicemanager/caller.h"
#include "servicemanager/surroundings.h"

namespace servicemanager {

class Driver final : public Surroundings {
 public:
  void send_registration(const android::sp<android::IBinder>& callback, const std::string& name,
                         const android::sp<android::IBinder>& service) override;
  void send_clients(const android::sp<android::IBinder>& callback,
                    const android::sp<android::IBinder>& service, bool has_clients) override;
  ssize_t strong_count(const android::sp<android::IBinder>& service) override;
};

// Of the call that this thread serves; the program itself where it serves none.
Caller current_caller();

}  // namespace servicemanager
