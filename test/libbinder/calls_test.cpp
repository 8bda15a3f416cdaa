// Calls, replies, errors, nesting, who calls.
#include <binder/Parcel.h>

#include "test/libbinder/lambda_binder.h"
#include "test/libbinder/party.h"
#include "test/support/catch.h"

using namespace android;
using cuse_binder::test::InProcessDriver;
using cuse_binder::test::kPatience;
using cuse_binder::test::make_binder;
using cuse_binder::test::Party;

namespace {

constexpr uint32_t kFirst = IBinder::FIRST_CALL_TRANSACTION;

}  // namespace

TEST_CASE("a call and its reply") {
  InProcessDriver driver;
  {
    Party server(driver);
    Party client(driver);
    server.serve(make_binder([](uint32_t code, const Parcel& data, Parcel* reply) {
      return reply->writeInt32(data.readInt32() * 2 + static_cast<int32_t>(code));
    }));
    client.as([&] {
      const sp<IBinder> manager = client.process()->getContextObject(nullptr);
      REQUIRE(manager != nullptr);
      CHECK(manager->localBinder() == nullptr);
      Parcel data;
      Parcel reply;
      data.writeInt32(20);
      CHECK(manager->transact(kFirst + 1, data, &reply) == OK);
      CHECK(reply.readInt32() == 42);
      // A reply that nobody wants.
      CHECK(manager->transact(kFirst, data, nullptr) == OK);
    });
  }
  CHECK(driver.leftovers().empty());
}

TEST_CASE("without a context manager there is no context object") {
  InProcessDriver driver;
  Party client(driver);
  client.as([&] {
    CHECK(client.process()->getContextObject(nullptr) == nullptr);
    // Later there is one.
    Party server(driver);
    server.serve(make_binder());
    CHECK(client.process()->getContextObject(nullptr) != nullptr);
  });
}

TEST_CASE("an error is the caller's result") {
  InProcessDriver driver;
  Party server(driver);
  Party client(driver);
  server.serve(make_binder([](uint32_t code, const Parcel&, Parcel* reply) -> status_t {
    reply->writeInt32(1);
    return code == kFirst ? BAD_VALUE : -4711;
  }));
  client.as([&] {
    const sp<IBinder> manager = client.process()->getContextObject(nullptr);
    Parcel data;
    Parcel reply;
    CHECK(manager->transact(kFirst, data, &reply) == BAD_VALUE);
    CHECK(reply.errorCheck() == BAD_VALUE);
    CHECK(manager->transact(kFirst + 1, data, nullptr) == -4711);
    // A parcel that could not be filled is not sent.
    data.setError(NO_MEMORY);
    CHECK(manager->transact(kFirst, data, &reply) == NO_MEMORY);
  });
}

TEST_CASE("what every binder answers") {
  InProcessDriver driver;
  Party server(driver);
  Party client(driver);
  const auto object = make_binder();
  const auto extension = make_binder();
  object->setExtension(extension);
  server.serve(object);
  client.as([&] {
    const sp<IBinder> manager = client.process()->getContextObject(nullptr);
    CHECK(manager->pingBinder() == OK);
    CHECK(manager->getInterfaceDescriptor() == String16("test.ILambda"));
    pid_t pid = 0;
    CHECK(manager->getDebugPid(&pid) == OK);
    CHECK(pid == getpid());
    sp<IBinder> found;
    CHECK(manager->getExtension(&found) == OK);
    REQUIRE(found != nullptr);
    CHECK(found->remoteBinder() != nullptr);
    CHECK(found->pingBinder() == OK);
    Parcel data;
    CHECK(manager->transact(B_PACK_CHARS('_', 'X', 'Y', 'Z'), data, nullptr) == UNKNOWN_TRANSACTION);
    CHECK(manager->transact(IBinder::START_RECORDING_TRANSACTION, data, nullptr) == INVALID_OPERATION);
  });
}

