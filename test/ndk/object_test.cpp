// Binders within one process: classes, identity, references, calls, and the way to the C++ API and back.
#include <android/binder_auto_utils.h>
#include <android/binder_ibinder.h>
#include <android/binder_ibinder_platform.h>
#include <android/binder_libbinder.h>
#include <android/binder_shell.h>
#include <android/binder_stability.h>
#include <binder/Binder.h>
#include <binder/IResultReceiver.h>
#include <binder/IShellCallback.h>
#include <binder/Parcel.h>
#include <binder/Stability.h>
#include <fcntl.h>
#include <unistd.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "test/support/catch.h"

using ndk::ScopedAIBinder_DeathRecipient;
using ndk::ScopedAIBinder_Weak;
using ndk::ScopedAParcel;
using ndk::ScopedFileDescriptor;
using ndk::SpAIBinder;

namespace {

// An object that answers code 1 with its argument plus one, and what happened to it.
struct Counter {
  int destroyed = 0;
  int calls = 0;
};

void* on_create(void* args) {
  return args;
}
void on_destroy(void* data) {
  ++static_cast<Counter*>(data)->destroyed;
}
binder_status_t on_transact(AIBinder* binder, transaction_code_t code, const AParcel* in, AParcel* out) {
  ++static_cast<Counter*>(AIBinder_getUserData(binder))->calls;
  int32_t value = 0;
  if (code == LAST_CALL_TRANSACTION) return 4711;
  if (code != FIRST_CALL_TRANSACTION) return STATUS_UNKNOWN_TRANSACTION;
  const binder_status_t status = AParcel_readInt32(in, &value);
  return status == STATUS_OK ? AParcel_writeInt32(out, value + 1) : status;
}
binder_status_t on_dump(AIBinder*, int fd, const char** args, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) dprintf(fd, "[%s]", args[i]);
  return STATUS_OK;
}

AIBinder_Class* counter_class() {
  static AIBinder_Class* const clazz = [] {
    AIBinder_Class* made = AIBinder_Class_define("test.ICounter", on_create, on_destroy, on_transact);
    AIBinder_Class_setOnDump(made, on_dump);
    return made;
  }();
  return clazz;
}
AIBinder_Class* other_class() {
  static AIBinder_Class* const clazz =
      AIBinder_Class_define("test.IOther", on_create, on_destroy, on_transact);
  return clazz;
}
AIBinder_Class* copy_of_counter_class() {
  static AIBinder_Class* const clazz =
      AIBinder_Class_define("test.ICounter", on_create, on_destroy, on_transact);
  return clazz;
}

SpAIBinder new_counter(Counter* counter) {
  return SpAIBinder(AIBinder_new(counter_class(), counter));
}

binder_status_t increment(const SpAIBinder& binder, int32_t value, int32_t* result) {
  ScopedAParcel in;
  ScopedAParcel out;
  binder_status_t status = AIBinder_prepareTransaction(binder.get(), in.getR());
  if (status != STATUS_OK) return status;
  AParcel_writeInt32(in.get(), value);
  status = AIBinder_transact(binder.get(), FIRST_CALL_TRANSACTION, in.getR(), out.getR(), 0);
  CHECK(in.get() == nullptr);
  return status == STATUS_OK ? AParcel_readInt32(out.get(), result) : status;
}

// An object of the C++ API with the same wire.
class PlatformCounter final : public android::BBinder {
 public:
  const android::String16& getInterfaceDescriptor() const override { return descriptor_; }
  android::status_t onTransact(uint32_t code, const android::Parcel& data, android::Parcel* reply,
                               uint32_t flags) override {
    if (code != 1) return BBinder::onTransact(code, data, reply, flags);
    if (!data.checkInterface(this)) return android::BAD_TYPE;
    return reply->writeInt32(data.readInt32() + 1);
  }

 private:
  const android::String16 descriptor_{"test.ICounter"};
};

std::string pipe_contents(const ScopedFileDescriptor& reader) {
  char buffer[256];
  const ssize_t got = read(reader.get(), buffer, sizeof(buffer));
  return got > 0 ? std::string(buffer, static_cast<size_t>(got)) : "";
}

