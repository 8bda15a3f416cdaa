// Objects that travel: identity, callbacks, references, deaths, and who is calling.
#include <aidl/cuse/test/BnCallback.h>
#include <aidl/cuse/test/BpLogged.h>
#include <android/binder_libbinder.h>
#include <binder/IPCThreadState.h>
#include <binder/IResultReceiver.h>
#include <binder/IShellCallback.h>
#include <fcntl.h>
#include <json/value.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "scene.h"
#include "test/support/catch.h"

using aidl::cuse::test::BpLogged;
using aidl::cuse::test::ICallback;
using aidl::cuse::test::IEverything;
using aidl::cuse::test::ILogged;
using cuse_binder::test::everything;
using cuse_binder::test::service_binder;
using cuse_binder::test::start_service;
using cuse_binder::test::Tally;
using ndk::ScopedAIBinder_DeathRecipient;
using ndk::ScopedAIBinder_Weak;
using ndk::ScopedAStatus;
using ndk::ScopedFileDescriptor;
using ndk::SpAIBinder;

namespace {

class Callback final : public aidl::cuse::test::BnCallback {
 public:
  ScopedAStatus ask(int32_t question, int32_t* answer) override {
    served_nested = AIBinder_isHandlingTransaction();
    asker = AIBinder_getCallingPid();
    *answer = question * 2;
    return ScopedAStatus::ok();
  }
  ScopedAStatus tell(int32_t what) override {
    last_told = what;
    oneway_caller = AIBinder_getCallingPid();
    told.add();
    return ScopedAStatus::ok();
  }

  std::atomic<bool> served_nested{false};
  std::atomic<pid_t> asker{0};
  std::atomic<pid_t> oneway_caller{-1};
  std::atomic<int32_t> last_told{-1};
  Tally told;
};

// What a death recipient is linked with.
struct Watch {
  Tally died;
  Tally unlinked;

  static void on_died(void* cookie) { static_cast<Watch*>(cookie)->died.add(); }
  static void on_unlinked(void* cookie) { static_cast<Watch*>(cookie)->unlinked.add(); }
  static ScopedAIBinder_DeathRecipient recipient() {
    ScopedAIBinder_DeathRecipient made(AIBinder_DeathRecipient_new(on_died));
    AIBinder_DeathRecipient_setOnUnlinked(made.get(), on_unlinked);
    return made;
  }
};

}  // namespace

TEST_CASE("an object of this process comes back as itself", "[objects][identity]") {
  const auto service = everything();
  const auto callback = ndk::SharedRefBase::make<Callback>();
  SpAIBinder binder;
  REQUIRE(service->echoBinder(callback->asBinder(), &binder).isOk());
  CHECK(binder == callback->asBinder());
  std::shared_ptr<ICallback> back;
  REQUIRE(service->echoCallback(callback, &back).isOk());
  CHECK(back == callback);
  CHECK_FALSE(back->isRemote());
  REQUIRE(service->echoMaybeBinder(nullptr, &binder).isOk());
  CHECK(binder.get() == nullptr);
  CHECK(service->echoBinder(nullptr, &binder).getStatus() == STATUS_UNEXPECTED_NULL);
}

TEST_CASE("an object of another process is always the same AIBinder", "[objects][identity]") {
  const auto service = everything();
  SpAIBinder binder;
  REQUIRE(service->echoBinder(service->asBinder(), &binder).isOk());
  CHECK(binder == service->asBinder());
  CHECK(AIBinder_isRemote(binder.get()));
  CHECK(AIBinder_getUserData(binder.get()) == nullptr);
  CHECK(SpAIBinder(AIBinder_fromPlatformBinder(AIBinder_toPlatformBinder(binder.get()))) == binder);
}

