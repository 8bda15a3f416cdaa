// Identity and lifetime of binders across processes.
#include <binder/BpBinder.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "test/libbinder/lambda_binder.h"
#include "test/libbinder/party.h"
#include "test/support/catch.h"

using namespace android;
using cuse_binder::test::InProcessDriver;
using cuse_binder::test::kPatience;
using cuse_binder::test::make_binder;
using cuse_binder::test::Party;

namespace {

constexpr uint32_t kPut = IBinder::FIRST_CALL_TRANSACTION;
constexpr uint32_t kGet = kPut + 1;
constexpr uint32_t kIsMine = kPut + 2;
constexpr uint32_t kForget = kPut + 3;
constexpr uint32_t kIsLocal = kPut + 4;

// A server that keeps one binder.
class Shelf {
 public:
  explicit Shelf(Party& server) {
    const auto manager = make_binder([this](uint32_t code, const Parcel& data, Parcel* reply) -> status_t {
      const std::lock_guard lock(mutex_);
      switch (code) {
        case kPut:
          return data.readNullableStrongBinder(&kept_);
        case kGet:
          return reply->writeStrongBinder(kept_);
        case kIsMine:
          return reply->writeBool(data.readStrongBinder() == kept_);
        case kForget:
          kept_ = nullptr;
          return OK;
        case kIsLocal:
          return reply->writeBool(data.readStrongBinder() == self_);
        default:
          return UNKNOWN_TRANSACTION;
      }
    });
    self_ = manager.get();
    server.serve(manager);
  }

 private:
  std::mutex mutex_;
  sp<IBinder> kept_;
  const IBinder* self_ = nullptr;
};

status_t put(const sp<IBinder>& shelf, const sp<IBinder>& what) {
  Parcel data;
  Parcel reply;
  data.writeStrongBinder(what);
  return shelf->transact(kPut, data, &reply);
}

sp<IBinder> get(const sp<IBinder>& shelf) {
  Parcel data;
  Parcel reply;
  if (shelf->transact(kGet, data, &reply) != OK) return nullptr;
  return reply.readStrongBinder();
}

void forget(const sp<IBinder>& shelf) {
  Parcel data;
  Parcel reply;
  CHECK(shelf->transact(kForget, data, &reply) == OK);
}

}  // namespace

TEST_CASE("a binder that comes home is itself") {
  InProcessDriver driver;
  Party server(driver);
  Shelf shelf(server);
  Party client(driver);
  client.as([&] {
    const sp<IBinder> remote = client.process()->getContextObject(nullptr);
    const sp<IBinder> mine = make_binder();
    CHECK(put(remote, mine) == OK);
    CHECK(get(remote) == mine);
    // The same to the others whenever it is sent.
    Parcel data;
    Parcel reply;
    data.writeStrongBinder(mine);
    CHECK(remote->transact(kIsMine, data, &reply) == OK);
    CHECK(reply.readBool());
    CHECK(put(remote, nullptr) == OK);
    CHECK(get(remote) == nullptr);
    // The context manager's handle is nothing in its own process, where the object is.
    data.freeData();
    data.writeStrongBinder(remote);
    REQUIRE(remote->transact(kIsLocal, data, &reply) == OK);
    CHECK(reply.readBool());
    forget(remote);
  });
}

TEST_CASE("a proxy is one object as long as it lives") {
  InProcessDriver driver;
  Party server(driver);
  Shelf shelf(server);
  Party client(driver);
  Party other(driver);
  other.start_pool();
  other.as([&] { CHECK(put(other.process()->getContextObject(nullptr), make_binder()) == OK); });
  client.as([&] {
    const sp<IBinder> remote = client.process()->getContextObject(nullptr);
    const sp<IBinder> first = get(remote);
    REQUIRE(first != nullptr);
    CHECK(first->remoteBinder() != nullptr);
    CHECK(get(remote) == first);
    CHECK(first->pingBinder() == OK);
    // Without strong references it is dead, and a weak one cannot raise it.
    wp<IBinder> weak = get(remote);
    CHECK(weak.promote() == first);
    forget(remote);
  });
}

