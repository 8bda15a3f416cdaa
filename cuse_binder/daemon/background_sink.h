// A log sink that never makes its caller wait for a disk or a terminal: lines go into a bounded queue, one
// thread writes them. When the queue is full, lines are dropped and their number is reported.
#pragma once

#include <spdlog/details/log_msg_buffer.h>
#include <spdlog/sinks/sink.h>

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace cuse_binder::daemon {

class BackgroundSink : public spdlog::sinks::sink {
 public:
  using Outputs = std::vector<std::shared_ptr<spdlog::sinks::sink>>;
  static constexpr std::size_t kQueueLength = 8192;

  explicit BackgroundSink(Outputs outputs);
  ~BackgroundSink() override;

  // Takes effect for the lines that are not written yet.
  void set_outputs(Outputs outputs);
  // Writes what is queued and ends the thread; later lines are written by their callers.
  void stop();

  void log(const spdlog::details::log_msg& line) override;
  void flush() override {}  // the thread flushes whenever the queue is empty
  void set_pattern(const std::string& pattern) override;
  void set_formatter(std::unique_ptr<spdlog::formatter> formatter) override;

 private:
  void run();
  static void write(const Outputs& outputs, const spdlog::details::log_msg& line);

  std::mutex mutex_;  // guards all below but the thread
  std::condition_variable changed_;
  Outputs outputs_;
  std::vector<spdlog::details::log_msg_buffer> queue_;
  std::uint64_t dropped_ = 0;
  bool stopped_ = false;

  std::thread thread_;
};

}  // namespace cuse_binder::daemon
