// The dialects on the wire: what each release's clients send and expect, byte by byte, without a device.
//
// The numbers are written out once more here: a table that is wrong in one place is not right in the other.
#include "manager/dialect.h"

#include <binder/IServiceManager.h>
#include <binder/Stability.h>
#include <binder/WireDialect.h>
#include <linux/android/binder.h>

#include <cstring>

#include "manager/callbacks.h"
#include "manager/dialect_choice.h"
#include "manager/manager_proxy.h"
#include "servicemanager/driver.h"
#include "servicemanager/manager_binder.h"
#include "test/servicemanager/fakes.h"
#include "test/support/catch.h"

namespace servicemanager::test {
namespace {

using android::BBinder;
using android::IBinder;
using android::OK;
using android::Parcel;
using android::sp;
using android::status_t;
using android::String16;
using android::binder::Status;
using android::internal::Stability;
using android::manager::Dialect;
using android::manager::Method;

constexpr char16_t kDescriptor[] = u"android.os.IServiceManager";
constexpr int32_t kSyst = 0x53595354;
constexpr int kDefaultPriority = 8;
constexpr int kAllPriorities = 15;
const Caller kCaller{10, 0, {}};

// Parcels of this process are in that dialect's layout as long as this lives.
class Speaking {
 public:
  explicit Speaking(const Dialect& dialect) { android::internal::setWireDialect(dialect.wire); }
  ~Speaking() { android::internal::setWireDialect(android::internal::kNewestWireDialect); }
};

const Dialect& dialect(const char* name) {
  const Dialect* found = android::manager::find_dialect(name);
  REQUIRE(found != nullptr);
  return *found;
}

// A manager of one dialect in this process, and requests to it by hand.
struct Scene {
  explicit Scene(const char* name, const char* declarations = "")
      : spoken(dialect(name)),
        registry(new ServiceManager(driver, Access(1000), read_declarations(declarations, "declarations"))),
        manager(new ManagerBinder(spoken, registry, [] { return kCaller; })),
        speaking(spoken) {}

  // The words in front, as that release has them.
  void token(Parcel& data) const {
    const std::string release(spoken.name);
    data.writeInt32(release == "9" ? 0x40 << 16 : static_cast<int32_t>(0x80000000));
    if (release != "9") data.writeInt32(-1);
    if (release != "9" && release != "10") data.writeInt32(kSyst);
    data.writeString16(String16(kDescriptor));
  }
  // A local binder and the word behind it, as the driver would deliver it.
  void binder(Parcel& data, const sp<BBinder>& value, int32_t level = Stability::SYSTEM) const {
    flat_binder_object object{};
    object.hdr.type = BINDER_TYPE_BINDER;
    if (value != nullptr) {
      object.binder = reinterpret_cast<uintptr_t>(value->getWeakRefs());
      object.cookie = reinterpret_cast<uintptr_t>(value.get());
    }
    data.writeObject(object, false);
    const std::string release(spoken.name);
    if (release == "9" || release == "10") return;
    if (value == nullptr) level = Stability::UNDECLARED;
    data.writeInt32(release == "12" ? (level << 24) | 1 : level);
  }
  // What is behind the object at the cursor of a reply.
  sp<IBinder> read_binder(const Parcel& reply) const {
    const flat_binder_object* place = reply.readObject(false);
    REQUIRE(place != nullptr);
    flat_binder_object object;  // parcels align to four bytes only
    std::memcpy(&object, static_cast<const void*>(place), sizeof(object));
    REQUIRE(object.hdr.type == BINDER_TYPE_BINDER);
    const std::string release(spoken.name);
    const int32_t level = object.binder == 0 ? Stability::UNDECLARED : Stability::SYSTEM;
    if (release == "12") {
      CHECK(reply.readInt32() == ((level << 24) | 1));
    } else if (release != "9" && release != "10") {
      CHECK(reply.readInt32() == level);
    }
    return sp<IBinder>(reinterpret_cast<BBinder*>(object.cookie));
  }

