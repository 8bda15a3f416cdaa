// The world of a fuzzed driver: client memory at made-up addresses, descriptors, descriptor work.
//
// Differs from test/support/fake_machine.h in what a fuzzer needs: addresses that are the same in every run,
// memory that can be taken away, and a hook that is called before every access, so that other clients can act
// while the driver is between two of its locked sections.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "cuse_binder/client/client_files.h"
#include "cuse_binder/client/client_identity.h"
#include "cuse_binder/client/client_memory.h"

namespace cuse_binder::fuzz {

struct Range {
  std::byte* host;
  std::uint64_t size;
  bool writable;
};

struct FuzzProcess {
  pid_t pid = 0;
  std::map<std::uint64_t, Range> ranges;  // by the client's address
  std::set<int> fds;
  std::size_t fd_limit = 64;
  int label_error = 0;
  std::string label;
};

struct Job {
  pid_t tid;
  client::DescriptorWork work;
  std::function<void()> leave;
  std::function<void(client::DescriptorOutcome)> done;
  bool left = false;
};

class FuzzMachine final : public client::ClientMemory,
                          public client::ClientFiles,
                          public client::ClientIdentity {
 public:
  // A thread belongs to the process that add_thread named.
  void add_thread(pid_t tid, FuzzProcess* process) { threads_[tid] = process; }
  void remove_process(const FuzzProcess* process);

  // Called before every access to a client, without locks.
  std::function<void()> before_access;
  std::vector<Job> jobs;
  int files_alive = 0;

  // Does the work of a job in the table of its process; ESRCH when that is gone.
  client::DescriptorOutcome carry_out(const Job& job);

  std::size_t read(pid_t tid, std::span<const iovec> local,
                   std::span<const client::RemotePiece> remote) noexcept override;
  std::size_t write(pid_t tid, std::span<const iovec> local,
                    std::span<const client::RemotePiece> remote) noexcept override;
  base::Result<base::FilePtr> take(pid_t tid, int fd) override;
  void run(pid_t tid, client::DescriptorWork work, std::function<void()> leave,
           std::function<void(client::DescriptorOutcome)> done) override;
  base::Result<client::ProcessIdentity> process_of(pid_t tid) override;
  base::Result<std::string> security_context(pid_t tid) override;
  int nice_of(pid_t) override { return 0; }

 private:
  FuzzProcess* find(pid_t tid);
  std::size_t copy(pid_t tid, std::span<const iovec> local, std::span<const client::RemotePiece> remote,
                   bool to_client);

  std::map<pid_t, FuzzProcess*> threads_;
};

}  // namespace cuse_binder::fuzz
