// checkPermission() and its kin: questions to the service "permission", android.os.IPermissionController.
#define LOG_TAG "libbinder"
#include <binder/IPCThreadState.h>
#include <binder/IServiceManager.h>
#include <binder/Parcel.h>
#include <log/log.h>
#include <utils/String8.h>

#include <mutex>

namespace android {
namespace {

constexpr char16_t kControllerDescriptor[] = u"android.os.IPermissionController";
constexpr char16_t kControllerName[] = u"permission";
constexpr uint32_t kCheckPermission = IBinder::FIRST_CALL_TRANSACTION;

// The controller, as long as it lives.
class Controller {
 public:
  // Null if the manager does not let us find it.
  sp<IBinder> get() {
    {
      std::lock_guard lock(lock_);
      if (binder_ != nullptr && binder_->isBinderAlive()) return binder_;
    }
    sp<IBinder> found = defaultServiceManager()->waitForService(String16(kControllerName));
    std::lock_guard lock(lock_);
    binder_ = found;
    return found;
  }

 private:
  std::mutex lock_;
  sp<IBinder> binder_;
};

// The controller's answer, or an error of the call.
status_t ask(const sp<IBinder>& controller, const String16& permission, pid_t pid, uid_t uid, bool& granted) {
  Parcel data, reply;
  data.writeInterfaceToken(String16(kControllerDescriptor));
  data.writeString16(permission);
  data.writeInt32(pid);
  data.writeInt32(static_cast<int32_t>(uid));
  const status_t error = controller->transact(kCheckPermission, data, &reply);
  if (error != OK) return error;
  granted = reply.readExceptionCode() == 0 && reply.readInt32() != 0;
  return OK;
}

}  // namespace

bool checkCallingPermission(const String16& permission) {
  return checkCallingPermission(permission, nullptr, nullptr);
}

bool checkCallingPermission(const String16& permission, int32_t* outPid, int32_t* outUid) {
  const IPCThreadState* thread = IPCThreadState::self();
  const pid_t pid = thread->getCallingPid();
  const uid_t uid = thread->getCallingUid();
  if (outPid != nullptr) *outPid = pid;
  if (outUid != nullptr) *outUid = static_cast<int32_t>(uid);
  return checkPermission(permission, pid, uid);
}

bool checkPermission(const String16& permission, pid_t pid, uid_t uid, bool logPermissionFailure) {
  static auto* the_controller = new Controller();  // never destroyed: see defaultServiceManager()
  for (;;) {
    const sp<IBinder> controller = the_controller->get();
    if (controller == nullptr) return false;
    bool granted = false;
    // A controller that died in between is waited for.
    const status_t error = ask(controller, permission, pid, uid, granted);
    if (error == DEAD_OBJECT) continue;
    if (!granted && logPermissionFailure)
      ALOGW("Permission %s is not granted to uid %u, pid %d", String8(permission).c_str(), uid, pid);
    return granted;
  }
}

}  // namespace android
