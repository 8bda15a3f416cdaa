// What is measured. Each function goes through all subjects, alternates them with the peer, and adds to the
// report.
#pragma once

#include <vector>

#include "bench/support/instance.h"
#include "bench/support/report.h"

namespace cuse_binder::bench {

struct Settings {
  bool quick = false;
  int cpu = 0;  // for measurements on one processor
  int rounds = 11;
  std::uint64_t calls = 4000;   // per round
  double seconds = 1.0;         // per round of a throughput measurement
  std::size_t nodes = 100'000;  // of the load with many nodes
};

using Subjects = std::vector<Subject>;

// A synchronous call against the same through a broker, on one processor and free to move.
void measure_call_latency(const Settings& settings, const Subjects& subjects, Report& report);
// What a payload adds to a call against one process_vm_readv() of its size.
void measure_payload_cost(const Settings& settings, const Subjects& subjects, Report& report);
// Calls per second with several pairs; oneway messages per second with several senders.
void measure_throughput(const Settings& settings, const Subjects& subjects, Report& report);
// A call on a device that serves many others against one on an empty device.
void measure_scaling(const Settings& settings, const Subjects& subjects, Report& report);
// The daemon's memory per client.
void measure_memory(const Settings& settings, const Subjects& subjects, Report& report);
// The daemon's system calls, sleeps and processor time per call.
void measure_daemon_cost(const Settings& settings, const Subjects& subjects, Report& report);

// A synchronous call on each subject against the same on the first: time, context switches, system calls.
void measure_side_by_side(const Settings& settings, const Subjects& subjects, Report& report);

}  // namespace cuse_binder::bench
