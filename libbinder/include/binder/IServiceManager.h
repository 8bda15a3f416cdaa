// IServiceManager: names for services. defaultServiceManager() is the way in.
//
// Thread-safe. The declarations are those of AOSP's binder/IServiceManager.h. What is spoken on the wire is
// the newest Android release's interface unless configured otherwise for the device (docs/wire-dialects.md);
// what an older manager cannot do is answered as if the service were not declared, or with INVALID_OPERATION.
#pragma once

#include <binder/IInterface.h>
#include <sys/types.h>
#include <utils/String16.h>
#include <utils/Vector.h>

#include <optional>
#include <string>
#include <vector>

namespace android {

class IServiceManager : public IInterface {
 public:
  IServiceManager();
  virtual ~IServiceManager();
  virtual const String16& getInterfaceDescriptor() const;

  // With which others a service wants to be dumped (dumpsys --priority). DEFAULT is dumped like NORMAL,
  // without being told of priorities.
  static const int DUMP_FLAG_PRIORITY_CRITICAL = 1 << 0;
  static const int DUMP_FLAG_PRIORITY_HIGH = 1 << 1;
  static const int DUMP_FLAG_PRIORITY_NORMAL = 1 << 2;
  static const int DUMP_FLAG_PRIORITY_DEFAULT = 1 << 3;
  static const int DUMP_FLAG_PRIORITY_ALL = DUMP_FLAG_PRIORITY_CRITICAL | DUMP_FLAG_PRIORITY_HIGH |
                                            DUMP_FLAG_PRIORITY_NORMAL | DUMP_FLAG_PRIORITY_DEFAULT;
  // The service can dump itself as protobuf.
  static const int DUMP_FLAG_PROTO = 1 << 4;

  // The service, or null if it did not appear within five seconds. Prefer waitForService() or checkService().
  // (AOSP marks it as deprecated; here it is not, so that old code compiles without warnings.)
  virtual sp<IBinder> getService(const String16& name) const = 0;

  // The service, or null if it is not there now.
  virtual sp<IBinder> checkService(const String16& name) const = 0;

  // A name has 1 to 127 letters, digits and _-./ in it. A service of that name is replaced. Returns what the
  // manager said: OK, a status_t, or the number of an exception (binder::Status::Exception).
  virtual status_t addService(const String16& name, const sp<IBinder>& service, bool allowIsolated = false,
                              int dumpsysFlags = DUMP_FLAG_PRIORITY_DEFAULT) = 0;

  // Names of services with one of these priorities, sorted.
  virtual Vector<String16> listServices(int dumpsysFlags = DUMP_FLAG_PRIORITY_ALL) = 0;

  // Blocks until the service is there. Null only if it may not be found or the manager cannot be asked. Needs
  // a thread pool (ProcessState::startThreadPool()) to be told at once; without, it looks every second.
  virtual sp<IBinder> waitForService(const String16& name) = 0;

  // Whether the manager's configuration says that this service exists, started or not.
  virtual bool isDeclared(const String16& name) = 0;
  // Declared instances of an interface: {"default"} for "a.b.IFoo" if "a.b.IFoo/default" is declared.
  virtual Vector<String16> getDeclaredInstances(const String16& interface) = 0;
  // The package that the declared service can be updated with.
  virtual std::optional<String16> updatableViaApex(const String16& name) = 0;
  // The declared services that this package updates.
  virtual Vector<String16> getUpdatableNames(const String16& apexName) = 0;

  // Where a declared service can be reached over a socket.
  struct ConnectionInfo {
    std::string ipAddress;
    unsigned int port;
  };
  virtual std::optional<ConnectionInfo> getConnectionInfo(const String16& name) = 0;

  struct LocalRegistrationCallback : public virtual RefBase {
    // On a thread of the pool.
    virtual void onServiceRegistration(const String16& instance, const sp<IBinder>& binder) = 0;
    virtual ~LocalRegistrationCallback() {}
  };
  // Calls back for each registration under that name, and at once if there is a service now.
  virtual status_t registerForNotifications(const String16& name,
                                            const sp<LocalRegistrationCallback>& callback) = 0;
  // BAD_VALUE if that callback is not registered for that name.
  virtual status_t unregisterForNotifications(const String16& name,
                                              const sp<LocalRegistrationCallback>& callback) = 0;

  struct ServiceDebugInfo {
    std::string name;
    int pid;  // of the process that registered it
  };
  virtual std::vector<ServiceDebugInfo> getServiceDebugInfo() = 0;

  // AOSP's clients can keep what addService() was given; this library asks the manager every time.
  virtual void enableAddServiceCache(bool value) = 0;

  // Whether another process may "find", "add" or "list" a service. The caller must have that right itself.
  virtual bool checkServiceAccess(const String16& callerSid, pid_t callerDebugPid, uid_t callerUid,
                                  const String16& name, const String16& permission) = 0;
};

// The manager of this process's device. Blocks, with a message every second, while there is none.
sp<IServiceManager> defaultServiceManager();

// Makes another one the default, for tests. Aborts if defaultServiceManager() has been called.
void setDefaultServiceManager(const sp<IServiceManager>& sm);

template <typename INTERFACE>
sp<INTERFACE> waitForService(const String16& name) {
  return interface_cast<INTERFACE>(defaultServiceManager()->waitForService(name));
}

template <typename INTERFACE>
sp<INTERFACE> waitForDeclaredService(const String16& name) {
  const sp<IServiceManager> sm = defaultServiceManager();
  if (!sm->isDeclared(name)) return nullptr;
  return interface_cast<INTERFACE>(sm->waitForService(name));
}

template <typename INTERFACE>
sp<INTERFACE> checkDeclaredService(const String16& name) {
  const sp<IServiceManager> sm = defaultServiceManager();
  if (!sm->isDeclared(name)) return nullptr;
  return interface_cast<INTERFACE>(sm->checkService(name));
}

template <typename INTERFACE>
sp<INTERFACE> waitForVintfService(const String16& instance = String16("default")) {
  return waitForDeclaredService<INTERFACE>(INTERFACE::descriptor + String16("/") + instance);
}

template <typename INTERFACE>
sp<INTERFACE> checkVintfService(const String16& instance = String16("default")) {
  return checkDeclaredService<INTERFACE>(INTERFACE::descriptor + String16("/") + instance);
}

// NAME_NOT_FOUND, after five seconds.
template <typename INTERFACE>
status_t getService(const String16& name, sp<INTERFACE>* outService) {
  const sp<IServiceManager> sm = defaultServiceManager();
  if (sm != nullptr) {
    *outService = interface_cast<INTERFACE>(sm->getService(name));
    if (*outService != nullptr) return OK;
  }
  return NAME_NOT_FOUND;
}

// A library that implements an interface in this process. There are none outside Android: null.
void* openDeclaredPassthroughHal(const String16& interface, const String16& instance, int flag);

// Whether the caller (or that process) has a permission, as the service named "permission" says
// (android.os.IPermissionController). Blocks until there is one.
bool checkCallingPermission(const String16& permission);
bool checkCallingPermission(const String16& permission, int32_t* outPid, int32_t* outUid);
bool checkPermission(const String16& permission, pid_t pid, uid_t uid, bool logPermissionFailure = true);

}  // namespace android