TEST_CASE("an object lives as long as somebody elsewhere has it, and no longer") {
  InProcessDriver driver;
  Party server(driver);
  Shelf shelf(server);
  Party client(driver);
  client.start_pool();
  std::promise<void> ended;
  client.as([&] {
    const sp<IBinder> remote = client.process()->getContextObject(nullptr);
    {
      const sp<IBinder> mine = make_binder([&] { ended.set_value(); });
      CHECK(put(remote, mine) == OK);
    }
    // Only the shelf has it now.
    const sp<IBinder> back = get(remote);
    REQUIRE(back != nullptr);
    CHECK(back->localBinder() != nullptr);
  });
  auto end = ended.get_future();
  CHECK(end.wait_for(std::chrono::seconds(0)) == std::future_status::timeout);
  client.as([&] { forget(client.process()->getContextObject(nullptr)); });
  CHECK(end.wait_for(kPatience) == std::future_status::ready);
}

TEST_CASE("the driver tells who refers to what") {
  InProcessDriver driver;
  Party server(driver);
  Party client(driver);
  const auto object = make_binder();
  server.serve(
      make_binder([&](uint32_t, const Parcel&, Parcel* reply) { return reply->writeStrongBinder(object); }));
  client.as([&] {
    Parcel data;
    Parcel reply;
    const sp<IBinder> manager = client.process()->getContextObject(nullptr);
    REQUIRE(manager->transact(kPut, data, &reply) == OK);
    const sp<IBinder> proxy = reply.readStrongBinder();
    server.as([&] {
      uintptr_t references[16] = {};
      const ssize_t count = server.process()->getKernelReferences(16, references);
      REQUIRE(count == 2);  // the manager's node has no address
      bool found = false;
      for (ssize_t i = 0; i < count; ++i) found |= references[i] == reinterpret_cast<uintptr_t>(object.get());
      CHECK(found);
    });
    // Only the context manager may ask how often something is held.
    CHECK(client.process()->getStrongRefCountForNode(sp<BpBinder>(proxy->remoteBinder())) == -1);
  });
}

TEST_CASE("the context manager sees how many hold a service") {
  InProcessDriver driver;
  Party server(driver);
  Party client(driver);
  sp<IBinder> kept;
  const auto manager = make_binder([&](uint32_t code, const Parcel& data, Parcel* reply) -> status_t {
    if (code == kPut) return data.readStrongBinder(&kept);
    if (code == kForget) {
      kept = nullptr;
      return OK;
    }
    if (code == kGet) return reply->writeStrongBinder(kept);
    return reply->writeInt32(
        static_cast<int32_t>(server.process()->getStrongRefCountForNode(sp<BpBinder>(kept->remoteBinder()))));
  });
  server.serve(manager);
  Party owner(driver);
  owner.start_pool();
  owner.as([&] { REQUIRE(put(owner.process()->getContextObject(nullptr), make_binder()) == OK); });
  client.as([&] {
    const sp<IBinder> remote = client.process()->getContextObject(nullptr);
    const auto count = [&] {
      Parcel data;
      Parcel reply;
      REQUIRE(remote->transact(kIsMine, data, &reply) == OK);
      return reply.readInt32();
    };
    CHECK(count() == 1);
    {
      const sp<IBinder> held = get(remote);
      CHECK(count() == 2);
    }
    CHECK(count() == 1);
    forget(remote);
  });
}