struct Pipe {
  Pipe() {
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
    reader.set(ends[0]);
    writer.set(ends[1]);
  }
  ScopedFileDescriptor reader;
  ScopedFileDescriptor writer;
};

}  // namespace

TEST_CASE("a class needs all of its callbacks", "[object][class]") {
  CHECK(AIBinder_Class_define(nullptr, on_create, on_destroy, on_transact) == nullptr);
  CHECK(AIBinder_Class_define("x", nullptr, on_destroy, on_transact) == nullptr);
  CHECK(AIBinder_Class_define("x", on_create, nullptr, on_transact) == nullptr);
  CHECK(AIBinder_Class_define("x", on_create, on_destroy, nullptr) == nullptr);
  CHECK(AIBinder_new(nullptr, nullptr) == nullptr);
  CHECK(AIBinder_Class_getDescriptor(counter_class()) == std::string("test.ICounter"));
}

TEST_CASE("a class knows the names of its methods", "[object][class]") {
  static const char* names[] = {"one", nullptr, "three"};
  AIBinder_Class* clazz = AIBinder_Class_define("test.INames", on_create, on_destroy, on_transact);
  CHECK(AIBinder_Class_getFunctionName(clazz, 1) == nullptr);
  AIBinder_Class_setTransactionCodeToFunctionNameMap(clazz, names, 3);
  CHECK(AIBinder_Class_getFunctionName(clazz, 1) == std::string("one"));
  CHECK(AIBinder_Class_getFunctionName(clazz, 2) == nullptr);
  CHECK(AIBinder_Class_getFunctionName(clazz, 3) == std::string("three"));
  CHECK(AIBinder_Class_getFunctionName(clazz, 0) == nullptr);
  CHECK(AIBinder_Class_getFunctionName(clazz, 4) == nullptr);
  CHECK(AIBinder_Class_getFunctionName(clazz, LAST_CALL_TRANSACTION) == nullptr);
}

TEST_CASE("an object lives as long as it is referred to", "[object]") {
  Counter counter;
  AIBinder* binder = AIBinder_new(counter_class(), &counter);
  REQUIRE(binder != nullptr);
  CHECK(AIBinder_debugGetRefCount(binder) == 1);
  CHECK(AIBinder_debugGetRefCount(nullptr) == -1);
  CHECK(AIBinder_getUserData(binder) == &counter);
  CHECK(AIBinder_getClass(binder) == counter_class());
  CHECK_FALSE(AIBinder_isRemote(binder));
  CHECK(AIBinder_isAlive(binder));
  CHECK(AIBinder_ping(binder) == STATUS_OK);
  AIBinder_incStrong(binder);
  AIBinder_decStrong(binder);
  CHECK(counter.destroyed == 0);
  AIBinder_decStrong(binder);
  CHECK(counter.destroyed == 1);
  AIBinder_incStrong(nullptr);
  AIBinder_decStrong(nullptr);
}

TEST_CASE("null is no binder", "[object]") {
  CHECK_FALSE(AIBinder_isRemote(nullptr));
  CHECK_FALSE(AIBinder_isAlive(nullptr));
  CHECK(AIBinder_ping(nullptr) == STATUS_UNEXPECTED_NULL);
  CHECK(AIBinder_dump(nullptr, 1, nullptr, 0) == STATUS_UNEXPECTED_NULL);
  CHECK_FALSE(AIBinder_associateClass(nullptr, counter_class()));
  CHECK(AIBinder_getClass(nullptr) == nullptr);
  CHECK(AIBinder_getUserData(nullptr) == nullptr);
  AParcel* parcel = nullptr;
  CHECK(AIBinder_prepareTransaction(nullptr, &parcel) == STATUS_UNEXPECTED_NULL);
  CHECK(AIBinder_toPlatformBinder(nullptr) == nullptr);
  CHECK(AIBinder_fromPlatformBinder(nullptr) == nullptr);
  CHECK(AIBinder_Weak_new(nullptr) == nullptr);
  CHECK(AIBinder_Weak_promote(nullptr) == nullptr);
  CHECK(AIBinder_Weak_clone(nullptr) == nullptr);
  AIBinder_Weak_delete(nullptr);
}

