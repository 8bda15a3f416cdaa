// Section S of the protocol, as far as it is about the text of the logs. Runs wherever the driver shows them.
#include <regex>
#include <sstream>

#include "test/conformance/steps.h"

namespace cuse_binder::conformance {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// The block of one process, without its heading.
std::vector<std::string> block_of(const std::string& log, pid_t pid) {
  std::vector<std::string> block;
  bool inside = false;
  for (const std::string& line : lines_of(log)) {
    if (line.rfind("proc ", 0) == 0) {
      inside = line == "proc " + std::to_string(pid);
    } else if (inside) {
      block.push_back(line);
    }
  }
  return block;
}

// How many of the lines match.
int count(const std::vector<std::string>& lines, const std::string& pattern) {
  const std::regex expression(pattern);
  int number = 0;
  for (const std::string& line : lines) number += std::regex_match(line, expression);
  return number;
}

// Lines that match none of the patterns.
std::vector<std::string> strange(const std::vector<std::string>& lines,
                                 const std::vector<std::string>& patterns) {
  std::vector<std::string> left;
  for (const std::string& line : lines) {
    bool known = false;
    for (const std::string& pattern : patterns) known = known || std::regex_match(line, std::regex(pattern));
    if (!known) left.push_back(line);
  }
  return left;
}

// The formats of §12.2, with the deviations of older kernels.
struct Formats {
  explicit Formats(const Traits& traits) {
    const std::string kind = traits.logs_are_complete ? " a[01] r[01]" : " r[01]";
    const std::string age = traits.logs_offsets ? " elapsed \\d+ms" : "";
    const std::string place = traits.logs_offsets ? " offset [0-9a-f]+" : " data .*";
    // The address is shown as zeros, hashed, or not at all; it tells nothing.
    transaction =
        "transaction \\d+: \\S+ from \\d+:\\d+ to \\d+:\\d+ code [0-9a-f]+ flags [0-9a-f]+ pri [-\\d:]+" +
        kind + age + "( node \\d+)?( size \\d+:\\d+" + place + "| buffer free)?";
  }
  std::string transaction;

