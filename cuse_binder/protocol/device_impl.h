// The one implementation of Device: a name, and the context behind its lock.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cuse_binder/base/guarded.h"
#include "cuse_binder/core/context.h"
#include "cuse_binder/protocol/driver.h"

namespace cuse_binder::protocol {

class DriverImpl;

class DeviceImpl final : public Device, public std::enable_shared_from_this<DeviceImpl> {
 public:
  DeviceImpl(DriverImpl& driver, std::string name, core::Ids& ids);
  ~DeviceImpl() override;

  const std::string& name() const override { return name_; }
  base::Result<std::shared_ptr<Session>> open(OpenInfo info) override;
  std::vector<pid_t> log_entries() const override;

  DriverImpl& driver() const { return driver_; }
  base::Guarded<core::Context>& context() const { return context_; }
  // O_NONBLOCK may have been set after open, and a request does not tell. Asking costs a hundred times what a read costs, so
  // threads that have parked are asked about a moment later, each at most once per period; those that should not have
  // parked then get their EAGAIN. Any thread; may be called under the lock.
  void look_at_parks_later();

 private:
  void look_at_parks();

  DriverImpl& driver_;
  const std::string name_;
  mutable base::Guarded<core::Context> context_;
};

}  // namespace cuse_binder::protocol
