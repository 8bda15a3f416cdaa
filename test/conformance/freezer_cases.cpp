// Section Z of the protocol: freezing processes, what senders to them see, and notifications of it.
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <sstream>

#include "test/conformance/environment.h"
#include "test/conformance/steps.h"

namespace cuse_binder::conformance {
namespace {

constexpr std::uint64_t kCookie = 0x1111222233334444;

int set_frozen(Thread& by, Actor& whom, bool frozen, std::uint32_t timeout_ms = 0) {
  binder_freeze_info info{};
  info.pid = static_cast<std::uint32_t>(whom.pid());
  info.enable = frozen ? 1 : 0;
  info.timeout_ms = timeout_ms;
  return by.ioctl(BINDER_FREEZE, info);
}

struct Status {
  int error;
  std::uint32_t sync_recv, async_recv;
  friend bool operator==(const Status&, const Status&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Status& status) {
    return out << errno_name(status.error) << " sync " << status.sync_recv << " async " << status.async_recv;
  }
};

Status status_of(Thread& by, Actor& whom) {
  binder_frozen_status_info info{};
  info.pid = static_cast<std::uint32_t>(whom.pid());
  const int error = by.ioctl(BINDER_GET_FROZEN_INFO, info);
  return {error, info.sync_recv, info.async_recv};
}

std::uint32_t pending_frozen(World& w) {
  return w.traits().pending_frozen ? kBrTransactionPendingFrozen
                                   : static_cast<std::uint32_t>(BR_TRANSACTION_COMPLETE);
}

// A stage with somebody who freezes: its threads have nothing to do with the calls.
struct Cold : Stage {
  Actor& f = w.actor("freezer").open();
  int freeze(std::uint32_t timeout_ms = 0) { return set_frozen(f.thread(), b, true, timeout_ms); }
  int thaw() { return set_frozen(f.thread(), b, false); }
  bool frozen() {  // by what a caller sees
    const Result result = a.thread(9).touch().write_read(Commands().transaction(h, 99));
    if (result == gets(BR_FROZEN_REPLY)) return true;
    CHECK(result == fails(EAGAIN));  // accepted, no answer yet
    CHECK(a.thread(9).thread_exit() == 0);
    return false;
  }
};

bool no_notifications(World& w) {
  if (w.traits().freeze_notifications) return false;
  unreachable(w, "this kernel has no freeze notifications");
  return true;
}

// A read that brings exactly one BR_FROZEN_BINDER with this cookie and state.
void hears(Thread& thread, std::uint64_t cookie, bool frozen) {
  const Result result = thread.read();
  REQUIRE(result == gets(kBrFrozenBinder));
  CHECK(result.only(kBrFrozenBinder).cookie == cookie);
  CHECK(result.only(kBrFrozenBinder).is_frozen == (frozen ? 1 : 0));
}

void hears_clear(Thread& thread, std::uint64_t cookie) {
  const Result result = thread.read();
  REQUIRE(result == gets(kBrClearFreezeNotificationDone));
  CHECK(result.only(kBrClearFreezeNotificationDone).cookie == cookie);
}

// A hard error at the first command: nothing is consumed, nothing is read.
void invalid(Thread& thread, const Commands& commands) {
  const Result result = thread.write_read(commands);
  CHECK(result == fails(EINVAL));
  CHECK(result.write_consumed == 0);
  CHECK(result.read_consumed == 0);
}

// A cold stage whose client watches the server; the first notification is read and acknowledged.
struct Watched : Cold {
  Watched() {
    if (!w.traits().freeze_notifications) return;
    done(a.thread(), Commands().request_freeze(h, kCookie));
    hears(a.thread(), kCookie, false);
    done(a.thread(), Commands().freeze_done(kCookie));
  }
};

TEST_CASE("Z-01: a process that has no device open cannot be frozen or asked about", "[freezer]") {
  World w;
  Actor& f = w.actor("freezer").open();
  Actor& nobody = w.actor("without a device");
  CHECK(set_frozen(f.thread(), nobody, true) == EINVAL);
  CHECK(set_frozen(f.thread(), nobody, false) == EINVAL);
  CHECK(status_of(f.thread(), nobody).error == EINVAL);
}

TEST_CASE("Z-02: a synchronous call to a frozen process is refused and noted", "[freezer]") {
  Cold s;
  CHECK(status_of(s.f.thread(), s.b) == Status{0, 0, 0});
  CHECK(s.freeze() == 0);
  CHECK(status_of(s.f.thread(), s.b) == Status{0, 0, 0});
  refused(s.a.thread(), Commands().transaction(s.h, 1), 0, BR_FROZEN_REPLY);
  CHECK(status_of(s.f.thread(), s.b) == Status{0, 1, 0});
  CHECK(s.b.read() == fails(EAGAIN));
  CHECK(s.freeze(100) == 0);  // freezing again forgets
  CHECK(status_of(s.f.thread(), s.b) == Status{0, 0, 0});
}

TEST_CASE("Z-02: a nested call to a frozen process is refused like any other", "[freezer]") {
  Cold s;
  const std::uint32_t back = s.w.introduce(s.a.thread(), Node{0x7000, 7, 0}, s.b.thread());
  CHECK(set_frozen(s.f.thread(), s.a, true) == 0);
  done(s.a.thread(), Commands().transaction(s.h, 1));  // frozen processes may call
  receive(s.b.thread());
  refused(s.b.thread(), Commands().transaction(back, 2), 0, BR_FROZEN_REPLY);
  accepted(s.b.thread(), Commands().reply(3));  // and they get their replies
  CHECK(s.a.read() == gets(BR_TRANSACTION_COMPLETE, BR_REPLY));
}

TEST_CASE("Z-03: a oneway call to a frozen process is queued and noted", "[freezer]") {
  Cold s;
  CHECK(s.freeze() == 0);
  const Commands commands = Commands().oneway(s.h, 1).enter_looper();
  const Result result = s.a.thread().write_read(commands);
  CHECK(result == gets(pending_frozen(s.w)));
  CHECK(result.write_consumed == commands.size());
  CHECK(s.a.thread().extended_error() == ee(BR_OK, 0));
  CHECK(status_of(s.f.thread(), s.b) == Status{0, 2, 1});
}

TEST_CASE("Z-04: a frozen process can read what was queued", "[freezer]") {
  Cold s;
  CHECK(s.freeze() == 0);
  CHECK(s.a.thread().write_read(Commands().oneway(s.h, 7, Parcel::text("cold"))) ==
        gets(pending_frozen(s.w)));
  const auto data = receive(s.b.thread());
  CHECK(data.code == 7);
  CHECK(s.b.text_of(data) == "cold");
  CHECK(status_of(s.f.thread(), s.b) == Status{0, 0, 1});
}

TEST_CASE("Z-05: thawing forgets everything", "[freezer]") {
  Cold s;
  CHECK(s.freeze() == 0);
  CHECK(s.a.thread().write_read(Commands().oneway(s.h, 1)) == gets(pending_frozen(s.w)));
  CHECK(s.a.thread().write_read(Commands().transaction(s.h, 2)) == gets(BR_FROZEN_REPLY));
  CHECK(receive(s.b.thread()).code == 1);
  CHECK(s.thaw() == 0);
  CHECK(status_of(s.f.thread(), s.b) == Status{0, 0, 0});
  CHECK_FALSE(s.frozen());
  CHECK(s.thaw() == 0);  // also when there is nothing to thaw
}

TEST_CASE("Z-06: freezing waits for undelivered calls, and gives up", "[freezer]") {
  Cold s;
  done(s.a.thread(), Commands().transaction(s.h, 1));
  CHECK(s.freeze(0) == EAGAIN);
  const auto begin = std::chrono::steady_clock::now();
  CHECK(s.freeze(200) == EAGAIN);
  // The kernel counts in ticks, of which the first may be nearly over.
  CHECK(std::chrono::steady_clock::now() - begin >= std::chrono::milliseconds(190));
  CHECK_FALSE(s.frozen());
}

TEST_CASE("Z-06: freezing succeeds when the calls drain in time", "[freezer]") {
  Cold s;
  accepted(s.a.thread(), Commands().oneway(s.h, 1));
  binder_freeze_info info{static_cast<std::uint32_t>(s.b.pid()), 1, 60000};
  const Address argument = s.f.put(as_bytes_of(info));
  s.f.thread(1).touch();
  s.f.thread(1).start_call({Sys::ioctl, {static_cast<std::uint64_t>(s.f.fd()), BINDER_FREEZE, argument}});
  s.w.eventually("the freezer sleeps", [&] { return s.f.thread(1).sleeps(); });
  CHECK(receive(s.b.thread()).code == 1);
  const Outcome outcome = s.f.thread(1).finish_call();
  CHECK(outcome.value == 0);
  CHECK(s.frozen());
}

TEST_CASE("Z-07: a process that works on a call cannot be frozen until it has replied", "[freezer]") {
  Cold s;
  done(s.a.thread(), Commands().transaction(s.h, 1));
  receive(s.b.thread());
  CHECK(s.freeze(0) == EAGAIN);
  CHECK(s.freeze(20) == EAGAIN);
  CHECK(status_of(s.f.thread(), s.b).sync_recv == 2);  // pending, frozen or not
  accepted(s.b.thread(), Commands().reply());
  CHECK(s.freeze(0) == 0);  // although a has not read it
  CHECK(s.a.read() == gets(BR_TRANSACTION_COMPLETE, BR_REPLY));
}

TEST_CASE("Z-08: a process that waits for a reply cannot be frozen until it has read it", "[freezer]") {
  Cold s;
  done(s.a.thread(), Commands().transaction(s.h, 1));
  const auto begin = std::chrono::steady_clock::now();
  CHECK(set_frozen(s.f.thread(), s.a, true, 30000) == EAGAIN);  // without waiting: nothing is outstanding
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::milliseconds(20000));
  receive(s.b.thread());
  accepted(s.b.thread(), Commands().reply());
  CHECK(set_frozen(s.f.thread(), s.a, true, 20) == EAGAIN);
  CHECK(s.a.read() == gets(BR_TRANSACTION_COMPLETE, BR_REPLY));
  CHECK(set_frozen(s.f.thread(), s.a, true, 0) == 0);
}

// A process of its own with a signal handler that does not restart system calls: freezes `pid`, exits with
// the errno.
pid_t start_interruptible_freezer(pid_t pid, std::uint32_t timeout_ms) {
  const std::string device = environment().device();
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child != 0) return child;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  struct sigaction action {};
  action.sa_handler = [](int) {};
  sigaction(SIGUSR1, &action, nullptr);
  const int fd = open(device.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) _exit(255);
  binder_freeze_info info{static_cast<std::uint32_t>(pid), 1, timeout_ms};
  _exit(ioctl(fd, BINDER_FREEZE, &info) == 0 ? 0 : errno);
}

