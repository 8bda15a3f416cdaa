// LazyServiceRegistrar's decisions, with a manager in this process that is asked directly.
#include <binder/IServiceManager.h>

#include "manager/client_counter.h"
#include "servicemanager/driver.h"
#include "servicemanager/manager_binder.h"
#include "test/servicemanager/fakes.h"
#include "test/support/catch.h"

namespace servicemanager::test {
namespace {

using android::IBinder;
using android::sp;
using android::binder::internal::ClientCounterCallback;
using android::manager::ManagerProxy;

constexpr int kPriority = android::IServiceManager::DUMP_FLAG_PRIORITY_DEFAULT;
const Caller kServer{10, 0, {}};
const Caller kClient{20, 0, {}};

struct Lazy {
  FakeDriver driver;
  sp<ServiceManager> registry{new ServiceManager(driver, Access(0), Declarations())};
  sp<IBinder> manager{
      new ManagerBinder(android::manager::newest_dialect(), registry, [] { return kServer; })};
  ManagerProxy proxy{android::manager::newest_dialect(), manager, [] { return sp<IBinder>(); }};
  int ends = 0;
  std::shared_ptr<ClientCounterCallback> counter =
      std::make_shared<ClientCounterCallback>([this] { return &proxy; }, [this] { ++ends; });

  sp<MortalBinder> add(const std::string& name) {
    auto service = new_binder();
    REQUIRE(counter->registerService(service, name, false, kPriority));
    return service;
  }
  // What the manager has to say, said as the driver would do it: after the call in which it was decided.
  void deliver() {
    for (const auto& each : driver.take_clients())
      Driver().send_clients(each.callback, each.service, each.has_clients);
  }
  // A client comes and, some looks later, has gone.
  void use(const std::string& name, const sp<IBinder>& service) {
    REQUIRE(registry->getService(kClient, name).service == service);
    driver.set_holders(service, 1);
    deliver();
  }
  void look() {
    registry->handleClientCallbacks();
    deliver();
  }
  void leave(const sp<IBinder>& service) {
    driver.set_holders(service, 0);
    look();
  }
  bool is_registered(const std::string& name) {
    return registry->getService(kClient, name).service != nullptr;
  }
};

}  // namespace

TEST_CASE_METHOD(Lazy, "a process ends when its last client has gone", "[lazy]") {
  const auto alpha = add("alpha");
  const auto beta = add("beta");
  look();
  CHECK(ends == 0);  // nobody has come yet
  use("alpha", alpha);
  use("beta", beta);
  leave(alpha);
  CHECK(ends == 0);
  leave(beta);
  CHECK(ends == 1);
}

TEST_CASE_METHOD(Lazy, "a client that comes while the process wants to end keeps it", "[lazy]") {
  const auto alpha = add("alpha");
  const auto beta = add("beta");
  use("alpha", alpha);
  driver.set_holders(alpha, 0);
  registry->handleClientCallbacks();
  const auto decided = driver.take_clients();
  REQUIRE(decided.size() == 1);
  // The message is under way; meanwhile somebody finds beta.
  REQUIRE(registry->getService(kClient, "beta").service == beta);
  Driver().send_clients(decided[0].callback, decided[0].service, decided[0].has_clients);
  CHECK(ends == 0);
  CHECK(is_registered("alpha"));
  CHECK(is_registered("beta"));
}

TEST_CASE_METHOD(Lazy, "a process that is to persist does", "[lazy]") {
  counter->forcePersist(true);
  const auto alpha = add("alpha");
  use("alpha", alpha);
  leave(alpha);
  CHECK(ends == 0);
  CHECK(is_registered("alpha"));
  deliver();
  look();  // that was a client too
  counter->forcePersist(false);
  CHECK(ends == 1);
}

TEST_CASE_METHOD(Lazy, "a callback may take over", "[lazy]") {
  std::vector<bool> told;
  bool is_handled = true;
  counter->setActiveServicesCallback([&](bool active) {
    told.push_back(active);
    return is_handled;
  });
  const auto alpha = add("alpha");
  const auto beta = add("beta");
  use("alpha", alpha);
  use("beta", beta);
  leave(alpha);
  leave(beta);
  CHECK(told == std::vector<bool>{true, false});
  CHECK(ends == 0);
  is_handled = false;
  use("alpha", alpha);
  leave(alpha);
  CHECK(told == std::vector<bool>{true, false, true, false});
  CHECK(ends == 1);
}

TEST_CASE_METHOD(Lazy, "a manager that refuses is an error of the registration", "[lazy]") {
  CHECK_FALSE(counter->registerService(new_binder(), "not a name", false, kPriority));
  CHECK(registry->size() == 0);
  // Registered twice under a name: the second one takes its place, and there is one callback.
  add("alpha");
  const auto again = add("alpha");
  CHECK(registry->getService(kClient, "alpha").service == again);
}

}  // namespace servicemanager::test
