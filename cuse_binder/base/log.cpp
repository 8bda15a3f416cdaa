#include "cuse_binder/base/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>

#include <array>
#include <ctime>
#include <string>
#include <vector>

namespace cuse_binder::base {
namespace {

constexpr std::array<const char*, 5> kNames = {"core", "client", "protocol", "frontend", "daemon"};

struct Loggers {
  std::array<std::shared_ptr<spdlog::logger>, kNames.size()> all;
  Loggers() {
    auto sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
    for (std::size_t i = 0; i < kNames.size(); ++i) {
      all[i] = std::make_shared<spdlog::logger>(kNames[i], sink);
      all[i]->set_pattern("%H:%M:%S.%e %^%l%$ [%n] %v");
      all[i]->flush_on(spdlog::level::warn);
    }
  }
};

Loggers& loggers() {
  static Loggers instance;
  return instance;
}

bool parse_level(std::string_view word, spdlog::level::level_enum& level) {
  level = spdlog::level::from_str(std::string(word));
  return level != spdlog::level::off || word == "off";
}

}  // namespace

spdlog::logger& log(Layer layer) { return *loggers().all[static_cast<std::size_t>(layer)]; }

void set_log_sink(std::shared_ptr<spdlog::sinks::sink> sink) {
  for (auto& logger : loggers().all) logger->sinks() = {sink};
}

bool set_log_levels(std::string_view specification) {
  std::array<spdlog::level::level_enum, kNames.size()> levels;
  for (std::size_t i = 0; i < kNames.size(); ++i) levels[i] = loggers().all[i]->level();
  while (!specification.empty()) {
    const auto comma = specification.find(',');
    const auto word = specification.substr(0, comma);
    specification.remove_prefix(comma == std::string_view::npos ? specification.size() : comma + 1);
    const auto equals = word.find('=');
    spdlog::level::level_enum level;
    if (equals == std::string_view::npos) {
      if (!parse_level(word, level)) return false;
      levels.fill(level);
      continue;
    }
    bool known = false;
    if (!parse_level(word.substr(equals + 1), level)) return false;
    for (std::size_t i = 0; i < kNames.size(); ++i) {
      if (word.substr(0, equals) != kNames[i]) continue;
      levels[i] = level;
      known = true;
    }
    if (!known) return false;
  }
  for (std::size_t i = 0; i < kNames.size(); ++i) loggers().all[i]->set_level(levels[i]);
  return true;
}

bool LogLimit::admit(std::uint64_t& suppressed) noexcept {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  std::int64_t second = second_.load(std::memory_order_relaxed);
  if (second != now.tv_sec && second_.compare_exchange_strong(second, now.tv_sec)) used_ = 0;
  if (used_.fetch_add(1, std::memory_order_relaxed) >= kBurst) {
    suppressed_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  suppressed = suppressed_.exchange(0, std::memory_order_relaxed);
  return true;
}

}  // namespace cuse_binder::base