  std::vector<std::string> state() const {
    return {"proc \\d+",
            "context \\S+",
            "  thread \\d+: l [0-9a-f]{2} need_return [01] tr \\d+",
            "    (outgoing|incoming|bad|pending) " + transaction,
            "    transaction complete",
            "    transaction error: \\d+",
            "    node work \\d+: u[0-9a-f]{16} c[0-9a-f]{16}",
            "  node \\d+: u[0-9a-f]{16} c[0-9a-f]{16}( pri \\d+:\\d+)? hs [01] hw [01] ls \\d+ lw \\d+ is "
            "\\d+ iw \\d+ tr \\d+"
            "( proc( \\d+)*)?",
            "    pending async " + transaction,
            "  ref \\d+: desc \\d+ (dead )?node \\d+ s \\d+ w \\d+ d \\S+",
            "  buffer \\d+: \\S+ size \\d+:\\d+:\\d+ (active|delivered)",
            "  pending " + transaction,
            "  transaction complete",
            "  node work \\d+: u[0-9a-f]{16} c[0-9a-f]{16}",
            "  has (dead binder|cleared dead binder|cleared death notification|frozen binder|cleared freeze "
            "notification)",
            "  has delivered (dead|freeze) binder"};
  }
};

TEST_CASE("S-15: state has the lines and fields of every kind of thing", "[logs]") {
  Stage s;
  const Formats formats(s.w.traits());
  // A call that b works on, a oneway it has read, one that waits behind it, and one more call in its queue.
  accepted(s.a.thread(), Commands().oneway(s.h, 5, Parcel::zeros(5)));
  receive(s.b.thread());
  accepted(s.a.thread(), Commands().oneway(s.h, 6, Parcel::zeros(2)));
  done(s.a.thread(), Commands().transaction(s.h, 9));
  receive(s.b.thread());
  done(s.a.thread(1).touch(), Commands().transaction(s.h, 10));
  done(s.a.thread(2).touch(), Commands().enter_looper().request_death(s.h, 0xd));
  s.b.thread(1).touch();
  const Result fresh = s.b.thread(1).write(Commands().oneway(0, 11, Parcel().binder({0x7000, 0x77, 0})));
  REQUIRE(fresh.error == 0);

  const std::string state = s.w.log("state");
  REQUIRE_FALSE(state.empty());
  const auto all = lines_of(state);
  CHECK(all.front() == "binder state:");
  const std::string pid_a = std::to_string(s.a.pid()), pid_b = std::to_string(s.b.pid());
  const auto a = block_of(state, s.a.pid()), b = block_of(state, s.b.pid());
  CHECK(strange(a, formats.state()) == std::vector<std::string>{});
  CHECK(strange(b, formats.state()) == std::vector<std::string>{});
  CHECK(strange(block_of(state, s.m.pid()), formats.state()) == std::vector<std::string>{});

  CHECK(count(a, "context \\S+") == 1);
  CHECK(count(a, "  thread " + std::to_string(s.a.thread(2).tid()) + ": l 02 need_return 0 tr 0") == 1);
  const std::string outgoing = "    outgoing transaction \\d+: \\S+ from " + pid_a + ":";
  CHECK(count(a, outgoing + std::to_string(s.a.thread().tid()) + " to " + pid_b +
                     ":\\d+ code 9 flags 0 .*") == 1);
  CHECK(count(a, outgoing + std::to_string(s.a.thread(1).tid()) + " to " + pid_b + ":0 code a flags 0 .*") ==
        1);
  CHECK(count(a, "    transaction complete") == 2);
  CHECK(count(a, "  ref \\d+: desc 1 node \\d+ s 1 w 0 d .*[1-9a-f].*") == 1);  // watched

  CHECK(count(b, "    incoming transaction \\d+: .* code 9 .* node \\d+ size 0:0 .*") == 1);
  CHECK(count(b, "  pending transaction \\d+: .* code a .*") == 1);
  CHECK(count(b, "    pending async transaction \\d+: .* code 6 flags 1 .*") == 1);
  CHECK(count(b, "    node work \\d+: u0000000000007000 c0000000000000077") == 1);
  CHECK(count(b, "  node \\d+: u0000000000001000 c000000000000c0de .*hs 1 hw 1 .* proc " + pid_a) == 1);
  CHECK(count(b, "  buffer \\d+: \\S+ size 5:0:0 delivered") == 1);
  if (s.w.traits().logs_offsets) CHECK(count(b, "  buffer \\d+: 0 size 5:0:0 delivered") == 1);

  // "transactions" shows the same blocks without references; proc/<pid> the same as here.
  const std::string transactions = s.w.log("transactions");
  CHECK(lines_of(transactions).front() == "binder transactions:");
  CHECK(count(block_of(transactions, s.a.pid()), "  ref .*") == 0);
  CHECK(count(block_of(transactions, s.a.pid()), outgoing + ".*") == 2);
  const std::string own = s.w.log("proc/" + pid_b);
  CHECK(lines_of(own).front() == "binder proc state:");
  CHECK(count(block_of(own, s.b.pid()), "  buffer .*") == count(b, "  buffer .*"));
  CHECK(block_of(own, s.a.pid()).empty());
}

TEST_CASE("S-15: dead nodes are shown while somebody refers to them", "[logs]") {
  Stage s;
  done(s.a.thread(), Commands().request_death(s.h, 1));
  s.b.kill();
  s.a.thread().await(BR_DEAD_BINDER);
  const auto lines = lines_of(s.w.log("state"));
  CHECK(count(lines, "dead nodes:") == 1);
  const std::string node =
      "  node \\d+: u0000000000001000 c000000000000c0de .*proc " + std::to_string(s.a.pid());
  CHECK(count(lines, node) == 1);
  const auto a = block_of(s.w.log("state"), s.a.pid());
  CHECK(count(a, "  ref \\d+: desc 1 dead node \\d+ s 1 w 0 d .*") == 1);
  CHECK(count(a, "  has delivered dead binder") == 1);
  done(s.a.thread(), Commands().release(s.h));
  CHECK(count(lines_of(s.w.log("state")), node) == 0);
}

TEST_CASE("S-15: stats has the counters of the driver and of each process", "[logs]") {
  Stage s;
  accepted(s.a.thread(), Commands().oneway(s.h, 1));
  CHECK(s.a.thread().set_max_threads(7) == 0);
  const std::string stats = s.w.log("stats");
  REQUIRE_FALSE(stats.empty());
  const auto all = lines_of(stats);
  CHECK(all.front() == "binder stats:");
  CHECK(count(all, "BC_TRANSACTION: \\d+") == 1);
  CHECK(count(all, "BR_TRANSACTION_COMPLETE: \\d+") == 1);
  CHECK(count(all, "proc: active \\d+ total \\d+") == 1);
  CHECK(count(all, "node: active \\d+ total \\d+") == 1);
  const auto a = block_of(stats, s.a.pid());
  CHECK(strange(a, {"context \\S+", "  threads: 1", "  requested threads: 0\\+0/7", "  ready threads \\d+",
                    "  free async space \\d+", "  nodes: 0", "  refs: 1 s 1 w 0", "  buffers: 0",
                    "  pages: \\d+:\\d+:\\d+", "  pages high watermark: \\d+", "  pending transactions: 0",
                    "  B[CR]_[A-Z_]+: [1-9]\\d*"}) == std::vector<std::string>{});
  CHECK(count(a, "  free async space 524288") == 1);
  CHECK(count(a, "  BC_TRANSACTION: 2") == 1);  // the look-up of the stage, and this one
  CHECK(count(a, "  BR_REPLY: 1") == 1);
  CHECK(count(block_of(stats, s.b.pid()), "  pending transactions: 1") == 1);
  CHECK(count(block_of(stats, s.b.pid()), "  nodes: 1") == 1);
}

constexpr const char* kLogLine =
    "\\d+: (call |async|reply) from \\d+:\\d+ to \\d+:\\d+ context \\S+ node \\d+ handle \\d+ size \\d+:\\d+ "
    "ret \\d+/-?\\d+ l=\\d+( \\(incomplete\\))?";

TEST_CASE("S-15: the transaction log keeps the last 32 transactions", "[logs]") {
  Stage s;
  for (std::uint32_t i = 0; i < 40; ++i) {
    accepted(s.a.thread(), Commands().oneway(s.h, i, Parcel::zeros(i)));
    free_buffer(s.b.thread(), receive(s.b.thread()));
  }
  const auto log = lines_of(s.w.log("transaction_log"));
  CHECK(log.size() == 32);
  CHECK(strange(log, {kLogLine}) == std::vector<std::string>{});
  const std::string ends = std::to_string(s.a.pid()) + ":" + std::to_string(s.a.thread().tid()) + " to " +
                           std::to_string(s.b.pid()) + ":0 context \\S+ node \\d+ handle 1 size ";
  CHECK(std::regex_match(log.front(), std::regex("\\d+: async from " + ends + "8:0 ret 0/0 l=0")));
  CHECK(std::regex_match(log.back(), std::regex("\\d+: async from " + ends + "39:0 ret 0/0 l=0")));
  // A call and its reply.
  done(s.a.thread(), Commands().transaction(s.h, 1));
  receive(s.b.thread());
  accepted(s.b.thread(), Commands().reply(0, 0, Parcel::zeros(24)));
  const auto after = lines_of(s.w.log("transaction_log"));
  REQUIRE(after.size() == 32);
  CHECK(std::regex_match(after[30], std::regex("\\d+: call  from .* handle 1 size 0:0 ret 0/0 l=0")));
  CHECK(std::regex_match(after[31], std::regex("\\d+: reply from .* node 0 handle 0 size 24:0 ret 0/0 l=0")));
}

TEST_CASE("S-16: a failed call is in both logs with its reason", "[logs]") {
  Stage s;
  const auto last_is = [&](const std::string& pattern) {
    for (const char* file : {"transaction_log", "failed_transaction_log"}) {
      const auto log = lines_of(s.w.log(file));
      REQUIRE_FALSE(log.empty());
      INFO(file << ": " << log.back());
      CHECK(std::regex_match(log.back(), std::regex("\\d+: " + pattern)));
      CHECK(std::regex_match(log.back(), std::regex(kLogLine)));
    }
  };
  const std::string from =
      "from " + std::to_string(s.a.pid()) + ":" + std::to_string(s.a.thread().tid()) + " ";
  refused(s.a.thread(), Commands().transaction(77, 1), -EINVAL);
  last_is("call  " + from + "to 0:0 .* handle 77 size 0:0 ret 29201/-22 .*");
  done(s.a.thread(), Commands().request_death(s.h, 1));
  s.b.kill();
  s.a.thread().await(BR_DEAD_BINDER);
  refused(s.a.thread(), Commands().oneway(s.h, 1, Parcel::zeros(16)), -EINVAL, BR_DEAD_REPLY);
  last_is("async " + from + ".* handle 1 size 16:0 ret 29189/-22 .*");
}

TEST_CASE("S-16: a successful call is not in the failed log, a refused freeze is", "[logs]") {
  Stage s;
  refused(s.a.thread(), Commands().oneway(78, 1), -EINVAL);
  const std::string failed = s.w.log("failed_transaction_log");
  accepted(s.a.thread(), Commands().oneway(s.h, 1));
  CHECK(s.w.log("failed_transaction_log") == failed);
  binder_freeze_info info{static_cast<std::uint32_t>(s.b.pid()), 1, 0};
  receive(s.b.thread());
  REQUIRE(s.m.thread().ioctl(BINDER_FREEZE, info) == 0);
  refused(s.a.thread(), Commands().transaction(s.h, 1), 0, BR_FROZEN_REPLY);
  CHECK(lines_of(s.w.log("failed_transaction_log")).back().find(" ret 29202/0 ") != std::string::npos);
}

TEST_CASE("S-17: a buffer is active until it is delivered, a call's until it is answered", "[logs]") {
  Stage s;
  const auto buffers = [&](Actor& actor, const std::string& what) {
    return count(block_of(s.w.log("state"), actor.pid()), "  buffer \\d+: \\S+ size \\d+:0:0 " + what);
  };
  done(s.a.thread(), Commands().transaction(s.h, 1, 0, Parcel::zeros(24)));
  CHECK(buffers(s.b, "active") == 1);
  receive(s.b.thread());
  CHECK(buffers(s.b, "active") == 1);
  CHECK(buffers(s.b, "delivered") == 0);
  accepted(s.b.thread(), Commands().reply(0, 0, Parcel::zeros(8)));
  CHECK(buffers(s.b, "active") == 0);
  CHECK(buffers(s.b, "delivered") == 1);
  CHECK(buffers(s.a, "active") == 1);
  CHECK(s.a.read() == gets(BR_TRANSACTION_COMPLETE, BR_REPLY));
  CHECK(buffers(s.a, "active") == 0);
  CHECK(buffers(s.a, "delivered") == 1);
  accepted(s.a.thread(), Commands().oneway(s.h, 2));
  CHECK(buffers(s.b, "active") == 1);
  const auto data = receive(s.b.thread());
  CHECK(buffers(s.b, "active") == 0);
  CHECK(buffers(s.b, "delivered") == 2);
  free_buffer(s.b.thread(), data);
  CHECK(buffers(s.b, "delivered") == 1);
}

TEST_CASE("S-18: stats follows the requests for threads", "[logs]") {
  Stage s;
  const auto requested = [&] {
    for (const std::string& line : block_of(s.w.log("stats"), s.b.pid())) {
      const std::string prefix = "  requested threads: ";
      if (line.rfind(prefix, 0) == 0) return line.substr(prefix.size());
    }
    return std::string("no such line");
  };
  CHECK(requested() == "0+0/0");
  CHECK(s.b.thread().set_max_threads(2) == 0);
  CHECK(requested() == "0+0/2");
  done(s.b.thread(), Commands().enter_looper());
  for (std::uint32_t pool = 1; pool <= 2; ++pool) {
    accepted(s.a.thread(), Commands().oneway(s.h, pool));
    const Result result = s.b.read();
    REQUIRE(result == spawns_and_gets(BR_TRANSACTION));
    free_buffer(s.b.thread(), result.transaction());
    CHECK(requested() == "1+" + std::to_string(pool - 1) + "/2");
    done(s.b.thread(static_cast<int>(pool)).touch(), Commands().register_looper());
    CHECK(requested() == "0+" + std::to_string(pool) + "/2");
  }
  accepted(s.a.thread(), Commands().oneway(s.h, 3));
  CHECK(s.b.read() == gets(BR_TRANSACTION));
  CHECK(requested() == "0+2/2");
}

}  // namespace
}  // namespace cuse_binder::conformance
