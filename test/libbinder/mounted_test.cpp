// libbinder before a device file: $BINDER_DEVICE. The server is this program once more, in a process of its
// own; it becomes the context manager. The same cases run on mounts, on character devices and on the kernel's
// driver.
#include <binder/Parcel.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <future>
#include <numeric>
#include <thread>

#define CATCH_CONFIG_RUNNER
#include <binder/IPCThreadState.h>
#include <binder/ProcessState.h>

#include "test/libbinder/lambda_binder.h"
#include "test/support/catch.h"

using namespace android;
using cuse_binder::test::LambdaBinder;
using cuse_binder::test::make_binder;

extern char** environ;

namespace {

constexpr std::chrono::seconds kPatience{120};

enum Code : uint32_t {
  kEcho = IBinder::FIRST_CALL_TRANSACTION,  // int32 → int32
  kBytes,                                   // byte vector → the same, inverted
  kPut,                                     // keeps a binder
  kGet,
  kForget,
  kCallBack,  // calls the binder that is kept, from the thread that serves: int32 → its int32 + 1
  kPids,      // → getpid(), calling pid, calling uid
  kService,   // → an object that takes descriptors
  kNumber,    // oneway: appends an int32
  kNumbers,   // → all of them
  kMeet,      // int32 n: returns when n calls are in here
};

status_t serve_descriptor(uint32_t, const Parcel& data, Parcel* reply) {
  const int fd = data.readFileDescriptor();
  if (fd < 0) return BAD_VALUE;
  return write(fd, "seen", 4) == 4 ? reply->writeDupFileDescriptor(fd) : UNKNOWN_ERROR;
}

struct Server {
  std::mutex mutex;
  std::condition_variable changed;
  sp<IBinder> kept;
  std::vector<int32_t> numbers;
  int inside = 0;
  const sp<LambdaBinder> files = make_binder(serve_descriptor);