TEST_CASE("a call back comes to the thread that waits") {
  InProcessDriver driver;
  Party server(driver);
  Party client(driver);
  // Calls what it is sent, with one less, until there is nothing left.
  server.serve(make_binder([](uint32_t, const Parcel& data, Parcel* reply) -> status_t {
    const int32_t depth = data.readInt32();
    const sp<IBinder> callback = data.readStrongBinder();
    if (depth == 0) return reply->writeInt32(1000);
    Parcel down;
    Parcel up;
    down.writeInt32(depth - 1);
    const status_t status = callback->transact(kFirst, down, &up);
    return status != OK ? status : reply->writeInt32(up.readInt32() + 1);
  }));
  client.as([&] {
    const sp<IBinder> manager = client.process()->getContextObject(nullptr);
    const pid_t thread = gettid();
    int calls = 0;
    sp<cuse_binder::test::LambdaBinder> callback;
    wp<IBinder> self;
    callback = make_binder([&](uint32_t, const Parcel& data, Parcel* reply) -> status_t {
      CHECK(gettid() == thread);  // the client has no pool
      CHECK(IPCThreadState::self()->getCallingPid() == server.pid());
      ++calls;
      Parcel down;
      Parcel up;
      down.writeInt32(data.readInt32());
      down.writeStrongBinder(self.promote());
      const status_t status = manager->transact(kFirst, down, &up);
      return status != OK ? status : reply->writeInt32(up.readInt32() + 1);
    });
    self = callback;
    Parcel data;
    Parcel reply;
    data.writeInt32(5);
    data.writeStrongBinder(callback);
    CHECK(manager->transact(kFirst, data, &reply) == OK);
    CHECK(reply.readInt32() == 1010);
    CHECK(calls == 5);
    // Outside of a call it is itself again.
    CHECK(IPCThreadState::self()->getCallingPid() == getpid());
    CHECK(!IPCThreadState::self()->isServingCall());
  });
}

TEST_CASE("oneway calls of one object arrive in order") {
  InProcessDriver driver;
  Party server(driver);
  Party client(driver);
  std::mutex mutex;
  std::vector<int32_t> arrived;
  std::promise<void> all;
  constexpr int32_t kCalls = 200;
  server.serve(make_binder([&](uint32_t, const Parcel& data, Parcel*) -> status_t {
    const std::lock_guard lock(mutex);
    arrived.push_back(data.readInt32());
    if (arrived.size() == kCalls) all.set_value();
    return OK;
  }));
  client.as([&] {
    const sp<IBinder> manager = client.process()->getContextObject(nullptr);
    for (int32_t i = 0; i < kCalls; ++i) {
      Parcel data;
      data.writeInt32(i);
      CHECK(manager->transact(kFirst, data, nullptr, IBinder::FLAG_ONEWAY) == OK);
    }
  });
  REQUIRE(all.get_future().wait_for(kPatience) == std::future_status::ready);
  const std::lock_guard lock(mutex);
  for (int32_t i = 0; i < kCalls; ++i) CHECK(arrived[static_cast<size_t>(i)] == i);
}

TEST_CASE("who calls, and who is told to have called") {
  InProcessDriver driver;
  Party server(driver);
  Party client(driver);
  const auto object = make_binder([&](uint32_t, const Parcel&, Parcel* reply) -> status_t {
    IPCThreadState* const thread = IPCThreadState::self();
    CHECK(thread->isServingCall());
    CHECK(thread->getCallingPid() == client.pid());
    CHECK(thread->getCallingUid() == geteuid());
    REQUIRE(thread->getCallingSid() != nullptr);
    CHECK(std::string(thread->getCallingSid()) == "u:r:test:s0");
    const int64_t outer = thread->clearCallingIdentity();
    CHECK(thread->hasExplicitIdentity());
    CHECK(thread->getCallingPid() == getpid());
    CHECK(thread->getCallingUid() == getuid());
    const int64_t inner = thread->clearCallingIdentity();
    thread->restoreCallingIdentity(inner);
    CHECK(thread->hasExplicitIdentity());
    thread->restoreCallingIdentity(outer);
    CHECK(!thread->hasExplicitIdentity());
    CHECK(thread->getCallingPid() == client.pid());
    return reply->writeInt32(1);
  });
  server.serve(object);
  client.as([&] {
    const sp<IBinder> manager = client.process()->getContextObject(nullptr);
    Parcel data;
    Parcel reply;
    CHECK(manager->transact(kFirst, data, &reply) == OK);
    CHECK(reply.readInt32() == 1);
  });
}

TEST_CASE("strict mode and work source travel in the interface token") {
  InProcessDriver driver;
  Party server(driver);
  Party client(driver);
  const String16 descriptor("test.ILambda");
  int call = 0;
  server.serve(make_binder([&](uint32_t, const Parcel& data, Parcel* reply) -> status_t {
    IPCThreadState* const thread = IPCThreadState::self();
    CHECK(thread->getCallingWorkSourceUid() == IPCThreadState::kUnsetWorkSource);
    if (!data.enforceInterface(descriptor)) return PERMISSION_DENIED;
    CHECK(thread->getCallingWorkSourceUid() == (++call == 1 ? 4711u : IPCThreadState::kUnsetWorkSource));
    CHECK((thread->getStrictModePolicy() & 0xff) == (call == 1 ? 0x42 : 0));
    return reply->writeInt32(1);
  }));
  client.as([&] {
    IPCThreadState* const thread = IPCThreadState::self();
    const sp<IBinder> manager = client.process()->getContextObject(nullptr);
    thread->setStrictModePolicy(0x42);
    const int64_t token = thread->setCallingWorkSourceUid(4711);
    CHECK(thread->shouldPropagateWorkSource());
    const auto send = [&](const String16& name) {
      Parcel data;
      Parcel reply;
      data.writeInterfaceToken(name);
      return manager->transact(kFirst, data, &reply);
    };
    CHECK(send(descriptor) == OK);
    thread->restoreCallingWorkSource(token);
    thread->setStrictModePolicy(0);
    CHECK(!thread->shouldPropagateWorkSource());
    CHECK(send(descriptor) == OK);
    CHECK(send(String16("test.IOther")) == PERMISSION_DENIED);
  });
  CHECK(call == 2);
}

