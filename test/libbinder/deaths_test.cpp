// Obituaries and freezing.
#include <binder/BpBinder.h>

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

class Recipient : public IBinder::DeathRecipient {
 public:
  void binderDied(const wp<IBinder>& who) override {
    ++deaths;
    last = who;
    promise.set_value();
  }
  std::atomic<int> deaths{0};
  wp<IBinder> last;
  std::promise<void> promise;
};

class FrozenCallback : public IBinder::FrozenStateChangeCallback {
 public:
  void onStateChanged(const wp<IBinder>&, State state) override {
    const std::lock_guard lock(mutex);
    states.push_back(state);
    changed.notify_all();
  }
  bool wait_for(const std::vector<State>& wanted) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, kPatience, [&] { return states == wanted; });
  }
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<State> states;
};

}  // namespace

TEST_CASE("an obituary comes once, to everybody who asked") {
  InProcessDriver driver;
  Party client(driver);
  client.start_pool();
  auto server = std::make_unique<Party>(driver);
  server->serve(make_binder());
  client.as([&] {
    const sp<IBinder> remote = client.process()->getContextObject(nullptr);
    const sp<Recipient> first = new Recipient;
    const sp<Recipient> second = new Recipient;
    const sp<Recipient> third = new Recipient;
    CHECK(remote->linkToDeath(first) == OK);
    CHECK(remote->linkToDeath(second, &driver) == OK);
    CHECK(remote->linkToDeath(third) == OK);
    CHECK(remote->unlinkToDeath(third) == OK);
    CHECK(remote->unlinkToDeath(third) == NAME_NOT_FOUND);
    {
      const sp<Recipient> forgotten = new Recipient;  // only held weakly
      CHECK(remote->linkToDeath(forgotten) == OK);
    }
    server->die();
    REQUIRE(first->promise.get_future().wait_for(kPatience) == std::future_status::ready);
    REQUIRE(second->promise.get_future().wait_for(kPatience) == std::future_status::ready);
    CHECK(first->last == remote);
    CHECK(third->deaths == 0);
    CHECK(!remote->isBinderAlive());
    CHECK(remote->pingBinder() == DEAD_OBJECT);
    CHECK(remote->linkToDeath(third) == DEAD_OBJECT);
    CHECK(remote->unlinkToDeath(first) == DEAD_OBJECT);
    CHECK(first->deaths == 1);
  });
}

TEST_CASE("death is also seen by calling") {
  InProcessDriver driver;
  Party client(driver);
  auto server = std::make_unique<Party>(driver);
  server->serve(make_binder());
  client.as([&] {
    const sp<IBinder> remote = client.process()->getContextObject(nullptr);
    CHECK(remote->isBinderAlive());
    server->die();
    CHECK(remote->isBinderAlive());  // nobody has said so yet
    CHECK(remote->pingBinder() == DEAD_OBJECT);
    CHECK(!remote->isBinderAlive());
    // Asking for an obituary of a dead one brings it.
    CHECK(client.process()->getContextObject(nullptr) != nullptr);
  });
}

TEST_CASE("a recipient is found by its cookie") {
  InProcessDriver driver;
  Party client(driver);
  Party server(driver);
  server.serve(make_binder());
  client.as([&] {
    const sp<IBinder> remote = client.process()->getContextObject(nullptr);
    const sp<Recipient> recipient = new Recipient;
    int cookie = 0;
    CHECK(remote->linkToDeath(recipient, &cookie) == OK);
    wp<IBinder::DeathRecipient> found;
    CHECK(remote->unlinkToDeath(nullptr, &driver, 0, &found) == NAME_NOT_FOUND);
    CHECK(remote->unlinkToDeath(nullptr, &cookie, 1, &found) == NAME_NOT_FOUND);
    CHECK(remote->unlinkToDeath(nullptr, &cookie, 0, &found) == OK);
    CHECK(found == wp<IBinder::DeathRecipient>(recipient));
  });
}

TEST_CASE("a local binder has no obituary") {
  InProcessDriver driver;
  Party client(driver);
  client.as([&] {
    const sp<IBinder> local = make_binder();
    const sp<Recipient> recipient = new Recipient;
    CHECK(local->linkToDeath(recipient) == INVALID_OPERATION);
    CHECK(local->unlinkToDeath(recipient) == INVALID_OPERATION);
    const sp<FrozenCallback> callback = new FrozenCallback;
    CHECK(local->addFrozenStateChangeCallback(callback) == INVALID_OPERATION);
  });
}

TEST_CASE("dropping a proxy with recipients leaves nothing") {
  InProcessDriver driver;
  {
    Party client(driver);
    client.start_pool();
    Party server(driver);
    server.serve(make_binder());
    const uint32_t before = BpBinder::getBinderProxyCount();
    client.as([&] {
      const sp<Recipient> recipient = new Recipient;
      for (int i = 0; i < 50; ++i) {
        const sp<IBinder> remote = client.process()->getContextObject(nullptr);
        CHECK(remote->linkToDeath(recipient) == OK);
      }
      CHECK(recipient->deaths == 0);
    });
    // Each proxy ends when the driver has confirmed, on a thread of the pool.
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (BpBinder::getBinderProxyCount() > before && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::yield();
    }
    CHECK(BpBinder::getBinderProxyCount() == before);
  }
  CHECK(driver.leftovers().empty());
}

TEST_CASE("freezing is told, first what it is and then what it becomes") {
  using State = IBinder::FrozenStateChangeCallback::State;
  InProcessDriver driver;
  Party client(driver);
  client.start_pool();
  Party server(driver);
  server.serve(make_binder());
  client.as([&] {
    const sp<IBinder> remote = client.process()->getContextObject(nullptr);
    const sp<FrozenCallback> callback = new FrozenCallback;
    REQUIRE(remote->addFrozenStateChangeCallback(callback) == OK);
    CHECK(callback->wait_for({State::UNFROZEN}));
    REQUIRE(IPCThreadState::freeze(server.pid(), true, 1000) == 0);
    CHECK(callback->wait_for({State::UNFROZEN, State::FROZEN}));
    CHECK(remote->pingBinder() == FAILED_TRANSACTION);
    uint32_t sync = 0;
    uint32_t async = 0;
    CHECK(IPCThreadState::getProcessFreezeInfo(server.pid(), &sync, &async) == 0);
    CHECK((sync & 1) == 1);
    CHECK(async == 0);
    // Who comes later is told what is.
    const sp<FrozenCallback> late = new FrozenCallback;
    REQUIRE(remote->addFrozenStateChangeCallback(late) == OK);
    CHECK(late->wait_for({State::FROZEN}));
    REQUIRE(IPCThreadState::freeze(server.pid(), false, 0) == 0);
    CHECK(callback->wait_for({State::UNFROZEN, State::FROZEN, State::UNFROZEN}));
    CHECK(late->wait_for({State::FROZEN, State::UNFROZEN}));
    CHECK(remote->pingBinder() == OK);
    CHECK(remote->removeFrozenStateChangeCallback(late) == OK);
    CHECK(remote->removeFrozenStateChangeCallback(late) == NAME_NOT_FOUND);
    CHECK(remote->removeFrozenStateChangeCallback(callback) == OK);
  });
}