TEST_CASE("a local call reaches the object", "[object][call]") {
  Counter counter;
  const SpAIBinder binder = new_counter(&counter);
  int32_t result = 0;
  REQUIRE(increment(binder, 41, &result) == STATUS_OK);
  CHECK(result == 42);
  CHECK(counter.calls == 1);
}

TEST_CASE("what a call must not be", "[object][call]") {
  Counter counter;
  const SpAIBinder binder = new_counter(&counter);
  const SpAIBinder other = new_counter(&counter);
  ScopedAParcel out;
  const auto prepared = [&] {
    AParcel* in = nullptr;
    REQUIRE(AIBinder_prepareTransaction(binder.get(), &in) == STATUS_OK);
    return in;
  };
  // The parcel is gone each time.
  AParcel* in = prepared();
  CHECK(AIBinder_transact(binder.get(), 0, &in, out.getR(), 0) == STATUS_UNKNOWN_TRANSACTION);
  CHECK(in == nullptr);
  in = prepared();
  CHECK(AIBinder_transact(binder.get(), LAST_CALL_TRANSACTION + 1, &in, out.getR(), 0) ==
        STATUS_UNKNOWN_TRANSACTION);
  in = prepared();
  CHECK(AIBinder_transact(binder.get(), android::IBinder::INTERFACE_TRANSACTION, &in, out.getR(), 0) ==
        STATUS_UNKNOWN_TRANSACTION);
  in = prepared();
  CHECK(AIBinder_transact(binder.get(), 1, &in, out.getR(), 0x40) == STATUS_BAD_VALUE);
  CHECK(in == nullptr);
  in = prepared();
  CHECK(AIBinder_transact(other.get(), 1, &in, out.getR(), 0) == STATUS_BAD_VALUE);
  in = prepared();
  CHECK(AIBinder_transact(nullptr, 1, &in, out.getR(), 0) == STATUS_UNEXPECTED_NULL);
  in = prepared();
  CHECK(AIBinder_transact(binder.get(), 1, &in, nullptr, 0) == STATUS_UNEXPECTED_NULL);
  CHECK(in == nullptr);
  CHECK(AIBinder_transact(binder.get(), 1, &in, out.getR(), 0) == STATUS_UNEXPECTED_NULL);
  CHECK(AIBinder_transact(binder.get(), 1, nullptr, out.getR(), 0) == STATUS_UNEXPECTED_NULL);
  CHECK(AIBinder_prepareTransaction(binder.get(), nullptr) == STATUS_UNEXPECTED_NULL);
  CHECK(counter.calls == 0);

  // What the object says comes back, and no reply with it.
  in = prepared();
  CHECK(AIBinder_transact(binder.get(), 2, &in, out.getR(), 0) == STATUS_UNKNOWN_TRANSACTION);
  in = prepared();
  CHECK(AIBinder_transact(binder.get(), LAST_CALL_TRANSACTION, &in, out.getR(), 0) == 4711);
  CHECK(out.get() == nullptr);
  CHECK(counter.calls == 2);
}

TEST_CASE("a call for another interface does not reach the object", "[object][call]") {
  Counter counter;
  const SpAIBinder binder = new_counter(&counter);
  const android::sp<android::IBinder> platform = AIBinder_toPlatformBinder(binder.get());
  android::Parcel data;
  android::Parcel reply;
  data.writeInterfaceToken(android::String16("test.IOther"));
  CHECK(platform->transact(FIRST_CALL_TRANSACTION, data, &reply) == android::BAD_TYPE);
  android::Parcel nothing;
  CHECK(platform->transact(FIRST_CALL_TRANSACTION, nothing, &reply) == android::BAD_TYPE);
  CHECK(counter.calls == 0);
  android::Parcel right;
  right.writeInterfaceToken(android::String16("test.ICounter"));
  right.writeInt32(1);
  // Also where nobody wants the reply.
  CHECK(platform->transact(FIRST_CALL_TRANSACTION, right, nullptr) == android::OK);
  CHECK(counter.calls == 1);
}

