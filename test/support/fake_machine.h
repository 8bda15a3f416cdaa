// A machine of fake processes: what a driver is told of its clients when there is no kernel.
//
// Memory is ranges of the test program that stand for the client's at the same addresses; everything else
// faults. Descriptors are tables of FakeDescriptions with the limits and numbers of real ones. Work on
// descriptors (ClientFiles::run) is queued and carried out by take_job(), so that a test decides when it
// happens.
//
// The thread ids of the process with pid P are P … P + 99. Thread-safe where the driver calls it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cuse_binder/client/client_files.h"
#include "cuse_binder/client/client_identity.h"
#include "cuse_binder/client/client_memory.h"
#include "test/support/fake_descriptions.h"

namespace cuse_binder::test {

enum class Access { read_only, read_write };

struct FakeDescriptor {
  DescriptionPtr description;
  bool close_on_exec = true;
};

class FakeProcess {
 public:
  static constexpr int kThreads = 100;

  FakeProcess(pid_t pid, std::string name) : pid_(pid), name_(std::move(name)) {}

  pid_t pid() const { return pid_; }
  const std::string& name() const { return name_; }

  void add_range(std::uint64_t address, std::uint64_t size, Access access);
  void remove_range(std::uint64_t address, std::uint64_t size);
  // How many bytes from `address` on may be accessed.
  std::uint64_t accessible(std::uint64_t address, bool for_writing) const;

  // The lowest free number, or -EMFILE.
  int install(DescriptionPtr description, bool close_on_exec = true);
  DescriptionPtr find(int fd) const;
  bool is_close_on_exec(int fd) const;
  int close(int fd);  // 0 or EBADF
  std::vector<int> open_fds() const;
  std::uint64_t set_fd_limit(std::uint64_t limit);

 private:
  struct Range {
    std::uint64_t size;
    Access access;
  };
  pid_t pid_;
  std::string name_;
  std::map<std::uint64_t, Range> ranges_;  // by address; pieces do not overlap
  std::map<int, FakeDescriptor> fds_;
  std::uint64_t fd_limit_ = 1024;
};

class FakeMachine final : public client::ClientMemory,
                          public client::ClientFiles,
                          public client::ClientIdentity {
 public:
  // Descriptor work that the driver wants done.
  struct Job {
    pid_t tid;
    client::DescriptorWork work;
    std::function<void()> leave;
    std::function<void(client::DescriptorOutcome)> done;
  };

  FakeProcess& add_process(const std::string& name);
  void remove_process(pid_t pid);
  FakeProcess* process_of_thread(pid_t tid);

  std::optional<Job> take_job();
  // Does the job's work in the process's table; ESRCH if the process is gone.
  client::DescriptorOutcome carry_out(const Job& job);

  // What security_context() answers: an errno, or a label.
  void set_security_label(std::string label) { label_ = std::move(label); }

  // client::ClientMemory
  std::size_t read(pid_t tid, std::span<const iovec> local,
                   std::span<const client::RemotePiece> remote) noexcept override;
  std::size_t write(pid_t tid, std::span<const iovec> local,
                    std::span<const client::RemotePiece> remote) noexcept override;
  // client::ClientFiles
  base::Result<base::FilePtr> take(pid_t tid, int fd) override;
  void run(pid_t tid, client::DescriptorWork work, std::function<void()> leave,
           std::function<void(client::DescriptorOutcome)> done) override;
  // client::ClientIdentity
  base::Result<client::ProcessIdentity> process_of(pid_t tid) override;
  base::Result<std::string> security_context(pid_t tid) override;
  int nice_of(pid_t tid) override;

 private:
  std::size_t copy(pid_t tid, std::span<const iovec> local, std::span<const client::RemotePiece> remote,
                   bool to_client) noexcept;

  std::recursive_mutex mutex_;  // guards what follows; a description that ends may come back here
  std::map<pid_t, std::unique_ptr<FakeProcess>> processes_;
  std::deque<Job> jobs_;
  pid_t next_pid_ = 1000;
  std::string label_;
};

}  // namespace cuse_binder::test
