// The last transactions and the last refused ones, as binder_logs/transaction_log shows them.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace cuse_binder::core {

enum class CallType : std::uint8_t { call, oneway, reply };

struct LogEntry {
  std::uint64_t sequence = 0;  // over all contexts; 0: empty slot
  int id = 0;
  CallType type = CallType::call;
  pid_t from_pid = 0, from_tid = 0;
  pid_t to_pid = 0, to_tid = 0;
  int node = 0;
  std::int32_t handle = 0;
  std::uint64_t data_size = 0, offsets_size = 0;
  std::uint32_t command = 0;  // BR_* of a refusal, 0 for success
  std::int32_t param = 0;     // negative errno
  int line = 0;               // where the driver refused
  bool complete = false;
};

// A ring of the kernel's size (drivers/android/binder_internal.h: 32 entries).
class TransactionLog {
 public:
  static constexpr std::size_t kEntries = 32;

  // The slot for a new entry; valid until kEntries more were added.
  LogEntry& add(std::uint64_t sequence) {
    LogEntry& slot = ring_[next_++ % kEntries];
    slot = LogEntry{};
    slot.sequence = sequence;
    return slot;
  }
  // The entry of transaction `id` if it is still there.
  LogEntry* find(int id) {
    for (LogEntry& entry : ring_) {
      if (entry.sequence != 0 && entry.id == id) return &entry;
    }
    return nullptr;
  }
  void copy_to(std::vector<LogEntry>& out) const {
    for (const LogEntry& entry : ring_) {
      if (entry.sequence != 0) out.push_back(entry);
    }
  }

 private:
  std::array<LogEntry, kEntries> ring_{};
  std::size_t next_ = 0;
};

// One line of the log file, with its newline.
std::string format_log_entry(const LogEntry& entry, const std::string& context);

}  // namespace cuse_binder::core
