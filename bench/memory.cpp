#include <cstdio>

#include "bench/measurements.h"
#include "bench/support/load.h"
#include "bench/support/process_stats.h"

namespace cuse_binder::bench {
namespace {

constexpr const char* kGroup = "Memory: what the daemon's resident size grows by";
constexpr std::size_t kClients = 1000;

std::string formatted(const char* format, double value) {
  char text[128];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

// KiB for each of `kClients`.
double each(std::uint64_t after, std::uint64_t before) {
  return (static_cast<double>(after) - static_cast<double>(before)) / kClients;
}

void measure(const Subject& subject, std::size_t threads_each, Report& report) {
  // A fresh daemon, so that nothing is served from memory that an earlier crowd left behind.
  const auto instance = subject.start();
  const pid_t daemon = *instance->daemon_pid();
  const ResidentMemory before = resident_memory(daemon);
  ResidentMemory during;
  {
    const Crowd clients(instance->device(), kClients, threads_each);
    during = resident_memory(daemon);
  }
  const ResidentMemory after = resident_memory(daemon);
  Series growth;
  growth.add(each(during.anonymous_kib + during.file_kib, before.anonymous_kib + before.file_kib));
  report.add({kGroup,
              threads_each == 0 ? "per idle client (of 1000)" : "per client with one parked thread (of 1000)",
              subject.name(),
              "KiB",
              growth,
              "",
              {},
              "≤ 64 KiB",
              formatted("and %.2f KiB of receive area per client, in pages that were really used; ",
                        each(during.shared_kib, before.shared_kib)) +
                  formatted("%.2f KiB per client are left when all of them are gone",
                            each(after.total_kib(), before.total_kib()))});
}

}  // namespace

void measure_memory(const Settings&, const Subjects& subjects, Report& report) {
  for (const std::size_t threads_each : {0, 1})
    for (const Subject& subject : subjects) {
      if (!subject.has_daemon()) continue;
      try {
        measure(subject, threads_each, report);
      } catch (const std::exception& error) {
        report.add_failure(kGroup, subject.name(), error.what());
      }
    }
}

}  // namespace cuse_binder::bench
