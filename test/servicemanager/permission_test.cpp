// checkPermission() and setDefaultServiceManager(), with a manager and a controller in this process.
#include <binder/IServiceManager.h>
#include <binder/Parcel.h>

#include "manager/service_manager_shim.h"
#include "servicemanager/manager_binder.h"
#include "test/servicemanager/fakes.h"
#include "test/support/catch.h"

namespace servicemanager::test {
namespace {

using android::BBinder;
using android::IBinder;
using android::Parcel;
using android::sp;
using android::status_t;
using android::String16;
using android::manager::ManagerProxy;
using android::manager::ServiceManagerShim;

// Grants "good" to the user 1000.
class Controller final : public BBinder {
  const String16& getInterfaceDescriptor() const override {
    static const String16 descriptor("android.os.IPermissionController");
    return descriptor;
  }
  status_t onTransact(uint32_t code, const Parcel& data, Parcel* reply, uint32_t /*flags*/) override {
    if (code != 1 || !data.checkInterface(this)) return android::BAD_TYPE;
    const String16 permission = data.readString16();
    const int32_t pid = data.readInt32(), uid = data.readInt32();
    reply->writeNoException();
    reply->writeInt32(permission == String16("good") && pid == 7 && uid == 1000);
    return android::OK;
  }
};

}  // namespace

TEST_CASE("permissions are asked of the service for them", "[permission]") {
  static FakeDriver driver;  // as long as the process: the default manager stays
  const sp<ServiceManager> registry(new ServiceManager(driver, Access(0), Declarations()));
  const Caller self{1, 0, {}};
  const sp<IBinder> manager(
      new ManagerBinder(android::manager::newest_dialect(), registry, [self] { return self; }));
  android::setDefaultServiceManager(
      sp<android::IServiceManager>(new ServiceManagerShim(std::make_shared<ManagerProxy>(
          android::manager::newest_dialect(), manager, [] { return sp<IBinder>(); }))));
  const sp<android::IServiceManager> shim = android::defaultServiceManager();
  CHECK(android::IInterface::asBinder(shim) == manager);
  CHECK(shim->getInterfaceDescriptor() == String16("android.os.IServiceManager"));
  REQUIRE(shim->addService(String16("permission"), sp<IBinder>(new Controller())) == android::OK);
  CHECK(shim->addService(String16("not a name"), sp<IBinder>(new Controller())) ==
        -3 /* EX_ILLEGAL_ARGUMENT */);

  CHECK(android::checkPermission(String16("good"), 7, 1000));
  CHECK_FALSE(android::checkPermission(String16("good"), 7, 1001, false));
  CHECK_FALSE(android::checkPermission(String16("bad"), 7, 1000));
  CHECK(android::openDeclaredPassthroughHal(String16("a"), String16("b"), 0) == nullptr);

  // The rest of the interface that needs no device.
  CHECK(shim->listServices().size() == 1);
  CHECK_FALSE(shim->isDeclared(String16("a.IFoo/default")));
  CHECK(shim->getDeclaredInstances(String16("a.IFoo")).isEmpty());
  CHECK_FALSE(shim->updatableViaApex(String16("a")));
  CHECK(shim->getUpdatableNames(String16("a")).isEmpty());
  CHECK_FALSE(shim->getConnectionInfo(String16("a")));
  CHECK(shim->registerForNotifications(String16("a"), nullptr) == android::BAD_VALUE);
  CHECK(shim->unregisterForNotifications(String16("a"), nullptr) == android::BAD_VALUE);
  CHECK(shim->checkServiceAccess(String16(""), 1, 0, String16("x"), String16("add")));
  CHECK_FALSE(shim->checkServiceAccess(String16(""), 1, 5, String16("x"), String16("add")));
  REQUIRE(shim->getServiceDebugInfo().size() == 1);
  CHECK(shim->getServiceDebugInfo()[0].pid == 1);

  struct Told final : android::IServiceManager::LocalRegistrationCallback {
    void onServiceRegistration(const String16&, const sp<IBinder>&) override {}
  };
  const sp<android::IServiceManager::LocalRegistrationCallback> callback(new Told());
  CHECK(shim->registerForNotifications(String16("a"), callback) == android::OK);
  CHECK(shim->unregisterForNotifications(String16("b"), callback) == android::BAD_VALUE);
  CHECK(shim->unregisterForNotifications(String16("a"), callback) == android::OK);
  CHECK(shim->unregisterForNotifications(String16("a"), callback) == android::BAD_VALUE);
}

}  // namespace servicemanager::test
