#include <algorithm>
#include <cstdio>

#include "bench/measurements.h"
#include "bench/support/live_subject.h"
#include "bench/support/placement.h"
#include "bench/support/process_stats.h"
#include "bench/support/syscall_count.h"

namespace cuse_binder::bench {
namespace {

constexpr const char* kGroup = "What one synchronous call of 64 bytes costs the process in the middle";
constexpr std::uint64_t kTracedCalls = 2000;

struct Cost {
  Series cpu_us, waits;
  void add(const ProcessorUse& before, const ProcessorUse& after, std::uint64_t calls) {
    cpu_us.add((after.cpu_us - before.cpu_us) / static_cast<double>(calls));
    waits.add(static_cast<double>(after.waits - before.waits) / static_cast<double>(calls));
  }
};

void measure_round(Child& client, pid_t middle, std::uint64_t calls, Cost& cost) {
  const ProcessorUse before = processor_use(middle);
  client.ask({.calls = calls});
  cost.add(before, processor_use(middle), calls);
}

using Counts = std::map<std::string, std::uint64_t>;

Counts count_syscalls(Child& client, pid_t middle) {
  client.ask({.calls = 100});  // warm-up: nothing that happens only once is counted
  SyscallCount count(middle);
  client.ask({.calls = kTracedCalls});
  return count.finish();
}

double per_call(const Counts& counts, const std::vector<std::string>& names) {
  std::uint64_t sum = 0;
  for (const auto& [name, count] : counts)
    if (names.empty() || std::find(names.begin(), names.end(), name) != names.end()) sum += count;
  return static_cast<double>(sum) / kTracedCalls;
}

Series one(double value) {
  Series series;
  series.add(value);
  return series;
}

std::string listed(const Counts& counts) {
  std::string text = "per call:";
  for (const auto& [name, count] : counts) {
    char item[96];
    if (count * 100 < kTracedCalls) continue;
    std::snprintf(item, sizeof item, " %s %.2f", name.c_str(), static_cast<double>(count) / kTracedCalls);
    text += item;
  }
  return text;
}

void measure(const Settings& settings, LiveSubject& subject, Broker& broker, Report& report) {
  const pid_t daemon = *subject.instance().daemon_pid();
  Child& peer = broker.pair(0).client();
  for (const Placement& placement : kPlacements) {
    std::vector<pid_t> pids = subject.pids();
    pids.push_back(broker.pid());
    for (const pid_t pid : broker.pair(0).pids()) pids.push_back(pid);
    const auto placed = placement.apply(pids, settings.cpu);
    Cost ours, peers;
    for (int round = 0; round < settings.rounds; round++) {
      measure_round(subject.client(), daemon, settings.calls, ours);
      measure_round(peer, broker.pid(), settings.calls, peers);
    }
    report.add({kGroup, std::string("processor time, ") + placement.name, subject.name(), "µs", ours.cpu_us,
                "broker", peers.cpu_us, "", ""});
    report.add({kGroup, std::string("sleeps, ") + placement.name, subject.name(), "", ours.waits, "broker",
                peers.waits, "", ""});
  }
  const Counts counts = count_syscalls(subject.client(), daemon);
  const Counts peer_counts = count_syscalls(peer, broker.pid());
  report.add({kGroup, "system calls (strace)", subject.name(), "", one(per_call(counts, {})), "broker",
              one(per_call(peer_counts, {})), "", listed(counts)});
  report.add({kGroup,
              "remote memory accesses (strace)",
              subject.name(),
              "",
              one(per_call(counts, {"process_vm_readv", "process_vm_writev"})),
              "",
              {},
              "",
              ""});
}

}  // namespace

void measure_daemon_cost(const Settings& settings, const Subjects& subjects, Report& report) {
  Broker broker(1);
  for (const Subject& subject : subjects) {
    if (!subject.has_daemon()) continue;
    try {
      LiveSubject live(subject);
      measure(settings, live, broker, report);
    } catch (const std::exception& error) {
      report.add_failure(kGroup, subject.name(), error.what());
    }
  }
}

}  // namespace cuse_binder::bench