// Whether the process sleeps in the ioctl with that request (proc_pid_syscall(5): number, fd, request …).
bool sleeps_in_ioctl(pid_t pid, std::uint32_t request) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/syscall");
  std::string number, fd, argument;
  file >> number >> fd >> argument;
  std::ostringstream wanted;
  wanted << "0x" << std::hex << request;
  return argument == wanted.str();
}

TEST_CASE("Z-09: a signal ends the wait and nothing stays frozen", "[freezer]") {
  Cold s;
  done(s.a.thread(), Commands().transaction(s.h, 1));
  constexpr std::uint32_t kLong = 3600 * 1000;
  if (environment().device().empty()) {
    binder_freeze_info info{static_cast<std::uint32_t>(s.b.pid()), 1, kLong};
    const Address argument = s.f.put(as_bytes_of(info));
    s.f.thread(1).touch();
    s.f.thread(1).start_call({Sys::ioctl, {static_cast<std::uint64_t>(s.f.fd()), BINDER_FREEZE, argument}});
    s.w.eventually("the freezer sleeps", [&] { return s.f.thread(1).sleeps(); });
    s.f.thread(1).signal();
    const Outcome outcome = s.f.thread(1).finish_call();
    CHECK(outcome.value < 0);
    CHECK(outcome.error == EINTR);
  } else {
    const pid_t freezer = start_interruptible_freezer(s.b.pid(), kLong);
    s.w.eventually("the freezer sleeps", [&] { return sleeps_in_ioctl(freezer, BINDER_FREEZE); });
    kill(freezer, SIGUSR1);
    int status = 0;
    s.w.eventually("the freezer ends", [&] { return waitpid(freezer, &status, WNOHANG) == freezer; });
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == EINTR);
  }
  CHECK_FALSE(s.frozen());
}

