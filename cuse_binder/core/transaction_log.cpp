#include "cuse_binder/core/transaction_log.h"

#include <fmt/format.h>

namespace cuse_binder::core {

std::string format_log_entry(const LogEntry& entry, const std::string& context) {
  const char* type = entry.type == CallType::reply ? "reply" : entry.type == CallType::oneway ? "async" : "call ";
  return fmt::format("{}: {} from {}:{} to {}:{} context {} node {} handle {} size {}:{} ret {}/{} l={}{}\n", entry.id, type,
                     entry.from_pid, entry.from_tid, entry.to_pid, entry.to_tid, context, entry.node, entry.handle,
                     entry.data_size, entry.offsets_size, entry.command, entry.param, entry.line,
                     entry.complete ? "" : " (incomplete)");
}

}  // namespace cuse_binder::core
