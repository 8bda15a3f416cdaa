#include "bench/measurements.h"
#include "bench/support/live_subject.h"
#include "bench/support/pairs.h"
#include "bench/support/placement.h"

namespace cuse_binder::bench {
namespace {

constexpr const char* kGroup = "Synchronous call, 64 bytes there and back, two processes";

struct Times {
  Series median, p99;
  void add(const Answer& answer) {
    median.add(answer.median_us);
    p99.add(answer.p99_us);
  }
};

}  // namespace

void measure_call_latency(const Settings& settings, const Subjects& subjects, Report& report) {
  auto live = start_all(subjects, kGroup, report);
  Broker broker(1);
  Child& peer = broker.pair(0).client();
  std::vector<pid_t> pids = broker.pair(0).pids();
  pids.push_back(broker.pid());
  for (const auto& subject : live)
    for (const pid_t pid : subject->pids()) pids.push_back(pid);

  const Order order{.calls = settings.calls};
  for (const Placement& placement : kPlacements) {
    const auto placed = placement.apply(pids, settings.cpu);
    std::vector<Times> ours(live.size());
    Times peers;
    for (int round = -1; round < settings.rounds; round++) {  // the first is the warm-up
      for (std::size_t i = 0; i < live.size(); i++) {
        const Answer answer = live[i]->client().ask(order);
        if (round >= 0) ours[i].add(answer);
      }
      const Answer answer = peer.ask(order);
      if (round >= 0) peers.add(answer);
    }
    for (std::size_t i = 0; i < live.size(); i++) {
      const char* aim = placement.one_cpu ? "≤ 2.0" : live[i]->name() == "uring" ? "≤ 0.4" : "≤ 1.1";
      report.add({kGroup, std::string("median, ") + placement.name, live[i]->name(), "µs", ours[i].median,
                  "broker", peers.median, aim, ""});
      report.add({kGroup, std::string("99th percentile, ") + placement.name, live[i]->name(), "µs",
                  ours[i].p99, "broker", peers.p99, "", ""});
    }
  }
}

}  // namespace cuse_binder::bench