TEST_CASE("a remote object's class is checked by its descriptor", "[objects][class]") {
  const auto service = everything();
  SpAIBinder orphan;
  REQUIRE(service->makeOrphan(&orphan).isOk());
  CHECK(IEverything::fromBinder(orphan) == nullptr);
  CHECK(ICallback::fromBinder(service->asBinder()) == nullptr);
  CHECK(IEverything::fromBinder(service->asBinder()) != nullptr);
  CHECK(IEverything::fromBinder(nullptr) == nullptr);
}

TEST_CASE("a client is called back while it waits", "[objects][callback]") {
  const auto service = everything();
  const auto callback = ndk::SharedRefBase::make<Callback>();
  int32_t answer = 0;
  REQUIRE(service->askBack(callback, 21, &answer).isOk());
  CHECK(answer == 42);
  CHECK(callback->served_nested);
  CHECK(callback->asker != getpid());
  CHECK_FALSE(AIBinder_isHandlingTransaction());
}

TEST_CASE("oneway calls come in order", "[objects][callback]") {
  const auto service = everything();
  const auto callback = ndk::SharedRefBase::make<Callback>();
  REQUIRE(service->tellBack(callback).isOk());
  REQUIRE(callback->told.reaches(1));
  const int32_t first = callback->last_told;
  for (int i = 0; i < 100; ++i) REQUIRE(service->tellBack(callback).isOk());
  REQUIRE(callback->told.reaches(101));
  CHECK(callback->last_told == first + 100);
  CHECK(callback->oneway_caller == 0);
}

TEST_CASE("a callback lives as long as the other process has it", "[objects][references]") {
  const auto service = everything();
  std::weak_ptr<Callback> weak;
  {
    const auto callback = ndk::SharedRefBase::make<Callback>();
    weak = callback;
    std::shared_ptr<ICallback> back;
    REQUIRE(service->echoCallback(callback, &back).isOk());
  }
  // The service gives it back some time after its reply; each call makes it tell the driver.
  for (int i = 0; i < 100'000 && !weak.expired(); ++i) {
    bool result = false;
    REQUIRE(service->isServing(&result).isOk());
  }
  CHECK(weak.expired());
}

