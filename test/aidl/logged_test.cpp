// `aidl --log --trace -v`: both sides tell of each call, and the version is known.
#include <versioned/BnLogged.h>
#include <versioned/BpLogged.h>

#include <mutex>

#include "test/libbinder/party.h"
#include "test/support/catch.h"

using namespace android;
using cuse_binder::test::InProcessDriver;
using cuse_binder::test::Party;

namespace {

class Logged : public versioned::BnLogged {
 public:
  binder::Status add(int32_t a, int32_t b, int32_t* result) override {
    *result = a + b;
    return a == 0 ? binder::Status::fromServiceSpecificError(7) : binder::Status::ok();
  }
  binder::Status greet(const std::vector<String16>& names, std::vector<std::string>* result) override {
    for (const String16& name : names) result->push_back("hello " + std::string(String8(name).string()));
    return binder::Status::ok();
  }
};

struct Entry {
  std::string interface_name;
  std::string method_name;
  size_t input_args;
};

// The older compiler tells by Json::Value, the newer one by a struct of its own.
template <typename T>
Entry entry_of(const T& log) {
  if constexpr (requires { log.interface_name; }) {
    return {log.interface_name, log.method_name, log.input_args.size()};
  } else {
    return {log["interface_name"].asString(), log["method_name"].asString(), log["input_args"].size()};
  }
}

class Log {
 public:
  auto writer() {
    return [this](const auto& entry) {
      const std::scoped_lock lock(mutex_);
      entries_.push_back(entry_of(entry));
    };
  }
  std::vector<Entry> entries() {
    const std::scoped_lock lock(mutex_);
    return entries_;
  }

 private:
  std::mutex mutex_;
  std::vector<Entry> entries_;
};

}  // namespace

TEST_CASE("aidl: logged calls") {
  Log client_log;
  Log server_log;
  versioned::BpLogged::logFunc = client_log.writer();
  versioned::BnLogged::logFunc = server_log.writer();
  {
    InProcessDriver driver;
    Party server(driver);
    Party client(driver);
    server.serve(sp<BBinder>(new Logged));
    client.as([&] {
      const auto logged = interface_cast<versioned::ILogged>(client.process()->getContextObject(nullptr));
      REQUIRE(logged != nullptr);
      CHECK(logged->getInterfaceVersion() == 4);
      int32_t sum = 0;
      CHECK(logged->add(3, 4, &sum).isOk());
      CHECK(sum == 7);
      std::vector<std::string> greetings;
      CHECK(logged->greet({String16("Ann"), String16("Bob")}, &greetings).isOk());
      CHECK(greetings == std::vector<std::string>{"hello Ann", "hello Bob"});
      CHECK(logged->add(0, 1, &sum).serviceSpecificErrorCode() == 7);
    });
  }
  versioned::BpLogged::logFunc = nullptr;
  versioned::BnLogged::logFunc = nullptr;
  for (Log* const log : {&client_log, &server_log}) {
    const std::vector<Entry> entries = log->entries();
    REQUIRE(entries.size() >= 2);
    CHECK(entries[0].interface_name == "versioned.ILogged");
    CHECK(entries[0].method_name == "add");
    CHECK(entries[0].input_args == 2);
    CHECK(entries[1].method_name == "greet");
  }
}
