// The registry by itself: callers, binders and the driver are made up.
#include "servicemanager/service_manager.h"

#include <binder/IServiceManager.h>
#include <binder/Stability.h>

#include "test/servicemanager/fakes.h"
#include "test/support/catch.h"

namespace servicemanager::test {
namespace {

using android::IServiceManager;
using android::sp;
using android::binder::Status;
using android::manager::FoundUnion;

constexpr int kPriority = IServiceManager::DUMP_FLAG_PRIORITY_DEFAULT;
constexpr uid_t kOwnUid = 1000;
const Caller kServer{10, kOwnUid, {}};
const Caller kClient{20, 2000, {}};

struct Fixture {
  FakeDriver driver;
  sp<ServiceManager> manager = make(Access(kOwnUid));

  sp<ServiceManager> make(Access access, const char* declarations = "") {
    return sp<ServiceManager>(
        new ServiceManager(driver, std::move(access), read_declarations(declarations, "declarations")));
  }
  sp<MortalBinder> add(const std::string& name, int priority = kPriority) {
    auto service = new_binder();
    REQUIRE(manager->addService(kServer, name, service, false, priority).isOk());
    return service;
  }
  sp<android::IBinder> find(const std::string& name) { return manager->getService(kClient, name).service; }
  std::vector<std::string> list(int priority = IServiceManager::DUMP_FLAG_PRIORITY_ALL) {
    std::vector<std::string> names;
    REQUIRE(manager->listServices(kClient, priority, &names).isOk());
    return names;
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a service is found by its name until it dies", "[manager]") {
  CHECK(find("alpha") == nullptr);
  const auto alpha = add("alpha");
  const auto beta = add("beta");
  CHECK(find("alpha") == alpha);
  alpha->die();
  CHECK(find("alpha") == nullptr);
  CHECK(find("beta") == beta);
  CHECK(list() == std::vector<std::string>{"beta"});
  CHECK(manager->size() == 1);
}

TEST_CASE_METHOD(Fixture, "one binder under several names dies under all of them", "[manager]") {
  const auto service = new_binder();
  for (const char* name : {"a", "b", "c"})
    REQUIRE(manager->addService(kServer, name, service, false, kPriority).isOk());
  CHECK(service->links() == 1);
  service->die();
  CHECK(manager->size() == 0);
}

TEST_CASE_METHOD(Fixture, "a replaced service is let go", "[manager]") {
  const auto old = add("alpha");
  const auto replacement = add("alpha");
  CHECK(find("alpha") == replacement);
  CHECK(old->links() == 0);
  old->die();
  CHECK(find("alpha") == replacement);
  // The same again is no change.
  REQUIRE(manager->addService(kServer, "alpha", replacement, false, kPriority).isOk());
  CHECK(replacement->links() == 1);
  CHECK(find("alpha") == replacement);
}

TEST_CASE_METHOD(Fixture, "a dead service cannot be added", "[manager]") {
  const auto dead = new_binder();
  dead->die();
  CHECK(manager->addService(kServer, "alpha", dead, false, kPriority).exceptionCode() ==
        Status::EX_ILLEGAL_STATE);
  CHECK(manager->size() == 0);
}

TEST_CASE_METHOD(Fixture, "names are what AOSP allows", "[manager]") {
  const auto add_as = [&](const std::string& name) {
    return manager->addService(kServer, name, new_binder(), false, kPriority).exceptionCode();
  };
  CHECK(add_as("aZ09_-./") == Status::EX_NONE);
  CHECK(add_as(std::string(127, 'x')) == Status::EX_NONE);
  for (const std::string& bad : {std::string(), std::string(128, 'x'), std::string("a b"),
                                 std::string("a\0b", 3), std::string("\xc3\xa4"), std::string("a:b")}) {
    CHECK(add_as(bad) == Status::EX_ILLEGAL_ARGUMENT);
    CHECK(manager->registerForNotifications(kClient, bad, new_binder()).exceptionCode() ==
          Status::EX_ILLEGAL_ARGUMENT);
  }
  CHECK(manager->addService(kServer, "null", nullptr, false, kPriority).exceptionCode() ==
        Status::EX_ILLEGAL_ARGUMENT);
}

TEST_CASE_METHOD(Fixture, "lists are sorted and by priority", "[manager]") {
  add("c", IServiceManager::DUMP_FLAG_PRIORITY_HIGH);
  add("a", IServiceManager::DUMP_FLAG_PRIORITY_DEFAULT);
  add("b", IServiceManager::DUMP_FLAG_PRIORITY_HIGH | IServiceManager::DUMP_FLAG_PROTO);
  CHECK(list() == std::vector<std::string>{"a", "b", "c"});
  CHECK(list(IServiceManager::DUMP_FLAG_PRIORITY_HIGH) == std::vector<std::string>{"b", "c"});
  CHECK(list(IServiceManager::DUMP_FLAG_PRIORITY_CRITICAL).empty());

  const std::string* name = nullptr;
  REQUIRE(manager->service_at(kClient, IServiceManager::DUMP_FLAG_PRIORITY_HIGH, 1, &name).isOk());
  REQUIRE(name != nullptr);
  CHECK(*name == "c");
  add("bb", IServiceManager::DUMP_FLAG_PRIORITY_HIGH);
  REQUIRE(manager->service_at(kClient, IServiceManager::DUMP_FLAG_PRIORITY_HIGH, 1, &name).isOk());
  CHECK(*name == "bb");
  REQUIRE(manager->service_at(kClient, IServiceManager::DUMP_FLAG_PRIORITY_HIGH, 3, &name).isOk());
  CHECK(name == nullptr);

  std::vector<android::manager::DebugInfo> infos;
  REQUIRE(manager->getServiceDebugInfo(kClient, &infos).isOk());
  REQUIRE(infos.size() == 4);
  CHECK(infos[0].name == "a");
  CHECK(infos[0].pid == kServer.pid);
}

TEST_CASE_METHOD(Fixture, "those who wait for a name are told of each registration", "[manager]") {
  const auto callback = new_binder();
  REQUIRE(manager->registerForNotifications(kClient, "alpha", callback).isOk());
  CHECK(driver.take_registrations().empty());
  const auto first = add("alpha");
  add("beta");
  auto told = driver.take_registrations();
  REQUIRE(told.size() == 1);
  CHECK(told[0].callback == callback);
  CHECK(told[0].name == "alpha");
  CHECK(told[0].service == first);

  // At once if it is there.
  const auto late = new_binder();
  REQUIRE(manager->registerForNotifications(kClient, "alpha", late).isOk());
  told = driver.take_registrations();
  REQUIRE(told.size() == 1);
  CHECK(told[0].callback == late);

  REQUIRE(manager->unregisterForNotifications(kClient, "alpha", callback).isOk());
  CHECK(callback->links() == 0);
  CHECK(manager->unregisterForNotifications(kClient, "alpha", callback).exceptionCode() ==
        Status::EX_ILLEGAL_STATE);
  late->die();
  add("alpha");
  CHECK(driver.take_registrations().empty());
  CHECK(manager->registerForNotifications(kClient, "alpha", nullptr).exceptionCode() ==
        Status::EX_NULL_POINTER);
}

TEST_CASE("who may not is refused with EX_SECURITY", "[manager]") {
  FakeDriver driver;
  Access::Policy policy;
  policy.has_defaults = false;
  policy.rules.push_back({true, {Access::Verb::add}, {kServer.uid}, {"ok.*"}});
  const sp<ServiceManager> manager(
      new ServiceManager(driver, Access(kOwnUid, std::move(policy)), Declarations()));
  const auto service = new_binder();
  CHECK(manager->addService(kServer, "ok.x", service, false, kPriority).isOk());
  CHECK(manager->addService(kServer, "other", service, false, kPriority).exceptionCode() ==
        Status::EX_SECURITY);
  CHECK(manager->addService(kClient, "ok.x", service, false, kPriority).exceptionCode() ==
        Status::EX_SECURITY);
  CHECK(manager->getService(kServer, "ok.x").service == nullptr);
  std::vector<std::string> names;
  CHECK(manager->listServices(kServer, ~0, &names).exceptionCode() == Status::EX_SECURITY);
  CHECK(manager->registerForNotifications(kServer, "ok.x", new_binder()).exceptionCode() ==
        Status::EX_SECURITY);
  bool declared = false;
  CHECK(manager->isDeclared(kServer, "ok.x", &declared).exceptionCode() == Status::EX_SECURITY);
  std::vector<android::manager::DebugInfo> infos;
  CHECK(manager->getServiceDebugInfo(kServer, &infos).exceptionCode() == Status::EX_SECURITY);
  CHECK(manager->registerClientCallback(kClient, "ok.x", service, new_binder()).exceptionCode() ==
        Status::EX_SECURITY);
  CHECK(manager->tryUnregisterService(kClient, "ok.x", service).exceptionCode() == Status::EX_SECURITY);
}

TEST_CASE("isolated users see only what is for them", "[manager]") {
  FakeDriver driver;
  Access::Policy policy;
  policy.isolated = {{99000, 99999}};
  const sp<ServiceManager> manager(
      new ServiceManager(driver, Access(kOwnUid, std::move(policy)), Declarations()));
  const Caller isolated{30, 99500, {}};
  REQUIRE(manager->addService(kServer, "open", new_binder(), true, kPriority).isOk());
  REQUIRE(manager->addService(kServer, "closed", new_binder(), false, kPriority).isOk());
  CHECK(manager->getService(isolated, "open").service != nullptr);
  CHECK(manager->getService(isolated, "closed").service == nullptr);
  CHECK(manager->getService(kClient, "closed").service != nullptr);
  CHECK(manager->registerForNotifications(isolated, "open", new_binder()).exceptionCode() ==
        Status::EX_SECURITY);
}

TEST_CASE_METHOD(Fixture, "a service hears of its first client and later of the last one",
                 "[manager][clients]") {
  const auto service = add("lazy");
  const auto callback = new_binder();
  REQUIRE(manager->registerClientCallback(kServer, "lazy", service, callback).isOk());
  CHECK(driver.take_clients().empty());
  manager->handleClientCallbacks();
  CHECK(driver.take_clients().empty());

  // Asking for it makes a client, before the driver can know.
  CHECK(find("lazy") == service);
  auto told = driver.take_clients();
  REQUIRE(told.size() == 1);
  CHECK(told[0].has_clients);
  CHECK(told[0].service == service);
  CHECK(told[0].callback == callback);

  driver.set_holders(service, 1);
  manager->handleClientCallbacks();
  manager->handleClientCallbacks();
  CHECK(driver.take_clients().empty());

  driver.set_holders(service, 0);
  manager->handleClientCallbacks();
  told = driver.take_clients();
  REQUIRE(told.size() == 1);
  CHECK_FALSE(told[0].has_clients);
}

TEST_CASE_METHOD(Fixture, "a client that was promised keeps the service until the next look",
                 "[manager][clients]") {
  const auto service = add("lazy");
  REQUIRE(manager->registerClientCallback(kServer, "lazy", service, new_binder()).isOk());
  find("lazy");
  CHECK(driver.take_clients().size() == 1);
  CHECK(manager->tryUnregisterService(kServer, "lazy", service).exceptionCode() == Status::EX_ILLEGAL_STATE);
  // The guarantee is used up by this look, which also sees that nobody holds it.
  manager->handleClientCallbacks();
  auto told = driver.take_clients();
  REQUIRE(told.size() == 1);
  CHECK_FALSE(told[0].has_clients);
  driver.set_holders(service, 1);  // the call itself
  CHECK(manager->tryUnregisterService(kServer, "lazy", service).isOk());
  CHECK(find("lazy") == nullptr);
  CHECK(service->links() == 0);
}

TEST_CASE_METHOD(Fixture, "a service in use cannot be unregistered", "[manager][clients]") {
  const auto service = add("lazy");
  REQUIRE(manager->registerClientCallback(kServer, "lazy", service, new_binder()).isOk());
  driver.set_holders(service, 2);  // a client and the call
  CHECK(manager->tryUnregisterService(kServer, "lazy", service).exceptionCode() == Status::EX_ILLEGAL_STATE);
  CHECK(find("lazy") == service);
}

TEST_CASE_METHOD(Fixture, "only the service itself may count its clients or leave", "[manager][clients]") {
  const auto service = add("lazy");
  const Caller other{kServer.pid + 1, kOwnUid, {}};
  CHECK(manager->registerClientCallback(other, "lazy", service, new_binder()).exceptionCode() ==
        Status::EX_UNSUPPORTED_OPERATION);
  CHECK(manager->tryUnregisterService(other, "lazy", service).exceptionCode() ==
        Status::EX_UNSUPPORTED_OPERATION);
  CHECK(manager->registerClientCallback(kServer, "lazy", new_binder(), new_binder()).exceptionCode() ==
        Status::EX_ILLEGAL_ARGUMENT);
  CHECK(manager->registerClientCallback(kServer, "none", service, new_binder()).exceptionCode() ==
        Status::EX_ILLEGAL_ARGUMENT);
  CHECK(manager->registerClientCallback(kServer, "lazy", service, nullptr).exceptionCode() ==
        Status::EX_NULL_POINTER);
  CHECK(manager->tryUnregisterService(kServer, "lazy", new_binder()).exceptionCode() ==
        Status::EX_ILLEGAL_STATE);
  CHECK(manager->tryUnregisterService(kServer, "none", service).exceptionCode() == Status::EX_ILLEGAL_STATE);
  CHECK(manager->tryUnregisterService(kServer, "lazy", nullptr).exceptionCode() == Status::EX_NULL_POINTER);
}

TEST_CASE_METHOD(Fixture, "dead client callbacks are forgotten", "[manager][clients]") {
  const auto service = add("lazy");
  const auto callback = new_binder();
  REQUIRE(manager->registerClientCallback(kServer, "lazy", service, callback).isOk());
  callback->die();
  find("lazy");
  CHECK(driver.take_clients().empty());
  manager->handleClientCallbacks();
  CHECK(driver.take_clients().empty());
}

TEST_CASE_METHOD(Fixture, "those who wait for a lazy service are its clients", "[manager][clients]") {
  const auto waiting = new_binder();
  REQUIRE(manager->registerForNotifications(kClient, "lazy", waiting).isOk());
  const auto service = add("lazy");
  REQUIRE(manager->registerClientCallback(kServer, "lazy", service, new_binder()).isOk());
  const auto told = driver.take_clients();
  REQUIRE(told.size() == 1);
  CHECK(told[0].has_clients);
}

TEST_CASE_METHOD(Fixture, "services without client callbacks cost no question to the driver",
                 "[manager][clients]") {
  for (int i = 0; i < 100; ++i) add("s" + std::to_string(i));
  find("s5");
  manager->handleClientCallbacks();
  CHECK(driver.questions() == 0);
}

TEST_CASE("declared services are known without running", "[manager]") {
  FakeDriver driver;
  const sp<ServiceManager> manager(new ServiceManager(driver, Access(kOwnUid),
                                                      read_declarations(R"(
    [[service]]
    name = "a.IFoo/default"
    apex = "com.a"
    [[service]]
    name = "a.IFoo/other"
    ip = "192.0.2.1"
    port = 4711
    [[service]]
    name = "a.IBar/default"
    accessor = "a.accessor"
  )",
                                                                        "declarations")));
  bool declared = false;
  CHECK((manager->isDeclared(kClient, "a.IFoo/default", &declared).isOk() && declared));
  CHECK((manager->isDeclared(kClient, "a.IFoo/none", &declared).isOk() && !declared));
  std::vector<std::string> texts;
  REQUIRE(manager->getDeclaredInstances(kClient, "a.IFoo", &texts).isOk());
  CHECK(texts == std::vector<std::string>{"default", "other"});
  REQUIRE(manager->getUpdatableNames(kClient, "com.a", &texts).isOk());
  CHECK(texts == std::vector<std::string>{"a.IFoo/default"});
  std::optional<std::string> apex;
  CHECK((manager->updatableViaApex(kClient, "a.IFoo/default", &apex).isOk() && apex == "com.a"));
  CHECK((manager->updatableViaApex(kClient, "a.IFoo/other", &apex).isOk() && !apex));
  std::optional<android::manager::ConnectionInfo> info;
  REQUIRE(manager->getConnectionInfo(kClient, "a.IFoo/other", &info).isOk());
  REQUIRE(info);
  CHECK(info->ip_address == "192.0.2.1");
  CHECK(info->port == 4711);
  CHECK((manager->getConnectionInfo(kClient, "a.IFoo/default", &info).isOk() && !info));

