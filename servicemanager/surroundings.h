// What the registry needs of the driver: sending callbacks and counting clients. Tests put something else in
// its place.
#pragma once

#include <binder/IBinder.h>
#include <sys/types.h>

#include <string>

namespace servicemanager {

class Surroundings {
 public:
  virtual ~Surroundings() = default;

  // Both are oneway: they do not wait, and that nobody is there any more is not their business.
  virtual void send_registration(const android::sp<android::IBinder>& callback, const std::string& name,
                                 const android::sp<android::IBinder>& service) = 0;
  virtual void send_clients(const android::sp<android::IBinder>& callback,
                            const android::sp<android::IBinder>& service, bool has_clients) = 0;
  // How many strong references the driver knows of, the manager's own included; -1 if that cannot be said.
  virtual ssize_t strong_count(const android::sp<android::IBinder>& service) = 0;
};

}  // namespace servicemanager
