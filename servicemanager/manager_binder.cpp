#include "servicemanager/manager_binder.h"

#include "manager/wire.h"

namespace servicemanager {

using android::BAD_TYPE;
using android::BBinder;
using android::IBinder;
using android::OK;
using android::Parcel;
using android::PERMISSION_DENIED;
using android::sp;
using android::status_t;
using android::String16;
using android::UNEXPECTED_NULL;
using android::UNKNOWN_TRANSACTION;
using android::binder::Status;
using android::manager::Method;
namespace wire = android::manager;

namespace {

// Reads arguments one after the other; after the first that cannot be read, nothing.
class Arguments {
 public:
  Arguments(const Parcel& data, const wire::Dialect& dialect) : data_(data), dialect_(dialect) {}

  std::string text() {
    std::string value;
    if (status_ == OK) status_ = data_.readUtf8FromUtf16(&value);
    return value;
  }
  int32_t number() {
    int32_t value = 0;
    if (status_ == OK) status_ = data_.readInt32(&value);
    return value;
  }
  bool truth() {
    bool value = false;
    if (status_ == OK) status_ = data_.readBool(&value);
    return value;
  }
  sp<IBinder> binder() {
    sp<IBinder> value;
    if (status_ == OK) status_ = data_.readStrongBinder(&value);
    return value;
  }
  wire::CallerContext context() {
    wire::CallerContext value;
    if (status_ == OK) status_ = wire::read(data_, value);
    return value;
  }
  // What generated code says of too many bytes is an exception (true); everything else is an error of the
  // call.
  status_t finish(Status& too_much) const {
    if (status_ == OK && dialect_.refuses_trailing_data) too_much = data_.enforceNoDataAvail();
    return status_;
  }