  const auto accessor = new_binder();
  REQUIRE(manager->addService(kServer, "a.accessor", accessor, false, kPriority).isOk());
  const auto found = manager->getService2(kClient, "a.IBar/default");
  CHECK(found.tag == FoundUnion::Tag::accessor);
  CHECK(found.accessor == accessor);
  CHECK(manager->getService2(kClient, "a.IFoo/default").tag == FoundUnion::Tag::service_with_metadata);

  // A binder that promises to be stable has to be declared.
  const auto stable = new_binder();
  android::internal::Stability::markVintf(stable.get());
  CHECK(manager->addService(kServer, "a.IFoo/undeclared", stable, false, kPriority).exceptionCode() ==
        Status::EX_ILLEGAL_ARGUMENT);
  CHECK(manager->addService(kServer, "a.IFoo/default", stable, false, kPriority).isOk());
}

TEST_CASE_METHOD(Fixture, "rights of others can be asked by those who have them", "[manager]") {
  bool allowed = true;
  const android::manager::CallerContext other{"", 20, 2000};
  CHECK((manager->checkServiceAccess(kServer, other, "x", "find", &allowed).isOk() && allowed));
  CHECK(manager->checkServiceAccess(kServer, other, "x", "add", &allowed).exceptionCode() ==
        Status::EX_SECURITY);
  CHECK_FALSE(allowed);
  CHECK(manager->checkServiceAccess(kClient, {"", 10, kOwnUid}, "x", "add", &allowed).exceptionCode() ==
        Status::EX_SECURITY);
  CHECK(manager->checkServiceAccess(kServer, other, "x", "fly", &allowed).exceptionCode() ==
        Status::EX_ILLEGAL_ARGUMENT);
}

TEST_CASE_METHOD(Fixture, "lazy services are marked in what is found", "[manager]") {
  add("lazy", kPriority | android::manager::kFlagIsLazyService);
  add("plain");
  CHECK(manager->getService(kClient, "lazy").is_lazy);
  CHECK_FALSE(manager->getService(kClient, "plain").is_lazy);
}

TEST_CASE_METHOD(Fixture, "a hundred thousand services of one process go in one sweep", "[manager]") {
  const auto service = new_binder();
  constexpr int kMany = 100'000;
  for (int i = 0; i < kMany; ++i)
    REQUIRE(manager->addService(kServer, "many." + std::to_string(i), service, false, kPriority).isOk());
  CHECK(manager->size() == kMany);
  CHECK(find("many.77777") == service);
  service->die();
  CHECK(manager->size() == 0);
}

}  // namespace servicemanager::test