TEST_CASE("a class without tokens neither writes nor checks them", "[object][call]") {
  AIBinder_Class* clazz = AIBinder_Class_define("test.IBare", on_create, on_destroy, on_transact);
  AIBinder_Class_disableInterfaceTokenHeader(clazz);
  Counter counter;
  const SpAIBinder binder(AIBinder_new(clazz, &counter));
  ScopedAParcel in;
  REQUIRE(AIBinder_prepareTransaction(binder.get(), in.getR()) == STATUS_OK);
  CHECK(AParcel_getDataSize(in.get()) == 0);
  int32_t result = 0;
  REQUIRE(increment(binder, 1, &result) == STATUS_OK);
  CHECK(result == 2);
}

TEST_CASE("a local object has the class it was made with", "[object][class]") {
  Counter counter;
  const SpAIBinder binder = new_counter(&counter);
  CHECK(AIBinder_associateClass(binder.get(), counter_class()));
  CHECK_FALSE(AIBinder_associateClass(binder.get(), other_class()));
  CHECK_FALSE(AIBinder_associateClass(binder.get(), nullptr));
  // Its user data is of the other copy's making.
  CHECK_FALSE(AIBinder_associateClass(binder.get(), copy_of_counter_class()));
  CHECK(AIBinder_getClass(binder.get()) == counter_class());
}

TEST_CASE("an object of the C++ API gets the class that fits", "[object][class]") {
  const android::sp<PlatformCounter> platform(new PlatformCounter);
  const SpAIBinder binder(AIBinder_fromPlatformBinder(platform));
  REQUIRE(binder.get() != nullptr);
  CHECK_FALSE(AIBinder_isRemote(binder.get()));
  CHECK(AIBinder_getUserData(binder.get()) == nullptr);
  CHECK(AIBinder_getClass(binder.get()) == nullptr);
  ScopedAParcel in;
  CHECK(AIBinder_prepareTransaction(binder.get(), in.getR()) == STATUS_INVALID_OPERATION);
  CHECK_FALSE(AIBinder_associateClass(binder.get(), other_class()));
  CHECK(AIBinder_getClass(binder.get()) == nullptr);
  CHECK(AIBinder_associateClass(binder.get(), counter_class()));
  // The first one stays; all that it is used for is the descriptor.
  CHECK(AIBinder_associateClass(binder.get(), copy_of_counter_class()));
  CHECK(AIBinder_getClass(binder.get()) == counter_class());
  CHECK_FALSE(AIBinder_associateClass(binder.get(), other_class()));
  int32_t result = 0;
  REQUIRE(increment(binder, 6, &result) == STATUS_OK);
  CHECK(result == 7);
}

TEST_CASE("one AIBinder stands for one IBinder", "[object][identity]") {
  Counter counter;
  const SpAIBinder local = new_counter(&counter);
  const android::sp<android::IBinder> platform_of_local = AIBinder_toPlatformBinder(local.get());
  CHECK(SpAIBinder(AIBinder_fromPlatformBinder(platform_of_local)) == local);

  const android::sp<PlatformCounter> platform(new PlatformCounter);
  const SpAIBinder proxy(AIBinder_fromPlatformBinder(platform));
  CHECK(SpAIBinder(AIBinder_fromPlatformBinder(platform)) == proxy);
  CHECK(AIBinder_toPlatformBinder(proxy.get()) == platform);
  CHECK(proxy != local);

  const ScopedAParcel parcel(AParcel_create());
  REQUIRE(AParcel_writeStrongBinder(parcel.get(), local.get()) == STATUS_OK);
  REQUIRE(AParcel_writeStrongBinder(parcel.get(), proxy.get()) == STATUS_OK);
  REQUIRE(AParcel_writeStrongBinder(parcel.get(), nullptr) == STATUS_OK);
  AParcel_setDataPosition(parcel.get(), 0);
  SpAIBinder read;
  REQUIRE(AParcel_readStrongBinder(parcel.get(), read.getR()) == STATUS_OK);
  CHECK(read == local);
  read = nullptr;
  REQUIRE(AParcel_readStrongBinder(parcel.get(), read.getR()) == STATUS_OK);
  CHECK(read == proxy);
  read = nullptr;
  REQUIRE(AParcel_readStrongBinder(parcel.get(), read.getR()) == STATUS_OK);
  CHECK(read.get() == nullptr);
}

