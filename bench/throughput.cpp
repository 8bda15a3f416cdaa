#include <algorithm>

#include "bench/measurements.h"
#include "bench/support/oneway.h"
#include "bench/support/pairs.h"

namespace cuse_binder::bench {
namespace {

constexpr const char* kSyncGroup = "Throughput: synchronous calls of 64 bytes, free to move";
constexpr const char* kOnewayGroup = "Throughput: oneway messages of 64 bytes to one receiver, free to move";
constexpr std::size_t kMaxPairs = 8;
constexpr std::size_t kMaxSenders = 4;

// All of them work at the same time; per millisecond.
double rate_of(const std::vector<Child*>& children, double seconds) {
  for (Child* child : children) child->order({.seconds = seconds});
  double rate = 0;
  for (Child* child : children) {
    const Answer answer = child->wait_answer();
    rate += static_cast<double>(answer.calls) / answer.seconds;
  }
  return rate / 1000;
}

// One of the things that are compared: its name and the processes that make its calls.
struct Contender {
  std::string name;
  std::vector<Child*> callers;
};

// The last contender is the peer.
void compare(const Settings& settings, const char* group, const char* whose, std::size_t count,
             const std::vector<Contender>& contenders, Report& report) {
  std::vector<Series> rates(contenders.size());
  const int rounds = std::min(settings.rounds, 7);
  for (int round = -1; round < rounds; round++)
    for (std::size_t i = 0; i < contenders.size(); i++) {
      const auto begin = contenders[i].callers.begin();
      const double rate = rate_of({begin, begin + static_cast<std::ptrdiff_t>(count)}, settings.seconds);
      if (round >= 0) rates[i].add(rate);
    }
  for (std::size_t i = 0; i + 1 < contenders.size(); i++)
    report.add({group, std::to_string(count) + " " + whose + (count == 1 ? "" : "s"), contenders[i].name,
                "calls/ms", rates[i], contenders.back().name, rates.back(), "", ""});
}

}  // namespace

void measure_throughput(const Settings& settings, const Subjects& subjects, Report& report) {
  std::vector<std::unique_ptr<Instance>> instances;
  std::vector<std::unique_ptr<Pair>> pairs;
  std::vector<std::unique_ptr<OnewayGroup>> groups;
  std::vector<Contender> sync, oneway;
  for (const Subject& subject : subjects) {
    try {
      instances.push_back(subject.start());
      const std::string& device = instances.back()->device();
      Contender calls{subject.name(), {}}, messages{subject.name(), {}};
      for (std::uint32_t slot = 0; slot < kMaxPairs; slot++) {
        pairs.push_back(make_binder_pair(device, slot));
        calls.callers.push_back(&pairs.back()->client());
      }
      groups.push_back(make_binder_oneway(device, kMaxPairs, kMaxSenders));
      for (std::size_t i = 0; i < kMaxSenders; i++) messages.callers.push_back(&groups.back()->sender(i));
      sync.push_back(std::move(calls));
      oneway.push_back(std::move(messages));
    } catch (const std::exception& error) {
      report.add_failure(kSyncGroup, subject.name(), error.what());
    }
  }
  Broker broker(kMaxPairs);
  Contender broker_calls{"broker", {}}, broker_messages{"broker", {}};
  for (std::size_t i = 0; i < kMaxPairs; i++) broker_calls.callers.push_back(&broker.pair(i).client());
  sync.push_back(std::move(broker_calls));
  groups.push_back(make_broker_oneway(kMaxSenders));
  for (std::size_t i = 0; i < kMaxSenders; i++) broker_messages.callers.push_back(&groups.back()->sender(i));
  oneway.push_back(std::move(broker_messages));

  for (const std::size_t count : {1, 2, 4, 8}) compare(settings, kSyncGroup, "pair", count, sync, report);
  for (const std::size_t count : {1, 2, 4}) compare(settings, kOnewayGroup, "sender", count, oneway, report);
}

}  // namespace cuse_binder::bench
