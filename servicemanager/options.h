// The command line.
#pragma once

#include <spdlog/common.h>

#include <chrono>
#include <string>
#include <variant>

#include "manager/dialect.h"

namespace servicemanager {

struct Options {
  std::string device;
  const android::manager::Dialect* dialect = nullptr;  // null: as configured for the device
  std::string access_file;                             // empty: the defaults
  std::string declarations_file;                       // empty: nothing is declared
  std::chrono::milliseconds client_period{5000};
  spdlog::level::level_enum log_level = spdlog::level::info;
};

enum class ExitCode { ok = 0, failed = 1, usage = 2, taken = 3 };

// What there was to say has been said.
struct ExitNow {
  int status;
};

std::variant<Options, ExitNow> parse_options(int argc, const char* const* argv);

}  // namespace servicemanager