// A cold node with one oneway in progress and a second client.
struct Update : Cold {
  Actor& c = w.actor("other client").open().map();
  std::uint32_t hc = w.introduce(b.thread(), n, c.thread());
  static constexpr std::uint32_t kFlags = TF_ONE_WAY | TF_UPDATE_TXN;

  void send(Actor& sender, std::uint32_t handle, std::uint32_t code, std::string_view text,
            std::uint32_t flags = kFlags) {
    const Result result =
        sender.thread().write_read(Commands().transaction(handle, code, flags, Parcel::text(text)));
    CHECK(result.error == 0);
    CHECK((result.has(BR_TRANSACTION_COMPLETE) || result.has(kBrTransactionPendingFrozen)));
  }
  // What b reads until there is nothing, freeing each.
  std::vector<std::string> drain() {
    std::vector<std::string> texts;
    for (Result result = b.read(); result.error == 0; result = b.read()) {
      texts.push_back(b.text_of(result.transaction()));
      free_buffer(b.thread(), result.transaction());
    }
    return texts;
  }
};

TEST_CASE("Z-10: an update replaces the queued oneway that it resembles", "[freezer]") {
  Update s;
  s.send(s.a, s.h, 10, "in progress");
  const auto first = receive(s.b.thread());
  CHECK(s.b.text_of(first) == "in progress");
  CHECK(s.freeze() == 0);
  s.send(s.a, s.h, 10, "old");
  s.send(s.a, s.h, 11, "other code");
  s.send(s.c, s.hc, 10, "other sender");
  s.send(s.a, s.h, 10, "other flags", Update::kFlags | TF_ROOT_OBJECT);
  s.send(s.a, s.h, 10, "no update", TF_ONE_WAY);
  s.send(s.a, s.h, 10, "new");
  CHECK(s.thaw() == 0);
  free_buffer(s.b.thread(), first);
  CHECK(s.drain() ==
        std::vector<std::string>{"other code", "other sender", "other flags", "no update", "new"});
}

