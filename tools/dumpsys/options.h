// The command line of dumpsys.
#pragma once

#include <binder/IServiceManager.h>
#include <utils/String16.h>
#include <utils/Vector.h>

#include <chrono>
#include <set>
#include <string>
#include <vector>

namespace binder_tools {

struct DumpsysOptions {
  // What is dumped of each service; several are printed in this order.
  enum Kind : unsigned { kPid = 1, kStability = 2, kThreads = 4, kClients = 8, kDump = 16 };

  enum class Action { dump, list, help, refuse };

  Action action = Action::dump;
  std::string problem;  // refuse: why, or empty for the usage alone
  unsigned kinds = kDump;
  bool proto = false;
  std::string priority;  // CRITICAL, HIGH, NORMAL, or empty: all
  std::chrono::milliseconds timeout{10'000};
  std::set<std::string> skipped;
  std::string service;            // empty: all
  std::vector<std::string> args;  // for that service

  // Those of IServiceManager::DUMP_FLAG_PRIORITY_* that are meant.
  int priority_flags() const;
  // What the services are given: `args` for a service that was named, else what AOSP's dumpsys gives to all.
  android::Vector<android::String16> service_args() const;
};

DumpsysOptions parse_dumpsys(int argc, char** argv);

// For people, as printed by --help.
extern const char kDumpsysUsage[];

}  // namespace binder_tools
