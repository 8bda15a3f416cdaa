// The corpus between two processes in one program: every method, and what has to fail.
#include <corpus/BnObserver.h>

#include <condition_variable>

#include "test/aidl/client.h"
#include "test/aidl/service.h"
#include "test/libbinder/party.h"
#include "test/support/catch.h"

using namespace android;
using cuse_binder::test::InProcessDriver;
using cuse_binder::test::kPatience;
using cuse_binder::test::Party;
using namespace cuse_binder::test::aidl_corpus;

namespace {

constexpr int kRounds = 30;

// A service and a client, each with a pool.
class World {
 public:
  World() {
    server_.serve(sp<BBinder>(new CorpusService));
    client_.start_pool();
  }
  template <typename Body>
  void as_client(Body body) {
    client_.as([&] { body(interface_cast<corpus::ICorpus>(client_.process()->getContextObject(nullptr))); });
  }

 private:
  InProcessDriver driver_;
  Party server_{driver_};
  Party client_{driver_};
};

class Observer : public corpus::BnObserver {
 public:
  Status happened(int32_t what, const std::string& how) override {
    const std::scoped_lock lock(mutex_);
    in_order_ = in_order_ && what == count_ && how == "number " + std::to_string(what);
    ++count_;
    changed_.notify_all();
    return Status::ok();
  }
  bool wait_for(int32_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return count_ >= count; }) && in_order_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int32_t count_ = 0;
  bool in_order_ = true;
};

uint32_t code_of_needed() {
  return IBinder::FIRST_CALL_TRANSACTION + 8;  // its place in ICorpus.aidl
}

int32_t exception_of(const Parcel& reply) {
  Status status;
  return status.readFromParcel(reply) == OK ? status.exceptionCode() : Status::EX_TRANSACTION_FAILED;
}

}  // namespace

TEST_CASE("aidl: every method with random values") {
  const uint64_t seed = cuse_binder::test::aidl_corpus::seed();
  INFO("CUSE_BINDER_AIDL_SEED=" << seed);
  World world;
  world.as_client([&](const sp<corpus::ICorpus>& service) {
    int methods = 0;
    CHECK_NOTHROW(methods = call_everything(service, seed, kRounds));
    CHECK(methods >= AIDL_CORPUS_METHODS);
  });
}

TEST_CASE("aidl: a wrong answer is noticed") {
  // The judge is judged: a service that is told of a call by another name than the caller.
  class Wrong : public corpus::BnMixed {
   public:
    Status wait(int32_t value, int32_t* result) override {
      *result = value;
      return Status::ok();
    }
    Status send(int32_t) override { return Status::ok(); }
    Status sendArray(const std::vector<int32_t>&) override { return Status::ok(); }
    Status last(int64_t value, int64_t* result) override {
      *result = value;
      return Status::ok();
    }
  };
  const sp<Wrong> wrong(new Wrong);
  Caller caller(1, 4, [] { return 0; });
  CHECK_THROWS(call_all(caller, *wrong));
}

TEST_CASE("aidl: exceptions") {
  World world;
  world.as_client([](const sp<corpus::ICorpus>& service) {
    const std::string message =
        GENERATE(std::string(), std::string("because"), std::string("schöne Grüße \U0001f600"));
    for (const int32_t exception :
         {Status::EX_SECURITY, Status::EX_BAD_PARCELABLE, Status::EX_ILLEGAL_ARGUMENT,
          Status::EX_NULL_POINTER, Status::EX_ILLEGAL_STATE, Status::EX_NETWORK_MAIN_THREAD,
          Status::EX_UNSUPPORTED_OPERATION, Status::EX_PARCELABLE}) {
      int32_t result = -5;
      const Status status = service->fail(exception, 0, message, &result);
      CHECK(status.exceptionCode() == exception);
      CHECK(std::string(status.exceptionMessage().c_str()) == message);
      CHECK(status.transactionError() == OK);
      CHECK(status.serviceSpecificErrorCode() == 0);
      CHECK(result == -5);  // nothing was read
    }
    for (const int32_t code : {0, 1, -1, INT32_MIN, INT32_MAX}) {
      int32_t result = -5;
      const Status status = service->fail(Status::EX_SERVICE_SPECIFIC, code, message, &result);
      CHECK(status.exceptionCode() == Status::EX_SERVICE_SPECIFIC);
      CHECK(status.serviceSpecificErrorCode() == code);
      CHECK(std::string(status.exceptionMessage().c_str()) == message);
    }
    for (const status_t error : {NO_MEMORY, BAD_VALUE, PERMISSION_DENIED, UNKNOWN_TRANSACTION}) {
      int32_t result = -5;
      const Status status = service->fail(Status::EX_TRANSACTION_FAILED, error, message, &result);
      CHECK(status.exceptionCode() == Status::EX_TRANSACTION_FAILED);
      CHECK(status.transactionError() == error);
    }
    int32_t result = -5;
    CHECK(service->fail(Status::EX_NONE, 0, message, &result).isOk());
    CHECK(result == 1);
  });
}