TEST_CASE("a proxy object that has gone is made again", "[object][identity]") {
  const android::sp<PlatformCounter> platform(new PlatformCounter);
  for (int i = 0; i < 3; ++i) {
    const SpAIBinder proxy(AIBinder_fromPlatformBinder(platform));
    CHECK(AIBinder_debugGetRefCount(proxy.get()) == 1);
    CHECK(AIBinder_getClass(proxy.get()) == nullptr);
    CHECK(AIBinder_associateClass(proxy.get(), counter_class()));
  }
  CHECK(platform->getStrongCount() == 1);
}

TEST_CASE("threads that want an AIBinder at the same time get the same", "[object][identity]") {
  for (int round = 0; round < 50; ++round) {
    const android::sp<PlatformCounter> platform(new PlatformCounter);
    std::vector<SpAIBinder> got(4);
    std::vector<std::thread> threads;
    for (SpAIBinder& binder : got) {
      threads.emplace_back([&] { binder.set(AIBinder_fromPlatformBinder(platform)); });
    }
    for (std::thread& thread : threads) thread.join();
    for (const SpAIBinder& binder : got) CHECK(binder == got.front());
  }
}

TEST_CASE("weak references", "[object][weak]") {
  Counter counter;
  SpAIBinder binder = new_counter(&counter);
  const ScopedAIBinder_Weak weak(AIBinder_Weak_new(binder.get()));
  const ScopedAIBinder_Weak clone(AIBinder_Weak_clone(weak.get()));
  CHECK(weak.promote() == binder);
  CHECK(clone.promote() == binder);
  CHECK_FALSE(AIBinder_Weak_lt(weak.get(), clone.get()));
  CHECK_FALSE(AIBinder_Weak_lt(clone.get(), weak.get()));
  CHECK(AIBinder_Weak_lt(nullptr, weak.get()));
  CHECK_FALSE(AIBinder_Weak_lt(weak.get(), nullptr));
  CHECK_FALSE(AIBinder_Weak_lt(nullptr, nullptr));
  binder = nullptr;
  CHECK(counter.destroyed == 1);
  CHECK(weak.promote().get() == nullptr);
  CHECK(clone.promote().get() == nullptr);
}

TEST_CASE("weak references to objects that have gone stay different", "[object][weak]") {
  Counter counter;
  std::vector<ScopedAIBinder_Weak> weaks;
  for (int i = 0; i < 100; ++i) {
    // Memory is used again: many of these have the same address.
    weaks.emplace_back(AIBinder_Weak_new(new_counter(&counter).get()));
  }
  CHECK(counter.destroyed == 100);
  const auto less = [](const ScopedAIBinder_Weak* a, const ScopedAIBinder_Weak* b) { return *a < *b; };
  std::set<const ScopedAIBinder_Weak*, decltype(less)> all(less);
  for (const ScopedAIBinder_Weak& weak : weaks) all.insert(&weak);
  CHECK(all.size() == 100);
}

TEST_CASE("objects have an order", "[object]") {
  Counter counter;
  const SpAIBinder a = new_counter(&counter);
  const SpAIBinder b = new_counter(&counter);
  CHECK(AIBinder_lt(a.get(), b.get()) != AIBinder_lt(b.get(), a.get()));
  CHECK_FALSE(AIBinder_lt(a.get(), a.get()));
  CHECK(AIBinder_lt(nullptr, a.get()));
  CHECK_FALSE(AIBinder_lt(a.get(), nullptr));
  CHECK_FALSE(AIBinder_lt(nullptr, nullptr));
}

TEST_CASE("weak references have the order of their objects", "[object][weak]") {
  Counter counter;
  std::vector<SpAIBinder> binders;
  std::vector<android::sp<PlatformCounter>> platforms;
  for (int i = 0; i < 20; ++i) {
    binders.push_back(new_counter(&counter));
    platforms.emplace_back(new PlatformCounter);
    binders.emplace_back(AIBinder_fromPlatformBinder(platforms.back()));
  }
  for (const SpAIBinder& a : binders) {
    for (const SpAIBinder& b : binders) {
      const ScopedAIBinder_Weak weak_a(AIBinder_Weak_new(a.get()));
      const ScopedAIBinder_Weak weak_b(AIBinder_Weak_new(b.get()));
      CHECK(AIBinder_lt(a.get(), b.get()) == AIBinder_Weak_lt(weak_a.get(), weak_b.get()));
    }
  }
}