TEST_CASE("the other process's object goes with its last reference", "[objects][references]") {
  const auto service = everything();
  int32_t before = 0;
  REQUIRE(service->countOrphans(&before).isOk());
  SpAIBinder orphan;
  REQUIRE(service->makeOrphan(&orphan).isOk());
  CHECK(AIBinder_ping(orphan.get()) == STATUS_OK);
  const ScopedAIBinder_Weak weak(AIBinder_Weak_new(orphan.get()));
  int32_t count = 0;
  REQUIRE(service->countOrphans(&count).isOk());
  CHECK(count == before + 1);
  CHECK(weak.promote() == orphan);
  orphan = nullptr;
  CHECK(weak.promote().get() == nullptr);
  for (int i = 0; i < 100'000 && count != before; ++i) REQUIRE(service->countOrphans(&count).isOk());
  CHECK(count == before);
}

TEST_CASE("the service knows its caller", "[objects]") {
  const auto service = everything();
  int32_t uid = -1;
  int32_t pid = -1;
  bool serving = false;
  REQUIRE(service->callingUid(&uid).isOk());
  REQUIRE(service->callingPid(&pid).isOk());
  REQUIRE(service->isServing(&serving).isOk());
  CHECK(uid == static_cast<int32_t>(getuid()));
  CHECK(pid == getpid());
  CHECK(serving);
}

TEST_CASE("a remote object is dumped and commanded", "[objects][dump]") {
  const auto service = everything();
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  const ScopedFileDescriptor reader(ends[0]);
  ScopedFileDescriptor writer(ends[1]);
  const char* args[] = {"one", "zwö"};
  REQUIRE(service->dump(writer.get(), args, 2) == STATUS_OK);
  char buffer[64] = {};
  REQUIRE(read(reader.get(), buffer, sizeof(buffer) - 1) > 0);
  CHECK(buffer == std::string("[one][zwö]"));

  const ScopedFileDescriptor input(open("/dev/null", O_RDONLY | O_CLOEXEC));
  android::Vector<android::String16> words;
  words.push(android::String16("do"));
  // The command's result goes to the receiver: as the result of a transaction it would have to be an error.
  struct Receiver final : android::BnResultReceiver {
    void send(int32_t code) override {
      result = code;
      received.add();
    }
    std::atomic<int32_t> result{-1};
    Tally received;
  };
  const android::sp<Receiver> receiver(new Receiver);
  REQUIRE(android::IBinder::shellCommand(AIBinder_toPlatformBinder(service->asBinder().get()), input.get(),
                                         writer.get(), writer.get(), words, nullptr,
                                         receiver) == android::OK);
  CHECK(receiver->received.reaches(1));
  CHECK(receiver->result == 1);
  std::fill(std::begin(buffer), std::end(buffer), 0);
  REQUIRE(read(reader.get(), buffer, sizeof(buffer) - 1) > 0);
  CHECK(buffer == std::string("<do>"));
}

TEST_CASE("who dies is reported once, with every cookie", "[objects][death]") {
  const auto program = start_service("cuse.test.mortal");
  SpAIBinder binder = service_binder("cuse.test.mortal");
  REQUIRE(binder.get() != nullptr);
  CHECK(AIBinder_isAlive(binder.get()));
  Watch first;
  Watch second;
  Watch removed;
  const ScopedAIBinder_DeathRecipient recipient = Watch::recipient();
  REQUIRE(AIBinder_linkToDeath(binder.get(), recipient.get(), &first) == STATUS_OK);
  REQUIRE(AIBinder_linkToDeath(binder.get(), recipient.get(), &second) == STATUS_OK);
  REQUIRE(AIBinder_linkToDeath(binder.get(), recipient.get(), &removed) == STATUS_OK);
  REQUIRE(AIBinder_unlinkToDeath(binder.get(), recipient.get(), &removed) == STATUS_OK);
  CHECK(AIBinder_unlinkToDeath(binder.get(), recipient.get(), &removed) == STATUS_NAME_NOT_FOUND);
  CHECK(removed.unlinked.reaches(1));
  program->signal(SIGKILL);
  CHECK(first.died.reaches(1));
  CHECK(second.died.reaches(1));
  CHECK(first.unlinked.reaches(1));
  CHECK(second.unlinked.reaches(1));
  CHECK_FALSE(AIBinder_isAlive(binder.get()));
  CHECK(AIBinder_ping(binder.get()) == STATUS_DEAD_OBJECT);
  Watch late;
  CHECK(AIBinder_linkToDeath(binder.get(), recipient.get(), &late) == STATUS_DEAD_OBJECT);
  CHECK(late.unlinked.count() == 1);
  CHECK(removed.died.count() == 0);
  CHECK((first.died.count() == 1 && second.died.count() == 1));
  CHECK((first.unlinked.count() == 1 && second.unlinked.count() == 1 && removed.unlinked.count() == 1));
}

TEST_CASE("a deleted recipient is not told", "[objects][death]") {
  const auto program = start_service("cuse.test.mortal");
  const SpAIBinder binder = service_binder("cuse.test.mortal");
  Watch deleted;
  Watch told;
  {
    const ScopedAIBinder_DeathRecipient recipient = Watch::recipient();
    REQUIRE(AIBinder_linkToDeath(binder.get(), recipient.get(), &deleted) == STATUS_OK);
  }
  CHECK(deleted.unlinked.reaches(1));
  const ScopedAIBinder_DeathRecipient recipient = Watch::recipient();
  REQUIRE(AIBinder_linkToDeath(binder.get(), recipient.get(), &told) == STATUS_OK);
  program->signal(SIGKILL);
  CHECK(told.died.reaches(1));
  CHECK(told.unlinked.reaches(1));  // it points into this frame
  CHECK(deleted.died.count() == 0);
}

TEST_CASE("a link ends with the binder it is of", "[objects][death]") {
  const auto program = start_service("cuse.test.mortal");
  SpAIBinder binder = service_binder("cuse.test.mortal");
  // The object stays for others; this AIBinder goes.
  const android::sp<android::IBinder> platform = AIBinder_toPlatformBinder(binder.get());
  Watch gone;
  Watch told;
  const ScopedAIBinder_DeathRecipient recipient = Watch::recipient();
  REQUIRE(AIBinder_linkToDeath(binder.get(), recipient.get(), &gone) == STATUS_OK);
  binder = nullptr;
  CHECK(gone.unlinked.reaches(1));
  binder.set(AIBinder_fromPlatformBinder(platform));
  REQUIRE(AIBinder_linkToDeath(binder.get(), recipient.get(), &told) == STATUS_OK);
  program->signal(SIGKILL);
  CHECK(told.died.reaches(1));
  CHECK(told.unlinked.reaches(1));  // it points into this frame
  CHECK(gone.died.count() == 0);
}

TEST_CASE("a call to who is dead fails", "[objects][death]") {
  const auto program = start_service("cuse.test.mortal");
  const auto service = IEverything::fromBinder(service_binder("cuse.test.mortal"));
  REQUIRE(service != nullptr);
  Watch watch;
  const ScopedAIBinder_DeathRecipient recipient = Watch::recipient();
  REQUIRE(AIBinder_linkToDeath(service->asBinder().get(), recipient.get(), &watch) == STATUS_OK);
  REQUIRE(service->die().isOk());
  REQUIRE(watch.died.reaches(1));
  REQUIRE(watch.unlinked.reaches(1));  // it points into this frame
  int32_t result = 0;
  const ScopedAStatus status = service->echoInt(1, &result);
  CHECK(status.getExceptionCode() == EX_TRANSACTION_FAILED);
  CHECK(status.getStatus() == STATUS_DEAD_OBJECT);
}

TEST_CASE("freezing is reported, and what it is at first", "[objects][frozen]") {
  struct Frost {
    Tally frozen;
    Tally thawed;
    Tally unlinked;
    static void on_changed(void* cookie, bool is_frozen) {
      auto* self = static_cast<Frost*>(cookie);
      (is_frozen ? self->frozen : self->thawed).add();
    }
    static void on_unlinked(void* cookie) { static_cast<Frost*>(cookie)->unlinked.add(); }
  } frost;
  CHECK(AIBinder_FrozenStateChangeCallback_new(nullptr, nullptr) == nullptr);
  ndk::ScopedAIBinder_FrozenStateChangeCallback callback(
      AIBinder_FrozenStateChangeCallback_new(Frost::on_changed, Frost::on_unlinked));

  // Not of an object of this process.
  const auto local = ndk::SharedRefBase::make<Callback>();
  CHECK(AIBinder_addFrozenStateChangeCallback(local->asBinder().get(), callback.get(), &frost) ==
        STATUS_INVALID_OPERATION);
  CHECK(frost.unlinked.count() == 1);

  const auto program = start_service("cuse.test.mortal");
  const SpAIBinder binder = service_binder("cuse.test.mortal");
  REQUIRE(AIBinder_addFrozenStateChangeCallback(binder.get(), callback.get(), &frost) == STATUS_OK);
  REQUIRE(frost.thawed.reaches(1));
  CHECK(frost.frozen.count() == 0);
  REQUIRE(android::IPCThreadState::freeze(program->pid(), true, 10'000) == android::OK);
  CHECK(frost.frozen.reaches(1));
  REQUIRE(android::IPCThreadState::freeze(program->pid(), false, 0) == android::OK);
  CHECK(frost.thawed.reaches(2));
  REQUIRE(AIBinder_removeFrozenStateChangeCallback(binder.get(), callback.get(), &frost) == STATUS_OK);
  CHECK(AIBinder_removeFrozenStateChangeCallback(binder.get(), callback.get(), &frost) ==
        STATUS_NAME_NOT_FOUND);
  CHECK(frost.unlinked.reaches(2));
  REQUIRE(AIBinder_addFrozenStateChangeCallback(binder.get(), callback.get(), &frost) == STATUS_OK);
  callback.set(nullptr);
  CHECK(frost.unlinked.reaches(3));
}

TEST_CASE("many threads call at once", "[objects]") {
  const auto service = everything();
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int32_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int32_t i = 0; i < 200; ++i) {
        int32_t result = 0;
        if (!service->echoInt(t * 1000 + i, &result).isOk() || result != t * 1000 + i) ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(failures == 0);
}

TEST_CASE("logged calls are logged", "[objects][log]") {
  (void)everything();
  const auto logged = ILogged::fromBinder(service_binder("cuse.test.everything.logged"));
  REQUIRE(logged != nullptr);
  std::vector<Json::Value> log;
  BpLogged::logFunc = [&](const Json::Value& entry) { log.push_back(entry); };
  std::vector<int32_t> lengths;
  std::string result;
  REQUIRE(logged->join({"a", "bc"}, 2, &lengths, &result).isOk());
  BpLogged::logFunc = nullptr;
  CHECK(result == "abcabc");
  CHECK(lengths == std::vector<int32_t>{1, 2});
  REQUIRE(log.size() == 1);
  CHECK(log[0]["method_name"].asString() == "join");
  CHECK(log[0]["_aidl_return"].asString() == "abcabc");
}

TEST_CASE("services are found by name, and waited for", "[objects][manager]") {
  (void)everything();
  CHECK(service_binder("cuse.test.nobody").get() == nullptr);
  CHECK(AServiceManager_checkService(nullptr) == nullptr);
  CHECK_FALSE(AServiceManager_isDeclared("cuse.test.everything"));
  CHECK_FALSE(AServiceManager_isUpdatableViaApex("cuse.test.everything"));

  struct Registered {
    Tally times;
    SpAIBinder binder;
    std::string name;
    static void on_register(const char* instance, AIBinder* registered, void* cookie) {
      auto* self = static_cast<Registered*>(cookie);
      self->binder.set(registered);
      self->name = instance;
      self->times.add();
    }
  } registered;
  AServiceManager_NotificationRegistration* registration = AServiceManager_registerForServiceNotifications(
      "cuse.test.awaited", Registered::on_register, &registered);
  REQUIRE(registration != nullptr);
  SpAIBinder waited;
  std::thread waiter([&] { waited.set(AServiceManager_waitForService("cuse.test.awaited")); });
  const auto program = start_service("cuse.test.awaited");
  waiter.join();
  CHECK(registered.times.reaches(1));
  AServiceManager_NotificationRegistration_delete(registration);
  CHECK(waited.get() != nullptr);
  CHECK(registered.binder == waited);
  CHECK(registered.name == "cuse.test.awaited");

  // An object of this process, found by itself.
  const auto callback = ndk::SharedRefBase::make<Callback>();
  REQUIRE(AServiceManager_addService(callback->asBinder().get(), "cuse.test.own") == EX_NONE);
  CHECK(service_binder("cuse.test.own") == callback->asBinder());
  CHECK(AServiceManager_addService(callback->asBinder().get(), "not a name!") != EX_NONE);
  CHECK(AServiceManager_addService(nullptr, "cuse.test.own") == EX_ILLEGAL_ARGUMENT);
}

TEST_CASE("a lazy service ends with its last client", "[objects][manager]") {
  const auto program = start_service("cuse.test.lazy", true);
  SpAIBinder binder = service_binder("cuse.test.lazy");
  REQUIRE(binder.get() != nullptr);
  program->expect("cuse.test.lazy is used");
  CHECK(AIBinder_ping(binder.get()) == STATUS_OK);
  binder = nullptr;
  program->expect("cuse.test.lazy is not used any more");
  CHECK(program->wait() == 0);
  CHECK(service_binder("cuse.test.lazy").get() == nullptr);
}