TEST_CASE("aidl: null where there must be something") {
  World world;
  world.as_client([](const sp<corpus::ICorpus>& service) {
    String16 result;
    const Status status = service->needed(String16("x"), nullptr, &result);
    CHECK(status.exceptionCode() == Status::EX_NULL_POINTER);
    Parcel data;
    Parcel reply;
    data.writeInterfaceToken(corpus::ICorpus::descriptor);
    data.writeString16(nullptr, 0);
    data.writeStrongBinder(sp<IBinder>(new Token(1)));
    CHECK(IInterface::asBinder(service)->transact(code_of_needed(), data, &reply) == OK);
    CHECK(exception_of(reply) == Status::EX_NULL_POINTER);
  });
}

TEST_CASE("aidl: what is not a proper call") {
  World world;
  world.as_client([](const sp<corpus::ICorpus>& service) {
    const sp<IBinder> binder = IInterface::asBinder(service);
    const String16 descriptor = corpus::ICorpus::descriptor;
    {
      Parcel data;
      Parcel reply;
      data.writeInterfaceToken(descriptor);
      CHECK(binder->transact(IBinder::FIRST_CALL_TRANSACTION + 500, data, &reply) == UNKNOWN_TRANSACTION);
    }
    {
      Parcel data;
      Parcel reply;
      data.writeInterfaceToken(String16("corpus.IOther"));
      data.writeString16(String16("x"));
      data.writeStrongBinder(sp<IBinder>(new Token(1)));
      CHECK(binder->transact(code_of_needed(), data, &reply) == BAD_TYPE);
    }
    Parcel whole;
    whole.writeInterfaceToken(descriptor);
    const size_t head = whole.dataSize();
    whole.writeString16(String16("some text"));
    whole.writeStrongBinder(sp<IBinder>(new Token(1)));
    for (size_t size = 0; size < whole.dataSize(); size += 4) {
      Parcel data;
      Parcel reply;
      REQUIRE(data.appendFrom(&whole, 0, size) == OK);
      const status_t status = binder->transact(code_of_needed(), data, &reply);
      INFO("cut at " << size << " of " << whole.dataSize() << ", status " << status);
      // A string without its bytes is null to the reader, and null is what the method does not take.
      CHECK((status != OK || exception_of(reply) == Status::EX_NULL_POINTER));
      if (size < head) CHECK(status == BAD_TYPE);
    }
    Parcel reply;
    CHECK(binder->transact(code_of_needed(), whole, &reply) == OK);
    CHECK(exception_of(reply) == Status::EX_NONE);
  });
}

TEST_CASE("aidl: callbacks come in order") {
  World world;
  world.as_client([](const sp<corpus::ICorpus>& service) {
    const sp<Observer> observer(new Observer);
    CHECK(service->observe(observer, 200).isOk());
    CHECK(observer->wait_for(200));
  });
}

TEST_CASE("aidl: two services call each other") {
  World world;
  world.as_client([](const sp<corpus::ICorpus>& service) {
    const sp<CorpusService> own(new CorpusService);
    int32_t depth = 0;
    CHECK(service->depth(own, 12, &depth).isOk());
    CHECK(depth == 12);
  });
}

TEST_CASE("aidl: constants and defaults") {
  CHECK(corpus::IMixed::NUMBER == 17);
  CHECK(corpus::IMixed::NEGATIVE == -3);
  CHECK(corpus::IMixed::HEX == 255);
  CHECK(corpus::IMixed::TEXT() == String16("constant"));
  CHECK(corpus::IMixed::UTF8() == "utf8 constant");
  const corpus::Shape shape;
  CHECK(shape.flag);
  CHECK(shape.small == -7);
  CHECK(shape.letter == u'x');
  CHECK(shape.number == 42);
  CHECK(shape.big == 1234567890123);
  CHECK(shape.half == 0.5F);
  CHECK(shape.eighth == 0.125);
  CHECK(shape.text == String16("shape"));
  CHECK(shape.utf8 == "form");
  CHECK(shape.bigs == std::vector<int64_t>{3, 2, 1});
  CHECK(shape.texts == std::vector<String16>{String16("one"), String16("two")});
  CHECK(shape.utf8s == std::vector<std::string>{"three"});
  CHECK(!shape.maybe);
  CHECK(shape.leaf.name == "leaf");
}
