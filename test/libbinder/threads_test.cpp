// Who serves: the pool, joined threads, loops of one's own.
#include <poll.h>
#include <utils/Looper.h>

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

constexpr uint32_t kCall = IBinder::FIRST_CALL_TRANSACTION;

}  // namespace

TEST_CASE("the pool grows as far as it may") {
  InProcessDriver driver;
  Party server(driver);
  Party client(driver);
  std::mutex mutex;
  std::condition_variable changed;
  int inside = 0;
  int most = 0;
  bool open = false;
  CHECK(server.process()->setThreadPoolMaxThreadCount(3) == OK);
  server.serve(make_binder([&](uint32_t, const Parcel&, Parcel*) -> status_t {
    std::unique_lock lock(mutex);
    most = std::max(most, ++inside);
    changed.notify_all();
    const bool opened = changed.wait_for(lock, kPatience, [&] { return open; });
    --inside;
    return opened ? OK : TIMED_OUT;
  }));
  CHECK(server.process()->isThreadPoolStarted());
  CHECK(server.process()->getThreadPoolMaxTotalThreadCount() == 4);
  std::vector<std::future<status_t>> calls;
  for (int i = 0; i < 6; ++i) {
    calls.push_back(client.async([&] {
      const sp<IBinder> remote = client.process()->getContextObject(nullptr);
      if (remote == nullptr) return status_t{NAME_NOT_FOUND};
      Parcel data;
      Parcel reply;
      return remote->transact(kCall, data, &reply);
    }));
  }
  {
    // The first thread and three more.
    std::unique_lock lock(mutex);
    REQUIRE(changed.wait_for(lock, kPatience, [&] { return inside == 4; }));
    open = true;
    changed.notify_all();
  }
  for (auto& call : calls) {
    REQUIRE(call.wait_for(kPatience) == std::future_status::ready);
    CHECK(call.get() == OK);
  }
  CHECK(most == 4);
}

TEST_CASE("a thread that joins serves until the driver is gone") {
  InProcessDriver driver;
  auto server = std::make_unique<Party>(driver);
  Party client(driver);
  std::thread::id served_by;
  auto joined = server->async([&] {
    REQUIRE(server->process()->becomeContextManager());
    IPCThreadState::self()->setTheContextObject(
        make_binder([&](uint32_t, const Parcel&, Parcel*) -> status_t {
          served_by = std::this_thread::get_id();
          return OK;
        }));
    IPCThreadState::self()->joinThreadPool();
    return std::this_thread::get_id();
  });
  client.as([&] {
    sp<IBinder> remote;
    // There is no event for "somebody became the context manager"; asking again is what programs do.
    while ((remote = client.process()->getContextObject(nullptr)) == nullptr) std::this_thread::yield();
    Parcel data;
    CHECK(remote->transact(kCall, data, nullptr) == OK);
    const auto service = served_by;
    std::thread([&] { server->die(); }).join();
    REQUIRE(joined.wait_for(kPatience) == std::future_status::ready);
    CHECK(joined.get() == service);
  });
}

TEST_CASE("a loop of one's own serves by polling") {
  InProcessDriver driver;
  Party server(driver);
  Party client(driver);
  std::atomic<int> calls{0};
  std::promise<void> ready;
  std::atomic<bool> stop{false};
  const sp<Looper> looper = new Looper(false);
  auto loop = server.async([&] {
    REQUIRE(server.process()->becomeContextManager());
    IPCThreadState::self()->setTheContextObject(
        make_binder([&](uint32_t, const Parcel&, Parcel*) -> status_t {
          ++calls;
          return OK;
        }));
    int fd = -1;
    REQUIRE(IPCThreadState::self()->setupPolling(&fd) == OK);
    REQUIRE(fd >= 0);
    Looper::setForThread(looper);
    looper->addFd(
        fd, Looper::POLL_CALLBACK, Looper::EVENT_INPUT,
        [](int, int, void*) {
          IPCThreadState::self()->handlePolledCommands();
          return 1;
        },
        nullptr);
    ready.set_value();
    while (!stop) looper->pollAll(-1);
    looper->removeFd(fd);
  });
  REQUIRE(ready.get_future().wait_for(kPatience) == std::future_status::ready);
  client.as([&] {
    const sp<IBinder> remote = client.process()->getContextObject(nullptr);
    REQUIRE(remote != nullptr);
    for (int i = 0; i < 20; ++i) {
      Parcel data;
      CHECK(remote->transact(kCall, data, nullptr,
                             i % 2 == 0 ? 0 : static_cast<uint32_t>(IBinder::FLAG_ONEWAY)) == OK);
    }
    CHECK(remote->pingBinder() == OK);
  });
  stop = true;
  looper->wake();
  REQUIRE(loop.wait_for(kPatience) == std::future_status::ready);
  CHECK(calls == 20);
}

TEST_CASE("descriptors arrive as descriptors of the receiver") {
  InProcessDriver driver;
  Party server(driver);
  Party client(driver);
  const auto service = make_binder([](uint32_t, const Parcel& data, Parcel* reply) -> status_t {
    const int fd = data.readFileDescriptor();  // the parcel's
    if (fd < 0) return BAD_VALUE;
    return write(fd, "seen", 4) == 4 ? reply->writeDupFileDescriptor(fd) : FAILED_TRANSACTION;
  });
  // The context manager itself takes none.
  server.serve(
      make_binder([&](uint32_t, const Parcel&, Parcel* reply) { return reply->writeStrongBinder(service); }));
  client.as([&] {
    Parcel question;
    Parcel answer;
    REQUIRE(client.process()->getContextObject(nullptr)->transact(kCall, question, &answer) == OK);
    const sp<IBinder> remote = answer.readStrongBinder();
    REQUIRE(remote != nullptr);
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    {
      Parcel data;
      Parcel reply;
      CHECK(data.writeFileDescriptor(ends[1]) == OK);
      REQUIRE(remote->transact(kCall, data, &reply) == OK);
      const int back = reply.readFileDescriptor();
      REQUIRE(back >= 0);
      CHECK(back != ends[1]);
      CHECK(write(back, "!", 1) == 1);
    }
    close(ends[1]);
    char text[8] = {};
    CHECK(read(ends[0], text, sizeof text) == 5);
    CHECK(std::string(text) == "seen!");
    // All copies are closed: the pipe has ended.
    CHECK(read(ends[0], text, sizeof text) == 0);
    close(ends[0]);
  });
}

TEST_CASE("busy threads can be waited for") {
  InProcessDriver driver;
  Party server(driver);
  Party client(driver);
  CHECK(server.process()->setThreadPoolMaxThreadCount(1) == OK);
  std::promise<void> entered;
  std::promise<void> leave;
  auto left = leave.get_future().share();
  server.serve(make_binder([&](uint32_t, const Parcel&, Parcel*) -> status_t {
    entered.set_value();
    return left.wait_for(kPatience) == std::future_status::ready ? OK : TIMED_OUT;
  }));
  auto call = client.async([&] {
    Parcel data;
    return client.process()->getContextObject(nullptr)->transact(kCall, data, nullptr);
  });
  REQUIRE(entered.get_future().wait_for(kPatience) == std::future_status::ready);
  auto waiter = server.async([&] { IPCThreadState::self()->blockUntilThreadAvailable(); });
  leave.set_value();
  CHECK(waiter.wait_for(kPatience) == std::future_status::ready);
  REQUIRE(call.wait_for(kPatience) == std::future_status::ready);
  CHECK(call.get() == OK);
}
