#define LOG_TAG "libbinder"
#include <binder/LazyServiceRegistrar.h>
#include <log/log.h>

#include <cstdlib>

#include "manager/client_counter.h"
#include "manager/service_manager_shim.h"

namespace android::binder {
namespace {

manager::ManagerProxy* manager_of_this_process() {
  auto* shim = dynamic_cast<manager::ServiceManagerShim*>(defaultServiceManager().get());
  LOG_ALWAYS_FATAL_IF(shim == nullptr, "LazyServiceRegistrar needs the manager of the device");
  return &shim->proxy();
}

}  // namespace

LazyServiceRegistrar::LazyServiceRegistrar()
    : client_counter_(std::make_shared<internal::ClientCounterCallback>(manager_of_this_process,
                                                                        [] { std::exit(EXIT_SUCCESS); })) {}

LazyServiceRegistrar& LazyServiceRegistrar::getInstance() {
  static auto* instance =
      new LazyServiceRegistrar();  // never destroyed: the manager calls back until the end
  return *instance;
}

LazyServiceRegistrar LazyServiceRegistrar::createExtraTestInstance() {
  return LazyServiceRegistrar();
}

status_t LazyServiceRegistrar::registerService(const sp<IBinder>& service, const std::string& name,
                                               bool allowIsolated, int dumpFlags) {
  return client_counter_->registerService(service, name, allowIsolated, dumpFlags) ? OK : UNKNOWN_ERROR;
}

void LazyServiceRegistrar::forcePersist(bool persist) {
  client_counter_->forcePersist(persist);
}

void LazyServiceRegistrar::setActiveServicesCallback(
    const std::function<bool(bool)>& activeServicesCallback) {
  client_counter_->setActiveServicesCallback(activeServicesCallback);
}

bool LazyServiceRegistrar::tryUnregister() {
  return client_counter_->tryUnregister();
}

void LazyServiceRegistrar::reRegister() {
  client_counter_->reRegister();
}

}  // namespace android::binder