  FakeDriver driver;
  const Dialect& spoken;
  const sp<ServiceManager> registry;
  const sp<ManagerBinder> manager;
  const Speaking speaking;
};

std::vector<std::string> names_of_dialects() {
  std::vector<std::string> names;
  for (const Dialect& each : android::manager::dialects()) names.emplace_back(each.name);
  return names;
}

}  // namespace

TEST_CASE("every release has the transaction codes of its IServiceManager", "[dialect]") {
  using enum Method;
  struct Row {
    Method method;
    // 0: not there. By release: 9 and 10, 11, 12, 13, 14, 15, 16
    std::array<uint32_t, 7> codes;
  };
  const Row rows[] = {
      {getService, {1, 1, 1, 1, 1, 1, 1}},
      {getService2, {0, 0, 0, 0, 0, 2, 2}},
      {checkService, {2, 2, 2, 2, 2, 0, 3}},
      {checkService2, {0, 0, 0, 0, 0, 3, 4}},
      {addService, {3, 3, 3, 3, 3, 4, 5}},
      {listServices, {4, 4, 4, 4, 4, 5, 6}},
      {registerForNotifications, {0, 5, 5, 5, 5, 6, 7}},
      {unregisterForNotifications, {0, 6, 6, 6, 6, 7, 8}},
      {isDeclared, {0, 7, 7, 7, 7, 8, 9}},
      {getDeclaredInstances, {0, 0, 8, 8, 8, 9, 10}},
      {updatableViaApex, {0, 0, 9, 9, 9, 10, 11}},
      {getUpdatableNames, {0, 0, 0, 0, 10, 11, 12}},
      {getConnectionInfo, {0, 0, 0, 10, 11, 12, 13}},
      {registerClientCallback, {0, 8, 10, 11, 12, 13, 14}},
      {tryUnregisterService, {0, 9, 11, 12, 13, 14, 15}},
      {getServiceDebugInfo, {0, 0, 12, 13, 14, 15, 16}},
      {checkServiceAccess, {0, 0, 0, 0, 0, 0, 17}},
  };
  const std::pair<const char*, size_t> columns[] = {{"9", 0},  {"10", 0}, {"11", 1}, {"12", 2},
                                                    {"13", 3}, {"14", 4}, {"15", 5}, {"16", 6}};
  for (const auto& [name, column] : columns) {
    const Dialect& spoken = dialect(name);
    size_t count = 0;
    for (const Row& row : rows) {
      INFO(name << ", method " << static_cast<int>(row.method));
      const uint32_t code = row.codes[column];
      CHECK(spoken.code(row.method).value_or(0) == code);
      if (code == 0) continue;
      ++count;
      CHECK(spoken.method(code) == row.method);
    }
    CHECK(spoken.methods.size() == count);
    CHECK_FALSE(spoken.method(0));
    CHECK_FALSE(spoken.method(static_cast<uint32_t>(count) + 1));
    CHECK_FALSE(spoken.method(IBinder::PING_TRANSACTION));
  }
  CHECK(android::manager::find_dialect("newest") == &dialect("16"));
  CHECK(android::manager::find_dialect("8") == nullptr);
}

TEST_CASE("a service is added, found and listed in every dialect", "[dialect]") {
  const std::string name = GENERATE(from_range(names_of_dialects()));
  INFO("dialect " << name);
  Scene scene(name.c_str());
  const bool is_c_program = name == "9" || name == "10";
  const uint32_t add = name == "16" ? 5 : name == "15" ? 4 : 3;
  const uint32_t list = name == "16" ? 6 : name == "15" ? 5 : 4;
  const auto service = new_binder();
  {
    Parcel data, reply;
    scene.token(data);
    data.writeString16(String16("some.service"));
    scene.binder(data, service);
    data.writeInt32(0);
    data.writeInt32(kDefaultPriority);
    REQUIRE(scene.manager->transact(add, data, &reply) == OK);
    CHECK(reply.dataSize() == 4);
    CHECK(reply.readInt32() == 0);
  }
  {  // getService is 1 everywhere, and gives a plain binder everywhere
    Parcel data, reply;
    scene.token(data);
    data.writeString16(String16("some.service"));
    REQUIRE(scene.manager->transact(1, data, &reply) == OK);
    if (!is_c_program) CHECK(reply.readInt32() == 0);
    CHECK(scene.read_binder(reply) == service);
    CHECK(reply.dataAvail() == 0);
  }
  {
    Parcel data, reply;
    scene.token(data);
    data.writeString16(String16("no.service"));
    REQUIRE(scene.manager->transact(1, data, &reply) == OK);
    CHECK(reply.readInt32() == 0);  // no exception; or the C program's word for "not there"
    if (is_c_program)
      CHECK(reply.dataAvail() == 0);
    else
      CHECK(scene.read_binder(reply) == nullptr);
  }
  {
    Parcel data, reply;
    scene.token(data);
    if (is_c_program) data.writeInt32(0);  // the index
    data.writeInt32(kAllPriorities);
    REQUIRE(scene.manager->transact(list, data, &reply) == OK);
    if (!is_c_program) {
      CHECK(reply.readInt32() == 0);
      CHECK(reply.readInt32() == 1);  // how many
    }
    CHECK(reply.readString16() == String16("some.service"));
    CHECK(reply.dataAvail() == 0);
  }
  if (is_c_program) {
    Parcel data, reply;
    scene.token(data);
    data.writeInt32(1);
    data.writeInt32(kAllPriorities);
    CHECK(scene.manager->transact(list, data, &reply) == -1);
  }
}

TEST_CASE("newer releases answer with a union", "[dialect]") {
  const auto [name, code] =
      GENERATE(table<const char*, uint32_t>({{"15", 2}, {"15", 3}, {"16", 2}, {"16", 4}}));
  INFO("dialect " << name << ", code " << code);
  Scene scene(name, "[[service]]\nname = 'by.accessor'\naccessor = 'the.accessor'\n");
  const auto service = new_binder();
  REQUIRE(scene.registry
              ->addService(kCaller, "lazy", service, false,
                           kDefaultPriority | android::manager::kFlagIsLazyService)
              .isOk());
  {
    Parcel data, reply;
    scene.token(data);
    data.writeString16(String16("lazy"));
    REQUIRE(scene.manager->transact(code, data, &reply) == OK);
    CHECK(reply.readInt32() == 0);  // no exception
    CHECK(reply.readInt32() == 1);  // there is a Service
    CHECK(reply.readInt32() == 0);  // its tag: serviceWithMetadata
    CHECK(reply.readInt32() == 1);  // there is a ServiceWithMetadata
    const size_t start = reply.dataPosition();
    CHECK(reply.readInt32() == 4 + 24 + 4 + 4);
    CHECK(scene.read_binder(reply) == service);
    CHECK(reply.readInt32() == 1);  // lazy
    CHECK(reply.dataPosition() - start == 4 + 24 + 4 + 4);
    CHECK(reply.dataAvail() == 0);
  }
  REQUIRE(scene.registry->addService(kCaller, "the.accessor", service, false, kDefaultPriority).isOk());
  {
    Parcel data, reply;
    scene.token(data);
    data.writeString16(String16("by.accessor"));
    REQUIRE(scene.manager->transact(code, data, &reply) == OK);
    CHECK(reply.readInt32() == 0);
    CHECK(reply.readInt32() == 1);
    CHECK(reply.readInt32() == 1);  // its tag: accessor
    CHECK(scene.read_binder(reply) == service);
    CHECK(reply.dataAvail() == 0);
  }
}

TEST_CASE("Android 16 keeps a plain checkService", "[dialect]") {
  Scene scene("16");
  const auto service = new_binder();
  REQUIRE(scene.registry->addService(kCaller, "x", service, false, kDefaultPriority).isOk());
  Parcel data, reply;
  scene.token(data);
  data.writeString16(String16("x"));
  REQUIRE(scene.manager->transact(3, data, &reply) == OK);
  CHECK(reply.readInt32() == 0);
  CHECK(scene.read_binder(reply) == service);
}

TEST_CASE("requests that are not one are refused as that release does it", "[dialect]") {
  const std::string name = GENERATE(from_range(names_of_dialects()));
  INFO("dialect " << name);
  Scene scene(name.c_str());
  const bool is_c_program = name == "9" || name == "10";
  const auto ask = [&](uint32_t code, const Parcel& data, Parcel& reply) {
    return scene.manager->transact(code, data, &reply);
  };
  SECTION("another interface") {
    Parcel data, reply;
    const auto wire_of_others = String16("android.os.IOther");
    data.writeInterfaceToken(wire_of_others);
    data.writeString16(String16("x"));
    CHECK(ask(1, data, reply) == (is_c_program ? -1 : android::BAD_TYPE));
  }
  SECTION("no bytes at all") {
    Parcel data, reply;
    CHECK(ask(1, data, reply) == (is_c_program ? -1 : android::BAD_TYPE));
  }
  SECTION("an unknown code") {
    Parcel data, reply;
    scene.token(data);
    CHECK(ask(1000, data, reply) == (is_c_program ? -1 : android::UNKNOWN_TRANSACTION));
  }
  SECTION("arguments that end early") {
    const size_t whole = [&] {
      Parcel data;
      scene.token(data);
      data.writeString16(String16("some.service"));
      return data.dataSize();
    }();
    for (size_t size = 0; size < whole; size += 4) {
      Parcel data, reply;
      scene.token(data);
      data.writeString16(String16("some.service"));
      data.setDataSize(size);
      INFO(size << " bytes");
      const status_t status = ask(1, data, reply);
      // A text that is missing counts as null, which generated code answers with an exception.
      const bool is_null_answer = status == OK && reply.readInt32() == Status::EX_NULL_POINTER;
      CHECK((status != OK || is_null_answer));
    }
    CHECK(scene.registry->size() == 0);
  }
  SECTION("null where a binder is needed") {
    Parcel data, reply;
    scene.token(data);
    data.writeString16(String16("some.service"));
    scene.binder(data, nullptr);
    data.writeInt32(0);
    data.writeInt32(kDefaultPriority);
    const status_t status = ask(*scene.spoken.code(Method::addService), data, reply);
    if (is_c_program) {
      CHECK(status == -1);
    } else {
      CHECK(status == OK);
      CHECK(reply.readInt32() == Status::EX_NULL_POINTER);
    }
  }
  SECTION("more bytes than arguments") {
    Parcel data, reply;
    scene.token(data);
    data.writeString16(String16("x"));
    data.writeInt32(1);
    REQUIRE(ask(1, data, reply) == OK);
    const bool is_strict = !is_c_program && name != "11" && name != "12";
    CHECK(reply.readInt32() == (is_strict ? Status::EX_BAD_PARCELABLE : 0));
  }
  SECTION("a name that is none") {
    Parcel data, reply;
    scene.token(data);
    data.writeString16(String16("not a name"));
    scene.binder(data, new_binder());
    data.writeInt32(0);
    data.writeInt32(kDefaultPriority);
    const status_t status = ask(*scene.spoken.code(Method::addService), data, reply);
    if (is_c_program) {
      CHECK(status == -1);
    } else {
      CHECK(status == OK);
      CHECK(reply.readInt32() == Status::EX_ILLEGAL_ARGUMENT);
    }
  }
  SECTION("random bytes") {
    uint32_t state = 12345;
    for (int round = 0; round < 2000; ++round) {
      Parcel data, reply;
      if (round % 2 == 0) scene.token(data);
      const int words = round % 40;
      for (int i = 0; i < words; ++i) {
        state = state * 1664525 + 1013904223;
        data.writeInt32(round % 3 == 0 ? static_cast<int32_t>(state >> 28) : static_cast<int32_t>(state));
      }
      (void)ask(1 + static_cast<uint32_t>(round) % 18, data, reply);
    }
    CHECK(scene.registry->size() == 0);
  }
}

TEST_CASE("libbinder's client and the manager understand each other in every dialect", "[dialect]") {
  const std::string name = GENERATE(from_range(names_of_dialects()));
  INFO("dialect " << name);
  Scene scene(name.c_str(), R"(
    [[service]]
    name = "a.IFoo/default"
    apex = "com.a"
    ip = "192.0.2.1"
    port = 4711
  )");
  android::manager::ManagerProxy proxy(scene.spoken, scene.manager, [] { return sp<IBinder>(); });
  const auto service = new_binder();
  android::manager::FoundService found;
  REQUIRE(proxy.find("x", false, &found).isOk());
  CHECK(found.service == nullptr);
  REQUIRE(proxy.addService("x", service, false, kDefaultPriority).isOk());
  REQUIRE(
      proxy.addService("y", service, false, kDefaultPriority | android::manager::kFlagIsLazyService).isOk());
  for (const bool start : {false, true}) {
    REQUIRE(proxy.find("y", start, &found).isOk());
    CHECK(found.service == service);
    CHECK(found.is_lazy == (name == "15" || name == "16"));
  }
  std::vector<std::string> names;
  REQUIRE(proxy.listServices(kAllPriorities, &names).isOk());
  CHECK(names == std::vector<std::string>{"x", "y"});
  CHECK_FALSE(proxy.addService("not a name", service, false, kDefaultPriority).isOk());

  // What the release has works; what it does not have says so.
  const auto result = [&](Method method, const Status& status) {
    INFO("method " << static_cast<int>(method) << ": " << status.toString8().c_str());
    if (scene.spoken.has(method)) {
      CHECK(status.isOk());
    } else {
      CHECK(status.transactionError() == android::INVALID_OPERATION);
    }
    return scene.spoken.has(method);
  };
  bool declared = false;
  if (result(Method::isDeclared, proxy.isDeclared("a.IFoo/default", &declared))) CHECK(declared);
  if (result(Method::getDeclaredInstances, proxy.getDeclaredInstances("a.IFoo", &names)))
    CHECK(names == std::vector<std::string>{"default"});
  std::optional<std::string> apex;
  if (result(Method::updatableViaApex, proxy.updatableViaApex("a.IFoo/default", &apex))) {
    CHECK(apex == "com.a");
    REQUIRE(proxy.updatableViaApex("a.IFoo/none", &apex).isOk());
    CHECK_FALSE(apex);
  }
  if (result(Method::getUpdatableNames, proxy.getUpdatableNames("com.a", &names)))
    CHECK(names == std::vector<std::string>{"a.IFoo/default"});
  std::optional<android::manager::ConnectionInfo> info;
  if (result(Method::getConnectionInfo, proxy.getConnectionInfo("a.IFoo/default", &info))) {
    REQUIRE(info);
    CHECK(info->ip_address == "192.0.2.1");
    CHECK(info->port == 4711);
    REQUIRE(proxy.getConnectionInfo("a.IFoo/none", &info).isOk());
    CHECK_FALSE(info);
  }
  std::vector<android::manager::DebugInfo> infos;
  if (result(Method::getServiceDebugInfo, proxy.getServiceDebugInfo(&infos))) {
    REQUIRE(infos.size() == 2);
    CHECK(infos[1].name == "y");
    CHECK(infos[1].pid == kCaller.pid);
  }
  const auto callback = new_binder();
  if (result(Method::registerForNotifications, proxy.registerForNotifications("x", callback))) {
    const auto told = scene.driver.take_registrations();
    REQUIRE(told.size() == 1);
    CHECK(told[0].callback == callback);
    CHECK(told[0].service == service);
  }
  result(Method::unregisterForNotifications, proxy.unregisterForNotifications("x", callback));
  result(Method::registerClientCallback, proxy.registerClientCallback("x", service, callback));
  scene.registry->handleClientCallbacks();
  scene.driver.set_holders(service, 1);
  result(Method::tryUnregisterService, proxy.tryUnregisterService("x", service));
  bool allowed = false;
  if (result(Method::checkServiceAccess, proxy.checkServiceAccess({"", 1, 0}, "x", "find", &allowed)))
    CHECK(allowed);
}

TEST_CASE("callbacks arrive in every dialect", "[dialect]") {
  const std::string name = GENERATE(from_range(names_of_dialects()));
  INFO("dialect " << name);
  const Speaking speaking(dialect(name.c_str()));
  Driver driver;  // the real one: callbacks of this process need no device
  const auto service = new_binder();
  std::string told_name;
  sp<IBinder> told_service;
  const sp<IBinder> registration(
      new android::manager::ServiceCallback([&](const std::string& its_name, const sp<IBinder>& its_service) {
        told_name = its_name;
        told_service = its_service;
      }));
  driver.send_registration(registration, "some.service", service);
  CHECK(told_name == "some.service");
  CHECK(told_service == service);

  bool told_clients = false;
  told_service = nullptr;
  const sp<IBinder> clients(
      new android::manager::ClientCallback([&](const sp<IBinder>& its_service, bool has_clients) {
        told_service = its_service;
        told_clients = has_clients;
      }));
  driver.send_clients(clients, service, true);
  CHECK(told_service == service);
  CHECK(told_clients);

  // Something else is not taken for a callback.
  Parcel data;
  data.writeInterfaceToken(String16("android.os.IOther"));
  CHECK(registration->transact(1, data, nullptr, IBinder::FLAG_ONEWAY) == android::BAD_TYPE);
  CHECK(clients->transact(1, data, nullptr, IBinder::FLAG_ONEWAY) == android::BAD_TYPE);
  CHECK(registration->getInterfaceDescriptor() == String16("android.os.IServiceCallback"));
  CHECK(clients->getInterfaceDescriptor() == String16("android.os.IClientCallback"));
}

TEST_CASE("the file of dialects is read line by line", "[dialect]") {
  const auto choose = [](const std::string& text, const std::string& device) -> std::string {
    std::string problem;
    const Dialect* found = android::manager::dialect_from_file(text, device, problem);
    return (found != nullptr ? std::string(found->name) : "none") +
           (problem.empty() ? "" : ", " + problem.substr(0, 6));
  };
  const std::string text = "# comment\n\n/dev/vndbinder 12 # old\n/srv/*/binder 9\n/dev/* newest\n";
  CHECK(choose(text, "/dev/vndbinder") == "12");
  CHECK(choose(text, "/srv/a/binder") == "9");
  CHECK(choose(text, "/srv/a/b/binder") == "none");
  CHECK(choose(text, "/dev/binder") == "16");
  CHECK(choose(text, "/else") == "none");
  CHECK(choose("/dev/binder 8\n/dev/binder 11\n", "/dev/binder") == "11, line 1");
  CHECK(choose("/dev/binder\n", "/dev/binder") == "none, line 1");
  CHECK(choose("/dev/binder 11 12\n", "/dev/binder") == "none, line 1");
}

TEST_CASE("a client goes to the new manager when the old one is dead", "[dialect]") {
  class Gone final : public BBinder {
   public:
    bool isBinderAlive() const override { return false; }
  };
  Scene scene("16");
  int questions = 0;
  android::manager::ManagerProxy proxy(scene.spoken, sp<IBinder>(new Gone()), [&]() -> sp<IBinder> {
    ++questions;
    return scene.manager;
  });
  std::vector<std::string> names;
  CHECK(proxy.listServices(kAllPriorities, &names).isOk());
  CHECK(proxy.listServices(kAllPriorities, &names).isOk());
  CHECK(questions == 1);

  android::manager::ManagerProxy alone(scene.spoken, nullptr, [] { return sp<IBinder>(); });
  CHECK(alone.listServices(kAllPriorities, &names).transactionError() == android::DEAD_OBJECT);
}

}  // namespace servicemanager::test
