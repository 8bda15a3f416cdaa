#include "bench/aidl/live_echo.h"
#include "bench/aidl/measurements.h"
#include "bench/aidl/peers.h"
#include "bench/support/placement.h"

namespace cuse_binder::bench {
namespace {

constexpr const char* kGroup = "Synchronous AIDL call over libbinder, the same there and back, two processes";

struct Payload {
  std::size_t size;
  const char* name;
  unsigned share;  // of the calls of a round: large ones are fewer, so that a round stays short
};
constexpr Payload kPayloads[] = {
    {kTextSize, "string of 16", 1}, {64, "64 bytes", 1}, {4096, "4 KiB", 2}, {65536, "64 KiB", 8}};

struct Times {
  Series median, p99;
  void add(const Answer& answer) {
    median.add(answer.median_us);
    p99.add(answer.p99_us);
  }
};

struct Rounds {
  Rounds(std::size_t subjects, std::size_t peer_count) : aidl(subjects), raw(subjects), peers(peer_count) {}
  std::vector<Times> aidl, raw, peers;
};

using LiveEchoes = std::vector<std::unique_ptr<LiveEcho>>;
using Peers = std::vector<std::unique_ptr<Peer>>;

Rounds measure(const Settings& settings, const Order& order, LiveEchoes& live, Peers& peers) {
  Rounds rounds(live.size(), peers.size());
  for (int round = -1; round < settings.rounds; round++) {  // the first is the warm-up
    const auto ask = [&](Child& client, Times& times) {
      const Answer answer = client.ask(order);
      if (round >= 0) times.add(answer);
    };
    for (std::size_t i = 0; i < live.size(); i++) {
      ask(live[i]->aidl(), rounds.aidl[i]);
      ask(live[i]->raw(), rounds.raw[i]);
    }
    for (std::size_t i = 0; i < peers.size(); i++) ask(peers[i]->client(), rounds.peers[i]);
  }
  return rounds;
}

}  // namespace

void measure_aidl_call(const Settings& settings, const Subjects& subjects, Report& report) {
  LiveEchoes live = start_echoes(subjects, kGroup, report);
  Peers peers = start_peers();
  std::vector<pid_t> pids;
  const auto take_part = [&](Child& client, const std::vector<pid_t>& its_pids) {
    client.ask({.calls = 100, .size = kTextSize});  // by then it has all its threads
    pids.insert(pids.end(), its_pids.begin(), its_pids.end());
  };
  for (const auto& echo : live) {
    echo->raw().ask({.calls = 100, .size = kTextSize});
    take_part(echo->aidl(), echo->pids());
  }
  for (const auto& peer : peers) take_part(peer->client(), peer->pids());

  for (const Placement& placement : kPlacements) {
    const auto placed = placement.apply(pids, settings.cpu);
    for (const Payload& payload : kPayloads) {
      const Rounds rounds =
          measure(settings, {.calls = settings.calls / payload.share, .size = payload.size}, live, peers);
      const std::string what = std::string(payload.name) + ", " + placement.name;
      for (std::size_t i = 0; i < live.size(); i++) {
        const auto add = [&](const std::string& peer_name, const Times& peer, const char* aim) {
          report.add({kGroup, what + ", median", live[i]->name(), "µs", rounds.aidl[i].median, peer_name,
                      peer.median, aim, ""});
          report.add({kGroup, what + ", p99", live[i]->name(), "µs", rounds.aidl[i].p99, peer_name, peer.p99,
                      "", ""});
        };
        add("raw ioctls", rounds.raw[i], payload.size == kTextSize ? "≤ 1.15" : "");
        for (std::size_t j = 0; j < peers.size(); j++) add(peers[j]->name(), rounds.peers[j], "");
      }
    }
  }
}

void measure_aidl_allocations(const Settings& settings, const Subjects& subjects, Report& report) {
  constexpr const char* kAllocations = "Allocations of memory per AIDL call, after warm-up";
  struct Kind {
    std::size_t size;
    const char* name;
  };
  constexpr Kind kKinds[] = {
      {kNumberSize, "number"}, {kTextSize, "string of 16"}, {64, "64 bytes"}, {65536, "64 KiB"}};
  for (const auto& echo : start_echoes(subjects, kAllocations, report)) {
    for (const Kind& kind : kKinds) {
      const Order order{.calls = settings.calls, .size = kind.size};
      echo->aidl().ask(order);
      // The client notes the time of each call in memory: one allocation for all of them.
      const Allocations before = echo->allocations();
      echo->aidl().ask(order);
      const Allocations after = echo->allocations();
      const auto add = [&](const char* who, std::uint64_t number) {
        Series per_call;
        per_call.add(static_cast<double>(number) / static_cast<double>(order.calls));
        report.add({kAllocations,
                    std::string(kind.name) + ", " + who,
                    echo->name(),
                    "",
                    per_call,
                    "",
                    {},
                    kind.size == kNumberSize ? "0" : "",
                    ""});
      };
      add("client", after.client - before.client);
      add("service", after.service - before.service);
    }
  }
}

}  // namespace cuse_binder::bench