TEST_CASE("Z-10: the oneway in progress is never replaced, and another node's neither", "[freezer]") {
  Update s;
  const std::uint32_t other = s.w.introduce(s.b.thread(), Node{0x2000, 0x22, 0x100}, s.a.thread());
  CHECK(s.freeze() == 0);
  s.send(s.a, s.h, 10, "first");
  s.send(s.a, other, 10, "other node");
  s.send(s.a, s.h, 10, "second");
  s.send(s.a, other, 10, "other node again");
  s.send(s.a, s.h, 10, "third");
  CHECK(s.thaw() == 0);
  CHECK(s.drain() == std::vector<std::string>{"first", "other node", "third", "other node again"});
}

TEST_CASE("Z-10: a replaced oneway gives back its buffer, its handles and its files", "[freezer]") {
  Update s;
  s.send(s.a, s.h, 10, "in progress");
  const auto first = receive(s.b.thread());
  CHECK(s.freeze() == 0);
  const auto [read_end, write_end] = s.a.pipe();
  const Parcel parcel = Parcel().binder({0x8000, 8, 0}).fd(write_end);
  CHECK_FALSE(
      s.a.thread().write_read(Commands().transaction(s.h, 20, Update::kFlags, parcel)).has(BR_FAILED_REPLY));
  s.a.close(write_end);
  s.send(s.a, s.h, 20, "replacement");
  const bool leaks = s.w.traits().name.starts_with("kernel-6.");  // mended in 7.2
  if (!leaks) {
    CHECK(s.a.read_text(read_end) == "");  // nobody holds the write end
  } else {
    unreachable(s.w, "this kernel leaks the files of a replaced oneway");
  }
  CHECK(s.thaw() == 0);
  free_buffer(s.b.thread(), first);
  const auto data = receive(s.b.thread());
  CHECK(s.b.text_of(data) == "replacement");
  // The dropped buffer lay directly behind the first one; the replacement was made while it was still there.
  free_buffer(s.b.thread(), data);
  CHECK(s.b.read() == fails(EAGAIN));
}

