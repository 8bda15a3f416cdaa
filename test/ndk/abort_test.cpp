// What must not be done ends the process, with a message.
#include <android/binder_ibinder_platform.h>
#include <android/binder_interface_utils.h>
#include <android/binder_libbinder.h>
#include <android/binder_parcelable_utils.h>
#include <android/persistable_bundle.h>
#include <binder/Binder.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "test/support/catch.h"

namespace {

// Whether it ends a child process by SIGABRT.
template <typename Function>
bool aborts(Function function) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const rlimit no_core{0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    signal(SIGABRT, SIG_DFL);  // Catch2 would report it
    function();
    _exit(0);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

void* on_create(void* args) {
  return args;
}
void on_destroy(void*) {}
binder_status_t on_transact(AIBinder*, transaction_code_t, const AParcel*, AParcel*) {
  return STATUS_OK;
}

AIBinder_Class* some_class() {
  static AIBinder_Class* const clazz =
      AIBinder_Class_define("test.IAbort", on_create, on_destroy, on_transact);
  return clazz;
}

struct Thing : ndk::SharedRefBase {};

}  // namespace

TEST_CASE("what is allowed does not", "[abort]") {
  CHECK_FALSE(aborts([] {}));
}

TEST_CASE("names of methods are set once", "[abort]") {
  static const char* names[] = {"a"};
  AIBinder_Class* clazz = AIBinder_Class_define("test.INamed", on_create, on_destroy, on_transact);
  AIBinder_Class_setTransactionCodeToFunctionNameMap(clazz, names, 1);
  CHECK(aborts([&] { AIBinder_Class_setTransactionCodeToFunctionNameMap(clazz, names, 1); }));
  CHECK(aborts([&] { AIBinder_Class_setTransactionCodeToFunctionNameMap(clazz, nullptr, 0); }));
  CHECK(aborts([&] { AIBinder_Class_setTransactionCodeToFunctionNameMap(nullptr, names, 1); }));
  CHECK(aborts([] { AIBinder_Class_setOnDump(nullptr, nullptr); }));
}

TEST_CASE("only an object's own process says how it is called", "[abort]") {
  const ndk::SpAIBinder proxy(
      AIBinder_fromPlatformBinder(android::sp<android::IBinder>(new android::BBinder)));
  CHECK(aborts([&] { AIBinder_setRequestingSid(proxy.get(), true); }));
  CHECK(aborts([&] { AIBinder_setInheritRt(proxy.get(), true); }));
  CHECK(aborts([&] { AIBinder_setMinSchedulerPolicy(proxy.get(), SCHED_OTHER, 0); }));
  CHECK(aborts([&] { AIBinder_setRequestingSid(nullptr, true); }));
  const ndk::SpAIBinder local(AIBinder_new(some_class(), nullptr));
  CHECK(aborts([&] { AIBinder_setMinSchedulerPolicy(local.get(), SCHED_FIFO, 1000); }));
}

TEST_CASE("an object has one owner", "[abort]") {
  CHECK(aborts([] { Thing on_the_stack; }));
  CHECK(aborts([] { const auto thing = std::make_shared<Thing>(); }));
  CHECK(aborts([] {
    std::shared_ptr<Thing> thing = ndk::SharedRefBase::make<Thing>();
    delete thing.get();
  }));
}

TEST_CASE("holders of different stability are different types", "[abort]") {
  const ndk::AParcelableHolder local(ndk::STABILITY_LOCAL);
  ndk::AParcelableHolder stable(ndk::STABILITY_VINTF);
  CHECK(aborts([&] { stable = local; }));
}

TEST_CASE("a vector has a length", "[abort]") {
  APersistableBundle* bundle = APersistableBundle_new();
  const int32_t number = 0;
  CHECK(aborts([&] { APersistableBundle_putIntVector(bundle, "k", &number, -1); }));
  APersistableBundle_delete(bundle);
}
