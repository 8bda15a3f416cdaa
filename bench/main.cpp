// binder_bench: measures a binder and its peers. See docs/performance.md for results and how to read them.
#include "bench/support/program.h"

namespace {

using namespace cuse_binder::bench;  // NOLINT: the whole program is about it

constexpr Group kGroups[] = {{"latency", measure_call_latency}, {"payload", measure_payload_cost},
                             {"scaling", measure_scaling},      {"throughput", measure_throughput},
                             {"memory", measure_memory},        {"cost", measure_daemon_cost},
                             {"compare", measure_side_by_side}};

}  // namespace

int main(int argc, char** argv) {
  return run_program("Measures binder calls and, next to each figure, what it should be compared with.",
                     kGroups, argc, argv);
}