TEST_CASE("Z-11: without a frozen target an update replaces nothing", "[freezer]") {
  Update s;
  for (const std::string_view text : {"one", "two", "three"}) s.send(s.a, s.h, 10, text);
  CHECK(s.drain() == std::vector<std::string>{"one", "two", "three"});
}

TEST_CASE("Z-12: a request of freeze notifications tells the present state at once, once", "[freezer]") {
  Cold s;
  if (no_notifications(s.w)) {
    invalid(s.a.thread(), Commands().request_freeze(s.h, kCookie));
    return;
  }
  done(s.a.thread(), Commands().request_freeze(s.h, kCookie));
  hears(s.a.thread(), kCookie, false);
  invalid(s.a.thread(), Commands().request_freeze(s.h, kCookie));
  invalid(s.a.thread(), Commands().request_freeze(s.h, kCookie + 1));
  CHECK(s.freeze() == 0);
  Actor& c = s.w.actor("other server").open().map();
  const std::uint32_t other = s.w.introduce(c.thread(), Node{0x2000, 2, 0}, s.a.thread());
  CHECK(set_frozen(s.f.thread(), c, true) == 0);
  done(s.a.thread(), Commands().request_freeze(other, kCookie));  // cookies need not differ
  hears(s.a.thread(), kCookie, true);
}

TEST_CASE("Z-13: freezes and thaws are told one at a time, the next after the acknowledgement", "[freezer]") {
  Watched s;
  if (no_notifications(s.w)) return;
  CHECK(s.freeze() == 0);
  hears(s.a.thread(), kCookie, true);
  CHECK(s.thaw() == 0);
  CHECK(s.a.read() == fails(EAGAIN));
  done(s.a.thread(), Commands().freeze_done(kCookie));
  hears(s.a.thread(), kCookie, false);
  done(s.a.thread(), Commands().freeze_done(kCookie));
  CHECK(s.a.read() == fails(EAGAIN));
  invalid(s.a.thread(), Commands().freeze_done(kCookie));  // nothing is unacknowledged
}

TEST_CASE("Z-14: a freeze and a thaw that were not read become one notification", "[freezer]") {
  Watched s;
  if (no_notifications(s.w)) return;
  CHECK(s.freeze() == 0);
  CHECK(s.thaw() == 0);
  hears(s.a.thread(), kCookie, false);
  CHECK(s.a.read() == fails(EAGAIN));
}

TEST_CASE("Z-15: clearing answers at once, in the notification's place, or after its acknowledgement",
          "[freezer]") {
  Watched s;
  if (no_notifications(s.w)) return;
  SECTION("idle") {
    done(s.a.thread(), Commands().clear_freeze(s.h, kCookie));
    hears_clear(s.a.thread(), kCookie);
  }
  SECTION("not acknowledged") {
    CHECK(s.freeze() == 0);
    hears(s.a.thread(), kCookie, true);
    done(s.a.thread(), Commands().clear_freeze(s.h, kCookie));
    CHECK(s.a.read() == fails(EAGAIN));
    done(s.a.thread(), Commands().freeze_done(kCookie));
    hears_clear(s.a.thread(), kCookie);
  }
  SECTION("not read") {
    CHECK(s.freeze() == 0);
    done(s.a.thread(), Commands().clear_freeze(s.h, kCookie));
    hears_clear(s.a.thread(), kCookie);
  }
  CHECK(s.a.read() == fails(EAGAIN));
  CHECK(s.thaw() == 0);
  CHECK(s.a.read() == fails(EAGAIN));
  // A new request is possible.
  done(s.a.thread(), Commands().request_freeze(s.h, kCookie + 1));
  hears(s.a.thread(), kCookie + 1, false);
}

