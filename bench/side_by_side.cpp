#include <map>

#include "bench/measurements.h"
#include "bench/support/live_subject.h"
#include "bench/support/placement.h"
#include "bench/support/process_stats.h"
#include "bench/support/syscall_count.h"

namespace cuse_binder::bench {
namespace {

constexpr const char* kGroup = "Side by side: the same call on several devices, against the first of them";
constexpr std::uint64_t kTracedCalls = 500;

struct Taken {
  Series median_us, sleeps, system_calls;
};

// Of everybody who takes part: client, server, and the daemon between them if there is one.
std::uint64_t sleeps_of(const LiveSubject& subject) {
  std::uint64_t sum = 0;
  for (const pid_t pid : subject.pids()) sum += processor_use(pid).waits;
  return sum;
}

void measure_round(LiveSubject& subject, std::uint64_t calls, Taken& taken) {
  const std::uint64_t before = sleeps_of(subject);
  const Answer answer = subject.client().ask({.calls = calls});
  taken.sleeps.add(static_cast<double>(sleeps_of(subject) - before) / static_cast<double>(calls));
  taken.median_us.add(answer.median_us);
}

double system_calls_per_call(LiveSubject& subject) {
  std::uint64_t sum = 0;
  for (const pid_t pid : subject.pids()) {  // one after the other: strace slows down whom it looks at
    subject.client().ask({.calls = 50});
    SyscallCount count(pid);
    subject.client().ask({.calls = kTracedCalls});
    for (const auto& [name, times] : count.finish()) sum += times;
  }
  return static_cast<double>(sum) / static_cast<double>(kTracedCalls);
}

}  // namespace

void measure_side_by_side(const Settings& settings, const Subjects& subjects, Report& report) {
  if (subjects.size() < 2) return;
  auto live = start_all(subjects, kGroup, report);
  if (live.size() < 2) return;
  std::vector<pid_t> pids;
  for (const auto& subject : live)
    for (const pid_t pid : subject->pids()) pids.push_back(pid);

  const std::string first = live[0]->name();
  for (const Placement& placement : kPlacements) {
    const auto placed = placement.apply(pids, settings.cpu);
    std::vector<Taken> taken(live.size());
    for (int round = -1; round < settings.rounds; round++) {  // the first is the warm-up
      for (std::size_t i = 0; i < live.size(); i++) {
        Taken warm_up;
        measure_round(*live[i], settings.calls, round < 0 ? warm_up : taken[i]);
      }
    }
    for (std::size_t i = 1; i < live.size(); i++) {
      report.add({kGroup, std::string("median, ") + placement.name, live[i]->name(), "µs", taken[i].median_us,
                  first, taken[0].median_us, "", ""});
      report.add({kGroup, std::string("context switches, ") + placement.name, live[i]->name(), "",
                  taken[i].sleeps, first, taken[0].sleeps, "", ""});
    }
  }
  std::vector<Series> calls(live.size());
  for (std::size_t i = 0; i < live.size(); i++) {
    try {
      calls[i].add(system_calls_per_call(*live[i]));
    } catch (const std::exception& error) {
      report.add_failure(kGroup, live[i]->name(), error.what());
      return;
    }
  }
  for (std::size_t i = 1; i < live.size(); i++)
    report.add({kGroup, "system calls (strace)", live[i]->name(), "", calls[i], first, calls[0], "", ""});
}

}  // namespace cuse_binder::bench
