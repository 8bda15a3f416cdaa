#include <functional>

#include "bench/measurements.h"
#include "bench/support/live_subject.h"
#include "bench/support/load.h"
#include "bench/support/placement.h"

namespace cuse_binder::bench {
namespace {

constexpr const char* kGroup =
    "Scaling: the 64-byte call on a busy device, against an empty device at the same time";
constexpr std::uint32_t kLoadSlot = 20;

struct Load {
  std::string what;
  std::function<std::shared_ptr<void>(const std::string& device)> start;
};

Load crowd(std::size_t processes, std::size_t threads_each) {
  std::string what = threads_each == 0 ? std::to_string(processes) + " connected clients"
                                       : std::to_string(processes * threads_each) + " parked threads";
  return {std::move(what), [=](const std::string& device) -> std::shared_ptr<void> {
            return std::make_shared<Crowd>(device, processes, threads_each);
          }};
}

Load nodes(std::size_t count) {
  return {std::to_string(count) + " nodes and references",
          [=](const std::string& device) -> std::shared_ptr<void> {
            return std::make_shared<ManyNodes>(device, kLoadSlot, count);
          }};
}

void measure(const Settings& settings, const Subject& subject, const Load& load, Report& report) {
  LiveSubject empty(subject, 0), busy(subject, 1);
  const std::shared_ptr<void> running = load.start(busy.instance().device());
  std::vector<pid_t> pids = empty.pids();
  for (const pid_t pid : busy.pids()) pids.push_back(pid);
  for (const Placement& placement : kPlacements) {
    const auto placed = placement.apply(pids, settings.cpu);
    const Order order{.calls = settings.calls / 2};
    Series ours, peers;
    for (int round = -1; round < settings.rounds; round++) {
      const double with = busy.client().ask(order).median_us;
      const double without = empty.client().ask(order).median_us;
      if (round < 0) continue;
      ours.add(with);
      peers.add(without);
    }
    report.add(
        {kGroup, load.what + ", " + placement.name, subject.name(), "µs", ours, "empty", peers, "≤ 1.2", ""});
  }
}

}  // namespace

void measure_scaling(const Settings& settings, const Subjects& subjects, Report& report) {
  std::vector<Load> loads;
  if (!settings.quick) loads = {crowd(2, 0), crowd(10, 0), crowd(100, 0)};
  loads.insert(loads.end(), {crowd(1000, 0), crowd(40, 100), nodes(settings.nodes)});
  for (const Load& load : loads)
    for (const Subject& subject : subjects) {
      if (subject.capacity() < 2) continue;
      try {
        measure(settings, subject, load, report);
      } catch (const std::exception& error) {
        report.add_failure(kGroup, subject.name(), load.what + ": " + error.what());
      }
    }
}

}  // namespace cuse_binder::bench