TEST_CASE("proxies are counted by who sent them, with watermarks") {
  InProcessDriver driver;
  Party server(driver);
  Party client(driver);
  int limits = 0;
  int warnings = 0;
  std::vector<sp<IBinder>> kept;
  server.serve(make_binder([&](uint32_t, const Parcel& data, Parcel*) -> status_t {
    kept.push_back(data.readStrongBinder());
    return OK;
  }));
  const uint32_t before = BpBinder::getBinderProxyCount();
  BpBinder::setBinderProxyCountEventCallback(
      [&](int uid) { limits += uid == static_cast<int>(geteuid()) ? 1 : 100; }, [&](int) { ++warnings; });
  BpBinder::setBinderProxyCountWatermarks(10, 5, 8);
  BpBinder::enableCountByUid();
  client.as([&] {
    const sp<IBinder> remote = client.process()->getContextObject(nullptr);
    for (int i = 0; i < 12; ++i) {
      CHECK(put(remote, make_binder()) == OK);
      Parcel unused;
      // Counted in the server alone; the client's own proxy came without a call.
    }
    CHECK(limits == 1);
    CHECK(warnings == 1);
    CHECK(BpBinder::getBinderProxyCount() >= before + 12);
    CHECK(BpBinder::getBinderProxyCount(geteuid()) >= 12);
    Vector<uint32_t> uids;
    Vector<uint32_t> counts;
    BpBinder::getCountByUid(uids, counts);
    REQUIRE(uids.size() == 1);
    CHECK(uids[0] == geteuid());
    CHECK(counts[0] >= 12);
  });
  server.as([&] { kept.clear(); });
  // The thread that served the last call may still be about to let go of that call's proxy.
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (BpBinder::getBinderProxyCount(geteuid()) > 1 && std::chrono::steady_clock::now() < deadline)
    std::this_thread::yield();
  CHECK(BpBinder::getBinderProxyCount(geteuid()) <= 1);
  BpBinder::disableCountByUid();
  BpBinder::setBinderProxyCountEventCallback(nullptr, nullptr);
  BpBinder::setBinderProxyCountWatermarks(2500, 2000, 2250);
}

TEST_CASE("threads that send, drop and take the same binder do not lose it") {
  InProcessDriver driver;
  // Assertions belong to one thread at a time.
  std::atomic<int> failures{0};
  {
    Party server(driver);
    Shelf shelf(server);
    Party owner(driver);
    owner.start_pool();
    Party client(driver);
    client.start_pool();
    std::atomic<bool> enough{false};
    auto producer = owner.async([&] {
      const sp<IBinder> remote = owner.process()->getContextObject(nullptr);
      for (int i = 0; i < 300; ++i) failures += put(remote, make_binder()) != OK;
      enough = true;
    });
    std::vector<std::future<void>> consumers;
    for (int i = 0; i < 3; ++i) {
      consumers.push_back(client.async([&] {
        const sp<IBinder> remote = client.process()->getContextObject(nullptr);
        while (!enough) {
          const sp<IBinder> it = get(remote);
          if (it != nullptr) failures += it->pingBinder() != OK;
        }
      }));
    }
    REQUIRE(producer.wait_for(kPatience) == std::future_status::ready);
    for (auto& it : consumers) REQUIRE(it.wait_for(kPatience) == std::future_status::ready);
    owner.as([&] { forget(owner.process()->getContextObject(nullptr)); });
  }
  CHECK(failures == 0);
  CHECK(driver.leftovers().empty());
}

TEST_CASE("objects are attached to binders") {
  InProcessDriver driver;
  Party server(driver);
  server.serve(make_binder());
  Party client(driver);
  client.as([&] {
    static int cleaned;
    cleaned = 0;
    const IBinder::object_cleanup_func clean = [](const void*, void*, void*) { ++cleaned; };
    int id = 0;
    int first = 0;
    int second = 0;
    {
      for (const sp<IBinder>& binder :
           {sp<IBinder>(make_binder()), client.process()->getContextObject(nullptr)}) {
        CHECK(binder->findObject(&id) == nullptr);
        CHECK(binder->attachObject(&id, &first, nullptr, clean) == nullptr);
        CHECK(binder->attachObject(&id, &second, nullptr, clean) == &first);
        CHECK(binder->findObject(&id) == &first);
        CHECK(binder->detachObject(&id) == &first);
        CHECK(binder->findObject(&id) == nullptr);
        CHECK(binder->detachObject(&id) == nullptr);
        CHECK(cleaned == 0);
        binder->attachObject(&id, &second, nullptr, clean);
        bool ran = false;
        binder->withLock([&] { ran = true; });
        CHECK(ran);
        const IBinder::object_make_func make = [](const void*) -> sp<IBinder> { return make_binder(); };
        const sp<IBinder> made = binder->lookupOrCreateWeak(&ran, make, nullptr);
        CHECK(made != nullptr);
        CHECK(binder->lookupOrCreateWeak(&ran, make, nullptr) == made);
        binder->detachObject(&id);
        binder->attachObject(&id, &second, nullptr, clean);
      }
    }
    CHECK(cleaned == 2);
  });
}
