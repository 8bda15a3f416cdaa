// What aidl_bench measures.
#pragma once

#include "bench/measurements.h"

namespace cuse_binder::bench {

// A synchronous call through generated code and libbinder against the raw ioctls, D-Bus and gRPC.
void measure_aidl_call(const Settings& settings, const Subjects& subjects, Report& report);
// Memory that such a call allocates in client and service.
void measure_aidl_allocations(const Settings& settings, const Subjects& subjects, Report& report);

}  // namespace cuse_binder::bench
