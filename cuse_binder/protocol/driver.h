// The driver: all devices (contexts) of a daemon, and what is global over them: freezing by pid, the logs, counters.
//
// Thread-safe. Outlives its devices and sessions.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cuse_binder/base/result.h"
#include "cuse_binder/protocol/session.h"

namespace cuse_binder::client {
class ClientFiles;
class ClientIdentity;
class ClientMemory;
}  // namespace cuse_binder::client

namespace cuse_binder::protocol {

// One binder context, e.g. "binder". Lives as long as a door offers it or a session has it open.
class Device {
 public:
  virtual ~Device() = default;
  virtual const std::string& name() const = 0;  // as created; a renamed file keeps it
  // ENOMEM, or ESRCH if the opener cannot be identified.
  virtual base::Result<std::shared_ptr<Session>> open(OpenInfo info) = 0;
  // pids whose binder_logs/proc/<pid> entry belongs to a session of this device.
  virtual std::vector<pid_t> log_entries() const = 0;
};

// Things the daemon counts beside the kernel's own statistics.
struct DriverCounters {
  std::uint64_t transactions = 0;        // calls, oneways and replies that were delivered to a queue
  std::uint64_t payload_copies = 0;      // copies of transaction data, anywhere in the daemon
  std::uint64_t payload_bytes = 0;
  std::uint64_t client_accesses = 0;     // system calls that touched client memory
  // Live objects; all zero when no client is connected.
  std::uint64_t processes = 0, threads = 0, nodes = 0, references = 0, transactions_alive = 0, buffers = 0, deaths = 0,
                freezes = 0, parked_reads = 0, files = 0;
};

enum class LogFile { state, state_hashed, stats, transactions, transactions_hashed, transaction_log, failed_transaction_log };

class Driver {
 public:
  // The services must outlive the driver.
  static std::unique_ptr<Driver> create(client::ClientMemory& memory, client::ClientFiles& files,
                                        client::ClientIdentity& identity);
  virtual ~Driver() = default;

  virtual std::shared_ptr<Device> create_device(std::string name) = 0;
  // Text of binder_logs/<which>, of all devices of this driver.
  virtual std::string log_text(LogFile which) = 0;
  // Text of binder_logs/proc/<pid>.
  virtual std::string process_log_text(pid_t pid) = 0;
  virtual DriverCounters counters() = 0;
  // Aborts with a message when the state of a device contradicts itself (tests).
  virtual void check_invariants() {}
  // Gives pages of freed buffers of clients that were idle since the last call back to the system. Call now and then.
  virtual void trim() = 0;
  // Another thread seems stuck in the memory of a client (Request::client_access_begins without …_ends): the caller carries
  // out what that thread still owes to others. Harmless when none is.
  virtual void rescue() = 0;
  // Ends every pending request (EINTR … of clients that are about to lose the daemon).
  virtual void shut_down() = 0;
};

}  // namespace cuse_binder::protocol
