// binder_logs: the blocks of all contexts put together.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "cuse_binder/protocol/driver_impl.h"
#include "cuse_binder/protocol/now.h"

namespace cuse_binder::protocol {
namespace {

using Blocks = std::vector<std::pair<std::uint64_t, std::string>>;  // by sequence of open

// Newest open file first, whichever context it belongs to.
std::string join_newest_first(Blocks blocks) {
  std::sort(blocks.begin(), blocks.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::string text;
  for (const auto& [sequence, block] : blocks) text += block;
  return text;
}

std::string state_text(DriverImpl& driver, const core::Context::DumpOptions& options, const char* title) {
  std::string dead;
  Blocks blocks;
  for (const auto& device : driver.devices()) {
    const auto context = device->context().lock();
    if (options.all) dead += context->dump_dead_nodes(options);
    context->for_each_process([&](core::Process& process) {
      blocks.emplace_back(process.sequence, context->dump_process(process, options));
    });
  }
  std::string text = title;
  if (!dead.empty()) text += "dead nodes:\n" + dead;
  return text + join_newest_first(std::move(blocks));
}

std::string stats_text(DriverImpl& driver) {
  core::CommandStats commands;
  core::ObjectStats objects;
  Blocks blocks;
  for (const auto& device : driver.devices()) {
    const auto context = device->context().lock();
    for (std::size_t i = 0; i < core::kCommands; ++i) commands.bc[i] += context->command_stats().bc[i];
    for (std::size_t i = 0; i < core::kReturns; ++i) commands.br[i] += context->command_stats().br[i];
    for (std::size_t i = 0; i < core::kObjectKinds; ++i) {
      objects.created[i] += context->object_stats().created[i];
      objects.deleted[i] += context->object_stats().deleted[i];
    }
    context->for_each_process([&](core::Process& process) {
      blocks.emplace_back(process.sequence, context->dump_process_stats(process));
    });
  }
  std::string text = "binder stats:\n";
  for (std::size_t i = 0; i < core::kCommands; ++i) {
    if (commands.bc[i] > 0) text += fmt::format("{}: {}\n", core::kCommandNames[i], commands.bc[i]);
  }
  for (std::size_t i = 0; i < core::kReturns; ++i) {
    if (commands.br[i] > 0) text += fmt::format("{}: {}\n", core::kReturnNames[i], commands.br[i]);
  }
  for (std::size_t i = 0; i < core::kObjectKinds; ++i) {
    if (objects.created[i] == 0) continue;
    text += fmt::format("{}: active {} total {}\n", core::kObjectNames[i], objects.created[i] - objects.deleted[i],
                        objects.created[i]);
  }
  return text + join_newest_first(std::move(blocks));
}

std::string log_ring_text(DriverImpl& driver, bool failed) {
  std::vector<std::pair<core::LogEntry, std::string>> entries;
  for (const auto& device : driver.devices()) {
    std::vector<core::LogEntry> here;
    {
      const auto context = device->context().lock();
      (failed ? context->failed_log() : context->log()).copy_to(here);
    }
    for (const core::LogEntry& entry : here) entries.emplace_back(entry, device->name());
  }
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.first.sequence < b.first.sequence; });
  const std::size_t kept = std::min(entries.size(), core::TransactionLog::kEntries);
  std::string text;
  for (std::size_t i = entries.size() - kept; i < entries.size(); ++i) {
    text += core::format_log_entry(entries[i].first, entries[i].second);
  }
  return text;
}

}  // namespace

std::string DriverImpl::log_text(LogFile which) {
  core::Context::DumpOptions options;
  options.now_ms = now_ms();
  options.hash_key = hash_key_;
  options.hashed = which == LogFile::state_hashed || which == LogFile::transactions_hashed;
  switch (which) {
    case LogFile::state:
    case LogFile::state_hashed:
      return state_text(*this, options, "binder state:\n");
    case LogFile::transactions:
    case LogFile::transactions_hashed:
      options.all = false;
      return state_text(*this, options, "binder transactions:\n");
    case LogFile::stats:
      return stats_text(*this);
    case LogFile::transaction_log:
      return log_ring_text(*this, false);
    case LogFile::failed_transaction_log:
      return log_ring_text(*this, true);
  }
  return {};
}

std::string DriverImpl::process_log_text(pid_t pid) {
  core::Context::DumpOptions options;
  options.now_ms = now_ms();
  Blocks blocks;
  for (const auto& device : devices()) {
    const auto context = device->context().lock();
    context->for_each_process([&](core::Process& process) {
      if (process.pid != pid) return;
      blocks.emplace_back(process.sequence, "binder proc state:\n" + context->dump_process(process, options));
    });
  }
  return join_newest_first(std::move(blocks));
}

}  // namespace cuse_binder::protocol
