#include "cuse_binder/daemon/background_sink.h"

#include <fmt/format.h>

#include <csignal>
#include <utility>

namespace cuse_binder::daemon {

BackgroundSink::BackgroundSink(Outputs outputs) : outputs_(std::move(outputs)) {
  // Signals are for the main thread.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

BackgroundSink::~BackgroundSink() {
  stop();
}

void BackgroundSink::set_outputs(Outputs outputs) {
  const std::lock_guard lock(mutex_);
  outputs_ = std::move(outputs);
}

void BackgroundSink::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void BackgroundSink::log(const spdlog::details::log_msg& line) {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) {
      write(outputs_, line);
      for (const auto& output : outputs_) output->flush();
      return;
    }
    if (queue_.size() >= kQueueLength) {
      ++dropped_;
      return;
    }
    queue_.emplace_back(line);
    if (queue_.size() > 1) return;  // the thread was woken for the first one
  }
  changed_.notify_one();
}

void BackgroundSink::set_pattern(const std::string& pattern) {
  const std::lock_guard lock(mutex_);
  for (const auto& output : outputs_) output->set_pattern(pattern);
}

void BackgroundSink::set_formatter(std::unique_ptr<spdlog::formatter> formatter) {
  const std::lock_guard lock(mutex_);
  for (const auto& output : outputs_) output->set_formatter(formatter->clone());
}

void BackgroundSink::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopped_ || !queue_.empty(); });
    if (queue_.empty()) return;
    const auto lines = std::exchange(queue_, {});
    const auto dropped = std::exchange(dropped_, 0);
    const auto outputs = outputs_;
    lock.unlock();
    for (const auto& line : lines) write(outputs, line);
    if (dropped > 0) {
      const auto text = fmt::format("({} lines lost: they came faster than they could be written)", dropped);
      write(outputs, spdlog::details::log_msg("daemon", spdlog::level::warn, text));
    }
    for (const auto& output : outputs) output->flush();
    lock.lock();
  }
}

void BackgroundSink::write(const Outputs& outputs, const spdlog::details::log_msg& line) {
  for (const auto& output : outputs)
    if (output->should_log(line.level)) output->log(line);
}

}  // namespace cuse_binder::daemon