 private:
  const Parcel& data_;
  const wire::Dialect& dialect_;
  status_t status_ = OK;
};

status_t nothing(Parcel&) {
  return OK;
}

}  // namespace

// Makes the request if its arguments were good, and writes its status and result.
#define SM_ANSWER(arguments, request, write_result)                                     \
  do {                                                                                  \
    Status status;                                                                      \
    if (const status_t error = (arguments).finish(status); error != OK) return error;   \
    if (status.isOk()) status = (request);                                              \
    if (const status_t error = status.writeToParcel(&reply); error != OK) return error; \
    return status.isOk() ? (write_result)(reply) : OK;                                  \
  } while (false)

ManagerBinder::ManagerBinder(const wire::Dialect& dialect, sp<ServiceManager> registry,
                             std::function<Caller()> caller)
    : dialect_(dialect), registry_(std::move(registry)), caller_(std::move(caller)) {}

const String16& ManagerBinder::getInterfaceDescriptor() const {
  static const String16 descriptor(wire::kManagerDescriptor);
  return descriptor;
}

status_t ManagerBinder::onTransact(uint32_t code, const Parcel& data, Parcel* reply, uint32_t flags) {
  Parcel unread;  // a oneway call has no reply
  if (reply == nullptr) reply = &unread;
  const auto method = dialect_.method(code);
  if (!method)
    return dialect_.is_c_program ? PERMISSION_DENIED : BBinder::onTransact(code, data, reply, flags);
  if (!data.checkInterface(this)) return dialect_.is_c_program ? PERMISSION_DENIED : BAD_TYPE;
  if (dialect_.is_c_program) return answer_as_c_program(*method, data, *reply);
  const status_t error = answer(*method, data, *reply);
  // As generated code says it.
  if (error == UNEXPECTED_NULL)
    return Status::fromExceptionCode(Status::EX_NULL_POINTER).writeOverParcel(reply);
  return error;
}

status_t ManagerBinder::answer(Method method, const Parcel& data, Parcel& reply) {
  const Caller caller = caller_();
  Arguments arguments(data, dialect_);
  switch (method) {
    case Method::getService:
    case Method::checkService: {
      const std::string name = arguments.text();
      sp<IBinder> service;
      SM_ANSWER(arguments, (service = registry_->getService(caller, name).service, Status::ok()),
                [&](Parcel& to) { return to.writeStrongBinder(service); });
    }
    case Method::getService2:
    case Method::checkService2: {
      const std::string name = arguments.text();
      wire::FoundUnion found;
      SM_ANSWER(arguments, (found = registry_->getService2(caller, name), Status::ok()),
                [&](Parcel& to) { return wire::write(to, found); });
    }
    case Method::addService: {
      const std::string name = arguments.text();
      const sp<IBinder> service = arguments.binder();
      const bool allow_isolated = arguments.truth();
      const int32_t priority = arguments.number();
      SM_ANSWER(arguments, registry_->addService(caller, name, service, allow_isolated, priority), nothing);
    }
    case Method::listServices: {
      const int32_t priority = arguments.number();
      std::vector<std::string> names;
      SM_ANSWER(arguments, registry_->listServices(caller, priority, &names),
                [&](Parcel& to) { return to.writeUtf8VectorAsUtf16Vector(names); });
    }
    case Method::registerForNotifications: {
      const std::string name = arguments.text();
      const sp<IBinder> callback = arguments.binder();
      SM_ANSWER(arguments, registry_->registerForNotifications(caller, name, callback), nothing);
    }
    case Method::unregisterForNotifications: {
      const std::string name = arguments.text();
      const sp<IBinder> callback = arguments.binder();
      SM_ANSWER(arguments, registry_->unregisterForNotifications(caller, name, callback), nothing);
    }
    case Method::isDeclared: {
      const std::string name = arguments.text();
      bool declared = false;
      SM_ANSWER(arguments, registry_->isDeclared(caller, name, &declared),
                [&](Parcel& to) { return to.writeBool(declared); });
    }
    case Method::getDeclaredInstances: {
      const std::string interface = arguments.text();
      std::vector<std::string> instances;
      SM_ANSWER(arguments, registry_->getDeclaredInstances(caller, interface, &instances),
                [&](Parcel& to) { return to.writeUtf8VectorAsUtf16Vector(instances); });
    }
    case Method::updatableViaApex: {
      const std::string name = arguments.text();
      std::optional<std::string> apex;
      SM_ANSWER(arguments, registry_->updatableViaApex(caller, name, &apex),
                [&](Parcel& to) { return to.writeUtf8AsUtf16(apex); });
    }
    case Method::getUpdatableNames: {
      const std::string apex = arguments.text();
      std::vector<std::string> names;
      SM_ANSWER(arguments, registry_->getUpdatableNames(caller, apex, &names),
                [&](Parcel& to) { return to.writeUtf8VectorAsUtf16Vector(names); });
    }
    case Method::getConnectionInfo: {
      const std::string name = arguments.text();
      std::optional<wire::ConnectionInfo> info;
      SM_ANSWER(arguments, registry_->getConnectionInfo(caller, name, &info),
                [&](Parcel& to) { return wire::write(to, info); });
    }
    case Method::registerClientCallback: {
      const std::string name = arguments.text();
      const sp<IBinder> service = arguments.binder();
      const sp<IBinder> callback = arguments.binder();
      SM_ANSWER(arguments, registry_->registerClientCallback(caller, name, service, callback), nothing);
    }
    case Method::tryUnregisterService: {
      const std::string name = arguments.text();
      const sp<IBinder> service = arguments.binder();
      SM_ANSWER(arguments, registry_->tryUnregisterService(caller, name, service), nothing);
    }
    case Method::getServiceDebugInfo: {
      std::vector<wire::DebugInfo> infos;
      SM_ANSWER(arguments, registry_->getServiceDebugInfo(caller, &infos),
                [&](Parcel& to) { return wire::write(to, infos); });
    }
    case Method::checkServiceAccess: {
      const wire::CallerContext of = arguments.context();
      const std::string name = arguments.text();
      const std::string permission = arguments.text();
      bool allowed = false;
      SM_ANSWER(arguments, registry_->checkServiceAccess(caller, of, name, permission, &allowed),
                [&](Parcel& to) { return to.writeBool(allowed); });
    }
  }
  return UNKNOWN_TRANSACTION;
}

// frameworks/native, cmds/servicemanager/service_manager.c of Android 10: svcmgr_handler(). Every failure is
// -1, and a service that is not there a zero.
status_t ManagerBinder::answer_as_c_program(Method method, const Parcel& data, Parcel& reply) {
  const Caller caller = caller_();
  Arguments arguments(data, dialect_);
  Status ignored;
  switch (method) {
    case Method::getService:
    case Method::checkService: {
      const std::string name = arguments.text();
      if (arguments.finish(ignored) != OK) return PERMISSION_DENIED;
      const sp<IBinder> service = registry_->getService(caller, name).service;
      return service != nullptr ? reply.writeStrongBinder(service) : reply.writeInt32(0);
    }
    case Method::addService: {
      const std::string name = arguments.text();
      const sp<IBinder> service = arguments.binder();
      const bool allow_isolated = arguments.truth();
      const int32_t priority = arguments.number();
      if (arguments.finish(ignored) != OK) return PERMISSION_DENIED;
      if (!registry_->addService(caller, name, service, allow_isolated, priority).isOk())
        return PERMISSION_DENIED;
      return reply.writeInt32(0);
    }
    case Method::listServices: {
      const int32_t index = arguments.number();
      const int32_t priority = arguments.number();
      if (arguments.finish(ignored) != OK || index < 0) return PERMISSION_DENIED;
      const std::string* name = nullptr;
      (void)registry_->service_at(caller, priority, static_cast<size_t>(index), &name);
      return name != nullptr ? reply.writeUtf8AsUtf16(*name) : PERMISSION_DENIED;
    }
    default:
      return PERMISSION_DENIED;
  }
}

}  // namespace servicemanager
