#include "manager/manager_proxy.h"

namespace android::manager {

using binder::Status;

ManagerProxy::ManagerProxy(const Dialect& dialect, sp<IBinder> manager, std::function<sp<IBinder>()> find)
    : dialect_(dialect), find_(std::move(find)), manager_(std::move(manager)) {}

sp<IBinder> ManagerProxy::binder() {
  std::lock_guard lock(lock_);
  if (manager_ == nullptr || !manager_->isBinderAlive()) {
    // The dead proxy goes first: as long as somebody holds it, it is what its handle stands for.
    manager_ = nullptr;
    manager_ = find_();
  }
  return manager_;
}

Status ManagerProxy::call(Method method, const Fill& arguments, const Take& result) {
  const auto code = dialect_.code(method);
  if (!code) return Status::fromStatusT(INVALID_OPERATION);
  const sp<IBinder> manager = binder();
  if (manager == nullptr) return Status::fromStatusT(DEAD_OBJECT);
  Parcel data, reply;
  data.markForBinder(manager);
  if (const status_t error = data.writeInterfaceToken(String16(kManagerDescriptor)); error != OK)
    return Status::fromStatusT(error);
  if (const status_t error = arguments(data); error != OK) return Status::fromStatusT(error);
  if (const status_t error = manager->transact(*code, data, &reply); error != OK)
    return Status::fromStatusT(error);
  Status status;
  if (!dialect_.is_c_program) {
    if (const status_t error = status.readFromParcel(reply); error != OK) return Status::fromStatusT(error);
  }
  if (status.isOk() && result)
    if (const status_t error = result(reply); error != OK) return Status::fromStatusT(error);
  return status;
}

Status ManagerProxy::find(const std::string& name, bool start, FoundService* out) {
  const auto arguments = [&](Parcel& data) { return data.writeUtf8AsUtf16(name); };
  const Method with_union = start ? Method::getService2 : Method::checkService2;
  if (dialect_.has(with_union)) {
    return call(with_union, arguments, [&](const Parcel& reply) {
      FoundUnion found;
      const status_t error = read(reply, found);
      // An accessor leads to the service over a socket, which this library does not do: as if it were not
      // there.
      if (error == OK) *out = found.service;
      return error;
    });
  }
  return call(start ? Method::getService : Method::checkService, arguments, [&](const Parcel& reply) {
    FoundService found;
    const status_t error = reply.readNullableStrongBinder(&found.service);
    // The C program answers "no such service" with a zero instead of a binder.
    if (error != OK && !dialect_.is_c_program) return error;
    *out = found;
    return static_cast<status_t>(OK);
  });
}

Status ManagerProxy::addService(const std::string& name, const sp<IBinder>& service, bool allow_isolated,
                                int32_t priority) {
  return call(
      Method::addService,
      [&](Parcel& data) {
        status_t error = data.writeUtf8AsUtf16(name);
        if (error == OK) error = data.writeStrongBinder(service);
        if (error == OK) error = data.writeBool(allow_isolated);
        if (error == OK) error = data.writeInt32(priority);
        return error;
      },
      [&](const Parcel& reply) {
        // The C program's zero.
        return dialect_.is_c_program ? static_cast<status_t>(reply.readExceptionCode()) : OK;
      });
}

Status ManagerProxy::list_one_by_one(int32_t priority, std::vector<std::string>* out) {
  std::vector<std::string> names;
  for (;;) {
    std::string name;
    const Status status = call(
        Method::listServices,
        [&](Parcel& data) {
          const status_t error = data.writeInt32(static_cast<int32_t>(names.size()));
          return error != OK ? error : data.writeInt32(priority);
        },
        [&](const Parcel& reply) { return reply.readUtf8FromUtf16(&name); });
    // The end is an error like any other; but one that the manager can only make if it is there.
    if (status.transactionError() == DEAD_OBJECT) return status;
    if (!status.isOk()) break;
    names.push_back(std::move(name));
  }
  *out = std::move(names);
  return Status::ok();
}

Status ManagerProxy::listServices(int32_t priority, std::vector<std::string>* out) {
  if (dialect_.is_c_program) return list_one_by_one(priority, out);
  return call(
      Method::listServices, [&](Parcel& data) { return data.writeInt32(priority); },
      [&](const Parcel& reply) { return reply.readUtf8VectorFromUtf16Vector(out); });
}

namespace {

auto name_and_binder(const std::string& name, const sp<IBinder>& binder) {
  return [&name, &binder](Parcel& data) {
    const status_t error = data.writeUtf8AsUtf16(name);
    return error != OK ? error : data.writeStrongBinder(binder);
  };
}

auto only_text(const std::string& text) {
  return [&text](Parcel& data) { return data.writeUtf8AsUtf16(text); };
}

}  // namespace

Status ManagerProxy::registerForNotifications(const std::string& name, const sp<IBinder>& callback) {
  return call(Method::registerForNotifications, name_and_binder(name, callback));
}

Status ManagerProxy::unregisterForNotifications(const std::string& name, const sp<IBinder>& callback) {
  return call(Method::unregisterForNotifications, name_and_binder(name, callback));
}

Status ManagerProxy::isDeclared(const std::string& name, bool* out) {
  return call(Method::isDeclared, only_text(name), [&](const Parcel& reply) { return reply.readBool(out); });
}

Status ManagerProxy::getDeclaredInstances(const std::string& interface, std::vector<std::string>* out) {
  return call(Method::getDeclaredInstances, only_text(interface),
              [&](const Parcel& reply) { return reply.readUtf8VectorFromUtf16Vector(out); });
}

Status ManagerProxy::updatableViaApex(const std::string& name, std::optional<std::string>* out) {
  return call(Method::updatableViaApex, only_text(name),
              [&](const Parcel& reply) { return reply.readUtf8FromUtf16(out); });
}

Status ManagerProxy::getUpdatableNames(const std::string& apex, std::vector<std::string>* out) {
  return call(Method::getUpdatableNames, only_text(apex),
              [&](const Parcel& reply) { return reply.readUtf8VectorFromUtf16Vector(out); });
}

Status ManagerProxy::getConnectionInfo(const std::string& name, std::optional<ConnectionInfo>* out) {
  return call(Method::getConnectionInfo, only_text(name),
              [&](const Parcel& reply) { return read(reply, *out); });
}

Status ManagerProxy::registerClientCallback(const std::string& name, const sp<IBinder>& service,
                                            const sp<IBinder>& callback) {
  return call(Method::registerClientCallback, [&](Parcel& data) {
    const status_t error = name_and_binder(name, service)(data);
    return error != OK ? error : data.writeStrongBinder(callback);
  });
}

Status ManagerProxy::tryUnregisterService(const std::string& name, const sp<IBinder>& service) {
  return call(Method::tryUnregisterService, name_and_binder(name, service));
}

Status ManagerProxy::getServiceDebugInfo(std::vector<DebugInfo>* out) {
  return call(
      Method::getServiceDebugInfo, [](Parcel&) { return static_cast<status_t>(OK); },
      [&](const Parcel& reply) { return read(reply, *out); });
}

Status ManagerProxy::checkServiceAccess(const CallerContext& caller, const std::string& name,
                                        const std::string& permission, bool* out) {
  return call(
      Method::checkServiceAccess,
      [&](Parcel& data) {
        status_t error = write(data, caller);
        if (error == OK) error = data.writeUtf8AsUtf16(name);
        if (error == OK) error = data.writeUtf8AsUtf16(permission);
        return error;
      },
      [&](const Parcel& reply) { return reply.readBool(out); });
}

}  // namespace android::manager