TEST_CASE("dumping calls the class", "[object][dump]") {
  Counter counter;
  const SpAIBinder binder = new_counter(&counter);
  const SpAIBinder silent(AIBinder_new(other_class(), &counter));
  const char* args[] = {"a", "bc"};
  Pipe pipe;
  CHECK(AIBinder_dump(binder.get(), pipe.writer.get(), args, 2) == STATUS_OK);
  CHECK(pipe_contents(pipe.reader) == "[a][bc]");
  CHECK(AIBinder_dump(binder.get(), pipe.writer.get(), nullptr, 0) == STATUS_OK);
  CHECK(AIBinder_dump(silent.get(), pipe.writer.get(), args, 2) == STATUS_OK);
  CHECK(pipe_contents(pipe.reader).empty());
  // As it comes from dumpsys.
  android::Vector<android::String16> wide;
  wide.push(android::String16("wïde"));
  CHECK(AIBinder_toPlatformBinder(binder.get())->dump(pipe.writer.get(), wide) == android::OK);
  CHECK(pipe_contents(pipe.reader) == "[wïde]");
}

TEST_CASE("outside of a call this process is the caller", "[object]") {
  CHECK(AIBinder_getCallingUid() == getuid());
  CHECK(AIBinder_getCallingPid() == getpid());
  CHECK(AIBinder_getCallingSid() == nullptr);
  CHECK_FALSE(AIBinder_isHandlingTransaction());
}

TEST_CASE("shell commands call the class", "[object][shell]") {
  AIBinder_Class* clazz = AIBinder_Class_define("test.IShell", on_create, on_destroy, on_transact);
  AIBinder_Class_setHandleShellCommand(
      clazz, [](AIBinder*, int, int out, int, const char** argv, uint32_t argc) -> binder_status_t {
        for (uint32_t i = 0; i < argc; ++i) dprintf(out, "<%s>", argv[i]);
        return 0;
      });
  Counter counter;
  const SpAIBinder binder(AIBinder_new(clazz, &counter));
  Pipe pipe;
  android::Vector<android::String16> args;
  args.push(android::String16("do"));
  args.push(android::String16("it"));
  const int fd = pipe.writer.get();
  CHECK(android::IBinder::shellCommand(AIBinder_toPlatformBinder(binder.get()), fd, fd, fd, args, nullptr,
                                       nullptr) == android::OK);
  CHECK(pipe_contents(pipe.reader) == "<do><it>");

  // A count that cannot be true, and no descriptors.
  android::Parcel data;
  android::Parcel reply;
  for (int i = 0; i < 3; ++i) data.writeInt32(0);
  data.writeInt32(0x7fffffff);
  CHECK(AIBinder_toPlatformBinder(binder.get())
            ->transact(android::IBinder::SHELL_COMMAND_TRANSACTION, data, &reply) != android::OK);
}

TEST_CASE("extensions", "[object][extension]") {
  Counter counter;
  const SpAIBinder binder = new_counter(&counter);
  SpAIBinder extension(AIBinder_new(other_class(), &counter));
  SpAIBinder got;
  REQUIRE(AIBinder_getExtension(binder.get(), got.getR()) == STATUS_OK);
  CHECK(got.get() == nullptr);
  CHECK(AIBinder_setExtension(nullptr, extension.get()) == STATUS_UNEXPECTED_NULL);
  CHECK(AIBinder_setExtension(binder.get(), nullptr) == STATUS_UNEXPECTED_NULL);
  REQUIRE(AIBinder_setExtension(binder.get(), extension.get()) == STATUS_OK);
  REQUIRE(AIBinder_getExtension(binder.get(), got.getR()) == STATUS_OK);
  CHECK(got == extension);
  got = nullptr;
  CHECK(AIBinder_getExtension(nullptr, got.getR()) == STATUS_UNEXPECTED_NULL);
  CHECK(AIBinder_getExtension(binder.get(), nullptr) == STATUS_UNEXPECTED_NULL);

  const SpAIBinder proxy(AIBinder_fromPlatformBinder(android::sp<PlatformCounter>(new PlatformCounter)));
  CHECK(AIBinder_setExtension(proxy.get(), extension.get()) == STATUS_INVALID_OPERATION);
  SpAIBinder none;
  REQUIRE(AIBinder_getExtension(proxy.get(), none.getR()) == STATUS_OK);
  CHECK(none.get() == nullptr);
}

