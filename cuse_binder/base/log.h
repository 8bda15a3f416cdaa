// Logging: one spdlog logger per layer, each with its own level, all writing to one sink.
//
// Lines that a client can cause go through log_limited(): at most kBurst lines per call site and second, the
// rest counted and reported with the next line that passes. Never call any of this under a Guarded lock.
#pragma once

#include <spdlog/spdlog.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>

namespace cuse_binder::base {

enum class Layer { core, client, protocol, frontend, daemon };

spdlog::logger& log(Layer layer);
// The sink of all layers; called once at start, before there are other threads.
void set_log_sink(std::shared_ptr<spdlog::sinks::sink> sink);
// "info", or "warn,protocol=debug,client=trace"; false and no change when a word is unknown.
bool set_log_levels(std::string_view specification);

class LogLimit {
 public:
  static constexpr unsigned kBurst = 10;
  // Whether a line may be written now; if so, `suppressed` is how many were not since the last one.
  bool admit(std::uint64_t& suppressed) noexcept;

 private:
  std::atomic<std::int64_t> second_{0};
  std::atomic<unsigned> used_{0};
  std::atomic<std::uint64_t> suppressed_{0};
};

}  // namespace cuse_binder::base

// One limit per call site.
#define CB_LOG_LIMITED(layer, level, ...)                                                        \
  do {                                                                                           \
    auto& cb_logger = ::cuse_binder::base::log(layer);                                           \
    if (cb_logger.should_log(level)) {                                                           \
      static ::cuse_binder::base::LogLimit cb_limit;                                             \
      std::uint64_t cb_suppressed = 0;                                                           \
      if (cb_limit.admit(cb_suppressed)) {                                                       \
        if (cb_suppressed > 0) cb_logger.log(level, "({} similar lines left out)", cb_suppressed); \
        cb_logger.log(level, __VA_ARGS__);                                                       \
      }                                                                                          \
    }                                                                                            \
  } while (false)