TEST_CASE("large data in both directions") {
  InProcessDriver driver;
  Party server(driver);
  Party client(driver);
  server.serve(make_binder([](uint32_t, const Parcel& data, Parcel* reply) -> status_t {
    std::vector<uint8_t> bytes;
    const status_t status = data.readByteVector(&bytes);
    if (status != OK) return status;
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(byte ^ 0xff);
    return reply->writeByteVector(bytes);
  }));
  client.as([&] {
    const sp<IBinder> manager = client.process()->getContextObject(nullptr);
    for (const size_t size : {size_t{0}, size_t{1}, size_t{4095}, size_t{65536}, size_t{400000}}) {
      std::vector<uint8_t> bytes(size);
      for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(i * 31 + size);
      Parcel data;
      Parcel reply;
      data.writeByteVector(bytes);
      REQUIRE(manager->transact(kFirst, data, &reply) == OK);
      std::vector<uint8_t> answer;
      REQUIRE(reply.readByteVector(&answer) == OK);
      for (uint8_t& byte : answer) byte = static_cast<uint8_t>(byte ^ 0xff);
      CHECK(answer == bytes);
    }
    // More than the area has.
    Parcel data;
    data.writeByteVector(std::vector<uint8_t>(2 << 20));
    CHECK(manager->transact(kFirst, data, nullptr) == FAILED_TRANSACTION);
    CHECK(manager->pingBinder() == OK);
  });
}

TEST_CASE("a process may be forbidden to wait for others") {
  InProcessDriver driver;
  Party server(driver);
  Party client(driver);
  server.serve(make_binder());
  client.as([&] {
    // The look-up of the context manager is exempt.
    IPCThreadState::self()->setCallRestriction(ProcessState::CallRestriction::ERROR_IF_NOT_ONEWAY);
    const sp<IBinder> manager = client.process()->getContextObject(nullptr);
    REQUIRE(manager != nullptr);
    CHECK(IPCThreadState::self()->getCallRestriction() == ProcessState::CallRestriction::ERROR_IF_NOT_ONEWAY);
    Parcel data;
    CHECK(manager->transact(kFirst, data, nullptr, IBinder::FLAG_ONEWAY) == OK);
    CHECK(manager->pingBinder() == OK);  // it is only logged
  });
}

TEST_CASE("the buffer of a small reply goes back with the thread's next words") {
  InProcessDriver driver;
  Party server(driver);
  Party client(driver);
  server.serve(make_binder([](uint32_t code, const Parcel&, Parcel* reply) {
    if (code == kFirst + 1) reply->writeByteVector(std::vector<uint8_t>(4096));
    if (code == kFirst + 2) reply->writeStrongBinder(make_binder());
    return reply->writeInt32(1);
  }));
  const auto buffers = [&] { return driver.driver().counters().buffers; };
  client.as([&] {
    const sp<IBinder> manager = client.process()->getContextObject(nullptr);
    const auto call = [&](uint32_t code) {
      Parcel data;
      Parcel reply;
      CHECK(manager->transact(code, data, &reply) == OK);
    };
    // One, and not more.
    for (int i = 0; i < 5; ++i) {
      call(kFirst);
      CHECK(buffers() == 1);
    }
    IPCThreadState::self()->flushCommands();
    CHECK(buffers() == 0);
    // Of two replies that are held at the same time, the second one takes the first along.
    {
      Parcel data;
      Parcel first;
      Parcel second;
      CHECK(manager->transact(kFirst, data, &first) == OK);
      CHECK(manager->transact(kFirst, data, &second) == OK);
      CHECK(buffers() == 2);
    }
    CHECK(buffers() == 0);
    // A large one, and one that refers to objects, go at once.
    call(kFirst);
    call(kFirst + 1);
    CHECK(buffers() == 0);
    call(kFirst + 2);
    CHECK(buffers() == 0);
    call(kFirst);
  });
  // The thread is gone, as far as this process is concerned.
  CHECK(buffers() == 0);
}
