// A program that measures: its command line, what it starts, its report. binder_bench and aidl_bench are
// made of it.
#pragma once

#include <span>

#include "bench/measurements.h"

namespace cuse_binder::bench {

struct Group {
  const char* name;
  void (*measure)(const Settings&, const Subjects&, Report&);
};

// main(): parses the command line, measures the groups that it asks for, prints the table.
int run_program(const char* about, std::span<const Group> groups, int argc, char** argv);

}  // namespace cuse_binder::bench