TEST_CASE("Z-16: clearing needs the cookie, and works once", "[freezer]") {
  Watched s;
  if (no_notifications(s.w)) return;
  invalid(s.a.thread(), Commands().clear_freeze(s.h, kCookie + 1));
  invalid(s.a.thread(), Commands().clear_freeze(77, kCookie));
  done(s.a.thread(), Commands().clear_freeze(s.h, kCookie));
  invalid(s.a.thread(), Commands().clear_freeze(s.h, kCookie));
  hears_clear(s.a.thread(), kCookie);
  invalid(s.a.thread(), Commands().clear_freeze(s.h, kCookie));
}

TEST_CASE("Z-17: a request on a dead node gives nothing, clearing it is answered", "[freezer]") {
  Cold s;
  if (no_notifications(s.w)) return;
  done(s.a.thread(), Commands().request_death(s.h, 1));
  s.b.kill();
  s.a.thread().await(BR_DEAD_BINDER);
  done(s.a.thread(), Commands().request_freeze(s.h, kCookie));
  CHECK(s.a.read() == fails(EAGAIN));
  done(s.a.thread(), Commands().clear_freeze(s.h, kCookie));
  hears_clear(s.a.thread(), kCookie);
}

TEST_CASE("Z-18: a registration goes with its reference", "[freezer]") {
  Watched s;
  if (no_notifications(s.w)) return;
  SECTION("idle") {
    done(s.a.thread(), Commands().release(s.h));
    CHECK(s.freeze() == 0);
  }
  SECTION("not read") {
    CHECK(s.freeze() == 0);
    done(s.a.thread(), Commands().release(s.h));
  }
  SECTION("not acknowledged") {
    CHECK(s.freeze() == 0);
    hears(s.a.thread(), kCookie, true);
    done(s.a.thread(), Commands().release(s.h));
    invalid(s.a.thread(), Commands().freeze_done(kCookie));
  }
  CHECK(s.a.read() == fails(EAGAIN));
  CHECK(s.thaw() == 0);
  CHECK(s.a.read() == fails(EAGAIN));
}

TEST_CASE("Z-19: a needless thaw is told again", "[freezer]") {
  Watched s;
  if (no_notifications(s.w)) return;
  CHECK(s.thaw() == 0);
  hears(s.a.thread(), kCookie, false);
  done(s.a.thread(), Commands().freeze_done(kCookie));
  CHECK(s.a.read() == fails(EAGAIN));
}

TEST_CASE("Z-20: a failed freeze is not told", "[freezer]") {
  Watched s;
  if (no_notifications(s.w)) return;
  done(s.a.thread(1).touch(), Commands().transaction(s.h, 1));
  CHECK(s.freeze(0) == EAGAIN);
  CHECK(s.freeze(20) == EAGAIN);
  CHECK(s.a.read() == fails(EAGAIN));
}

TEST_CASE("Z-21: a freeze that fails at an older device leaves the newer ones frozen", "[freezer]") {
  World w;
  Actor& m = w.actor("manager").open().map().become_manager();
  Actor& a = w.actor("client").open().map();
  Actor& f = w.actor("freezer").open();
  Actor& b = w.actor("server").open().map();
  const int old_fd = b.fd();
  const Node old_node{0x1000, 1, 0}, new_node{0x2000, 2, 0};
  const std::uint32_t old_handle = w.introduce(b.thread(), old_node, a.thread());
  b.open().map();
  REQUIRE(b.fd() != old_fd);
  const std::uint32_t new_handle = w.introduce(b.thread(), new_node, a.thread());
  done(a.thread(), Commands().transaction(old_handle, 1));
  CHECK(set_frozen(f.thread(), b, true) == EAGAIN);
  Thread& caller = a.thread(1).touch();
  refused(caller, Commands().transaction(new_handle, 2), 0, BR_FROZEN_REPLY);
  CHECK(caller.write_read(Commands().transaction(old_handle, 3)) == fails(EAGAIN));  // accepted
  CHECK(set_frozen(f.thread(), b, false) == 0);
  CHECK(a.thread(2).touch().write_read(Commands().transaction(new_handle, 4)) == fails(EAGAIN));
  CHECK(m.read() == fails(EAGAIN));
}

}  // namespace
}  // namespace cuse_binder::conformance
