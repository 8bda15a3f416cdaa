// aidl_bench: measures calls through libbinder and its peers. See docs/performance.md, "AIDL calls".
#include "bench/aidl/measurements.h"
#include "bench/support/program.h"

namespace {

using namespace cuse_binder::bench;  // NOLINT: the whole program is about it

constexpr Group kGroups[] = {{"call", measure_aidl_call}, {"allocations", measure_aidl_allocations}};

}  // namespace

int main(int argc, char** argv) {
  return run_program("Measures AIDL calls and, next to each figure, what it should be compared with.",
                     kGroups, argc, argv);
}