TEST_CASE("a local object does not die before who could be told", "[object][death]") {
  static int unlinked;
  unlinked = 0;
  Counter counter;
  const SpAIBinder local = new_counter(&counter);
  const SpAIBinder proxy(AIBinder_fromPlatformBinder(android::sp<PlatformCounter>(new PlatformCounter)));
  CHECK(AIBinder_DeathRecipient_new(nullptr) == nullptr);
  const ScopedAIBinder_DeathRecipient recipient(AIBinder_DeathRecipient_new([](void*) {}));
  AIBinder_DeathRecipient_setOnUnlinked(recipient.get(),
                                        [](void* cookie) { unlinked += *static_cast<int*>(cookie); });
  int cookie = 10;
  CHECK(AIBinder_linkToDeath(local.get(), recipient.get(), &cookie) == STATUS_INVALID_OPERATION);
  CHECK(AIBinder_linkToDeath(proxy.get(), recipient.get(), &cookie) == STATUS_INVALID_OPERATION);
  CHECK(unlinked == 20);  // a failed link ends at once
  CHECK(AIBinder_unlinkToDeath(local.get(), recipient.get(), &cookie) == STATUS_NAME_NOT_FOUND);
  CHECK(AIBinder_linkToDeath(nullptr, recipient.get(), nullptr) == STATUS_UNEXPECTED_NULL);
  CHECK(AIBinder_linkToDeath(local.get(), nullptr, nullptr) == STATUS_UNEXPECTED_NULL);
  AIBinder_DeathRecipient_delete(nullptr);
}

TEST_CASE("policies are libbinder's", "[object][platform]") {
  Counter counter;
  const SpAIBinder binder = new_counter(&counter);
  android::BBinder* const platform = AIBinder_toPlatformBinder(binder.get())->localBinder();
  AIBinder_setRequestingSid(binder.get(), true);
  CHECK(platform->isRequestingSid());
  AIBinder_setInheritRt(binder.get(), true);
  CHECK(platform->isInheritRt());
  AIBinder_setMinSchedulerPolicy(binder.get(), SCHED_OTHER, -5);
  CHECK(platform->getMinSchedulerPolicy() == SCHED_OTHER);
  CHECK(platform->getMinSchedulerPriority() == -5);
}

TEST_CASE("stability is libbinder's", "[object][stability]") {
  using android::internal::Stability;
  Counter counter;
  const SpAIBinder vintf = new_counter(&counter);
  AIBinder_markVintfStability(vintf.get());
  const android::sp<android::IBinder> platform = AIBinder_toPlatformBinder(vintf.get());
  CHECK(Stability::getRepr(platform.get()) == Stability::VINTF);
  CHECK(AIBinder_requiresVintfDeclaration(vintf.get()));
  AIBinder_forceDowngradeToLocalStability(vintf.get());
  CHECK_FALSE(AIBinder_requiresVintfDeclaration(vintf.get()));
  const SpAIBinder local = new_counter(&counter);
  AIBinder_markCompilationUnitStability(local.get());
  CHECK(Stability::getRepr(AIBinder_toPlatformBinder(local.get()).get()) == Stability::getLocalLevel());
  CHECK_FALSE(AIBinder_requiresVintfDeclaration(local.get()));
  CHECK_FALSE(AIBinder_requiresVintfDeclaration(nullptr));
}

TEST_CASE("owners move and copy", "[object]") {
  Counter counter;
  SpAIBinder a = new_counter(&counter);
  SpAIBinder b = a;
  CHECK(AIBinder_debugGetRefCount(a.get()) == 2);
  SpAIBinder c = std::move(a);
  CHECK(a.get() == nullptr);
  CHECK(AIBinder_debugGetRefCount(c.get()) == 2);
  b = std::move(c);
  CHECK(AIBinder_debugGetRefCount(b.get()) == 1);
  const SpAIBinder& same = b;
  b = same;
  CHECK(AIBinder_debugGetRefCount(b.get()) == 1);
  CHECK(b <= same);
  CHECK_FALSE(b < same);
  b.set(nullptr);
  CHECK(counter.destroyed == 1);
}