  status_t answer(uint32_t code, const Parcel& data, Parcel* reply) {
    switch (code) {
      case kEcho:
        return reply->writeInt32(data.readInt32());
      case kBytes: {
        std::vector<uint8_t> bytes;
        if (const status_t status = data.readByteVector(&bytes); status != OK) return status;
        for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(~byte);
        return reply->writeByteVector(bytes);
      }
      case kPut: {
        const std::lock_guard lock(mutex);
        return data.readNullableStrongBinder(&kept);
      }
      case kGet: {
        const std::lock_guard lock(mutex);
        return reply->writeStrongBinder(kept);
      }
      case kForget: {
        const std::lock_guard lock(mutex);
        kept = nullptr;
        return OK;
      }
      case kCallBack: {
        sp<IBinder> callback;
        {
          const std::lock_guard lock(mutex);
          callback = kept;
        }
        Parcel down;
        Parcel up;
        down.writeInt32(data.readInt32());
        const status_t status = callback->transact(kEcho, down, &up);
        return status != OK ? status : reply->writeInt32(up.readInt32() + 1);
      }
      case kPids:
        reply->writeInt32(getpid());
        reply->writeInt32(IPCThreadState::self()->getCallingPid());
        return reply->writeInt32(static_cast<int32_t>(IPCThreadState::self()->getCallingUid()));
      case kService:
        return reply->writeStrongBinder(files);
      case kNumber: {
        const std::lock_guard lock(mutex);
        numbers.push_back(data.readInt32());
        changed.notify_all();
        return OK;
      }
      case kNumbers: {
        std::unique_lock lock(mutex);
        const auto wanted = static_cast<size_t>(data.readInt32());
        if (!changed.wait_for(lock, kPatience, [&] { return numbers.size() == wanted; })) return TIMED_OUT;
        return reply->writeInt32Vector(numbers);
      }
      case kMeet: {
        std::unique_lock lock(mutex);
        const int wanted = data.readInt32();
        ++inside;
        changed.notify_all();
        const bool met = changed.wait_for(lock, kPatience, [&] { return inside >= wanted; });
        return met ? OK : TIMED_OUT;
      }
      default:
        return UNKNOWN_TRANSACTION;
    }
  }
};

int serve(int ready) {
  Server server;
  const sp<ProcessState> process = ProcessState::self();
  if (!process->becomeContextManager()) return 3;
  IPCThreadState::self()->setTheContextObject(make_binder(
      [&](uint32_t code, const Parcel& data, Parcel* reply) { return server.answer(code, data, reply); }));
  process->startThreadPool();
  if (write(ready, "!", 1) != 1) return 4;
  close(ready);
  IPCThreadState::self()->joinThreadPool();
  return 0;
}

class ServerProcess {
 public:
  ServerProcess() {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    const std::string number = std::to_string(ends[1]);
    std::string program = "/proc/self/exe";
    char* const arguments[] = {program.data(), const_cast<char*>("--serve"),
                               const_cast<char*>(number.c_str()), nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    // The manager of the case before may be dying still: the driver then refuses another one (EBUSY).
    for (int attempt = 0; attempt < 10000; ++attempt) {
      REQUIRE(posix_spawn(&pid_, program.c_str(), &actions, nullptr, arguments, environ) == 0);
      // Ready is a byte. The writing end stays open here, so that failure is only to be seen by waiting.
      char byte = 0;
      pollfd fds[] = {{ends[0], POLLIN, 0}};
      while (poll(fds, 1, 10) == 0) {
        int status = 0;
        if (waitpid(pid_, &status, WNOHANG) == pid_) {
          REQUIRE((WIFEXITED(status) && WEXITSTATUS(status) == 3));
          pid_ = -1;
          break;
        }
      }
      if (pid_ > 0 && read(ends[0], &byte, 1) == 1) break;
    }
    posix_spawn_file_actions_destroy(&actions);
    close(ends[0]);
    close(ends[1]);
    REQUIRE(pid_ > 0);
  }
  ~ServerProcess() { kill(); }
  ServerProcess(const ServerProcess&) = delete;

  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
};

sp<IBinder> manager() {
  const sp<IBinder> it = ProcessState::self()->getContextObject(nullptr);
  REQUIRE(it != nullptr);
  return it;
}

// An int32 there and one back.
int32_t ask(const sp<IBinder>& it, uint32_t code, int32_t value = 0) {
  Parcel data;
  Parcel reply;
  data.writeInt32(value);
  REQUIRE(it->transact(code, data, &reply) == OK);
  return reply.readInt32();
}

class Recipient : public IBinder::DeathRecipient {
 public:
  void binderDied(const wp<IBinder>&) override { promise.set_value(); }
  std::promise<void> promise;
};

}  // namespace

TEST_CASE("calls of all sizes") {
  ServerProcess server;
  const sp<IBinder> it = manager();
  CHECK(ask(it, kEcho, -7) == -7);
  CHECK(it->pingBinder() == OK);
  for (const size_t size : {0, 1, 4095, 4096, 70000, 500000}) {
    std::vector<uint8_t> bytes(size);
    std::iota(bytes.begin(), bytes.end(), uint8_t{3});
    Parcel data;
    Parcel reply;
    data.writeByteVector(bytes);
    REQUIRE(it->transact(kBytes, data, &reply) == OK);
    std::vector<uint8_t> answer;
    REQUIRE(reply.readByteVector(&answer) == OK);
    for (uint8_t& byte : answer) byte = static_cast<uint8_t>(~byte);
    CHECK((answer == bytes));
  }
  Parcel large;
  large.writeByteVector(std::vector<uint8_t>(2 << 20));
  CHECK(it->transact(kBytes, large, nullptr) == FAILED_TRANSACTION);
}

TEST_CASE("who calls whom") {
  ServerProcess server;
  Parcel data;
  Parcel reply;
  REQUIRE(manager()->transact(kPids, data, &reply) == OK);
  CHECK(reply.readInt32() == server.pid());
  CHECK(reply.readInt32() == getpid());
  CHECK(reply.readInt32() == static_cast<int32_t>(geteuid()));
}

TEST_CASE("a call back, and a binder that comes home") {
  ServerProcess server;
  const sp<IBinder> it = manager();
  const pid_t thread = gettid();
  std::atomic<pid_t> called_on{0};
  const sp<IBinder> mine = make_binder([&](uint32_t, const Parcel& data, Parcel* reply) {
    called_on = gettid();
    return reply->writeInt32(data.readInt32() * 2);
  });
  Parcel data;
  Parcel reply;
  data.writeStrongBinder(mine);
  REQUIRE(it->transact(kPut, data, &reply) == OK);
  CHECK(ask(it, kCallBack, 21) == 43);
  CHECK(called_on == thread);
  REQUIRE(it->transact(kGet, Parcel(), &reply) == OK);
  CHECK(reply.readStrongBinder() == mine);
  REQUIRE(it->transact(kForget, Parcel(), &reply) == OK);
}

TEST_CASE("an object ends when nobody has it any more") {
  ServerProcess server;
  const sp<IBinder> it = manager();
  std::promise<void> ended;
  {
    Parcel data;
    Parcel reply;
    data.writeStrongBinder(make_binder([&] { ended.set_value(); }));
    REQUIRE(it->transact(kPut, data, &reply) == OK);
  }
  auto end = ended.get_future();
  CHECK(end.wait_for(std::chrono::seconds(0)) == std::future_status::timeout);
  Parcel reply;
  REQUIRE(it->transact(kForget, Parcel(), &reply) == OK);
  CHECK(end.wait_for(kPatience) == std::future_status::ready);
}

TEST_CASE("descriptors") {
  ServerProcess server;
  Parcel reply;
  REQUIRE(manager()->transact(kService, Parcel(), &reply) == OK);
  const sp<IBinder> files = reply.readStrongBinder();
  REQUIRE(files != nullptr);
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  {
    Parcel data;
    Parcel answer;
    REQUIRE(data.writeFileDescriptor(ends[1]) == OK);
    REQUIRE(files->transact(kEcho, data, &answer) == OK);
    const int back = answer.readFileDescriptor();
    REQUIRE(back >= 0);
    CHECK(write(back, "!", 1) == 1);
  }
  close(ends[1]);
  char text[8] = {};
  CHECK(read(ends[0], text, sizeof text) == 5);
  CHECK(std::string(text) == "seen!");
  CHECK(read(ends[0], text, sizeof text) == 0);  // all copies are closed
  close(ends[0]);
}

TEST_CASE("oneway calls keep their order") {
  ServerProcess server;
  const sp<IBinder> it = manager();
  std::vector<int32_t> sent(100);
  std::iota(sent.begin(), sent.end(), 0);
  for (const int32_t number : sent) {
    Parcel data;
    data.writeInt32(number);
    REQUIRE(it->transact(kNumber, data, nullptr, IBinder::FLAG_ONEWAY) == OK);
  }
  Parcel data;
  Parcel reply;
  data.writeInt32(static_cast<int32_t>(sent.size()));
  REQUIRE(it->transact(kNumbers, data, &reply) == OK);
  std::vector<int32_t> arrived;
  REQUIRE(reply.readInt32Vector(&arrived) == OK);
  CHECK(arrived == sent);
}

TEST_CASE("the server's pool grows with the calls") {
  ServerProcess server;
  const sp<IBinder> it = manager();
  constexpr int kCalls = 10;
  std::vector<std::future<status_t>> calls;
  for (int i = 0; i < kCalls; ++i) {
    calls.push_back(std::async(std::launch::async, [&] {
      Parcel data;
      Parcel reply;
      data.writeInt32(kCalls);
      return it->transact(kMeet, data, &reply);
    }));
  }
  for (auto& call : calls) CHECK(call.get() == OK);
}

TEST_CASE("a killed process is told of, and nothing of it works any more") {
  auto server = std::make_unique<ServerProcess>();
  const sp<IBinder> it = manager();
  const sp<Recipient> recipient = new Recipient;
  REQUIRE(it->linkToDeath(recipient) == OK);
  // Somebody waits for it meanwhile: two are to meet, and only one comes.
  auto waiting = std::async(std::launch::async, [&] {
    Parcel data;
    Parcel reply;
    data.writeInt32(2);
    return it->transact(kMeet, data, &reply);
  });
  server->kill();
  CHECK(recipient->promise.get_future().wait_for(kPatience) == std::future_status::ready);
  CHECK(waiting.get() == DEAD_OBJECT);
  CHECK(it->pingBinder() == DEAD_OBJECT);
  CHECK(it->linkToDeath(recipient) == DEAD_OBJECT);
}

int main(int argc, char** argv) {
  if (const char* const device = getenv("BINDER_DEVICE"); device != nullptr)
    setenv("CUSE_BINDER_DEVICE", device, 1);
  if (argc == 3 && strcmp(argv[1], "--serve") == 0) return serve(atoi(argv[2]));
  if (getenv("CUSE_BINDER_DEVICE") == nullptr) {
    fprintf(stderr, "BINDER_DEVICE is not set\n");
    return 2;
  }
  ProcessState::self()->startThreadPool();
  return Catch::Session().run(argc, argv);
}
