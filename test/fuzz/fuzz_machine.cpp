#include "test/fuzz/fuzz_machine.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "cuse_binder/base/check.h"

namespace cuse_binder::fuzz {
namespace {

class CountedFile final : public base::File {
 public:
  explicit CountedFile(int& alive) : alive_(alive) { ++alive_; }
  ~CountedFile() override { --alive_; }

 private:
  int& alive_;
};

}  // namespace

void FuzzMachine::remove_process(const FuzzProcess* process) {
  std::erase_if(threads_, [&](const auto& entry) { return entry.second == process; });
}

FuzzProcess* FuzzMachine::find(pid_t tid) {
  const auto it = threads_.find(tid);
  return it == threads_.end() ? nullptr : it->second;
}

client::DescriptorOutcome FuzzMachine::carry_out(const Job& job) {
  FuzzProcess* process = find(job.tid);
  if (process == nullptr) return {ESRCH, {}};
  client::DescriptorOutcome outcome;
  if (process->fds.size() + job.work.install.size() > process->fd_limit) return {EMFILE, {}};
  for (const base::File* file : job.work.install) {
    CB_CHECK(dynamic_cast<const CountedFile*>(file) != nullptr);  // alive, and ours
    int number = 3;
    while (process->fds.contains(number)) ++number;
    process->fds.insert(number);
    outcome.installed.push_back(number);
  }
  for (const int fd : job.work.close) process->fds.erase(fd);
  return outcome;
}

std::size_t FuzzMachine::copy(pid_t tid, std::span<const iovec> local,
                              std::span<const client::RemotePiece> remote, bool to_client) {
  if (before_access) before_access();
  const FuzzProcess* process = find(tid);
  if (process == nullptr) return 0;
  std::size_t copied = 0;
  std::size_t index = 0;
  std::size_t used = 0;
  for (const client::RemotePiece& piece : remote) {
    std::uint64_t address = piece.address;
    std::uint64_t left = piece.size;
    while (left > 0) {
      while (index < local.size() && used == local[index].iov_len) {
        ++index;
        used = 0;
      }
      CB_CHECK(index < local.size());  // totals must be equal
      auto it = process->ranges.upper_bound(address);
      if (it == process->ranges.begin()) return copied;
      --it;
      const Range& range = it->second;
      const std::uint64_t offset = address - it->first;
      if (offset >= range.size || (to_client && !range.writable)) return copied;
      const std::uint64_t count =
          std::min<std::uint64_t>({left, range.size - offset, local[index].iov_len - used});
      std::byte* here = static_cast<std::byte*>(local[index].iov_base) + used;
      // Two open files of one process: the sender's bytes may lie in the receive area that they go to.
      std::memmove(to_client ? range.host + offset : here, to_client ? here : range.host + offset, count);
      copied += count;
      address += count;
      left -= count;
      used += count;
    }
  }
  return copied;
}

std::size_t FuzzMachine::read(pid_t tid, std::span<const iovec> local,
                              std::span<const client::RemotePiece> remote) noexcept {
  return copy(tid, local, remote, false);
}

std::size_t FuzzMachine::write(pid_t tid, std::span<const iovec> local,
                               std::span<const client::RemotePiece> remote) noexcept {
  return copy(tid, local, remote, true);
}

base::Result<base::FilePtr> FuzzMachine::take(pid_t tid, int fd) {
  if (before_access) before_access();
  const FuzzProcess* process = find(tid);
  if (process == nullptr) return base::Errno{ESRCH};
  if (!process->fds.contains(fd)) return base::Errno{EBADF};
  return base::FilePtr(std::make_unique<CountedFile>(files_alive));
}

void FuzzMachine::run(pid_t tid, client::DescriptorWork work, std::function<void()> leave,
                      std::function<void(client::DescriptorOutcome)> done) {
  jobs.push_back(Job{tid, std::move(work), std::move(leave), std::move(done)});
}

base::Result<client::ProcessIdentity> FuzzMachine::process_of(pid_t tid) {
  const FuzzProcess* process = find(tid);
  if (process == nullptr) return base::Errno{ESRCH};
  client::ProcessIdentity identity;
  identity.pid = process->pid;
  identity.namespace_pids = {process->pid};
  identity.pid_namespace = 1;
  identity.command = "fuzzed";
  return identity;
}

base::Result<std::string> FuzzMachine::security_context(pid_t tid) {
  if (before_access) before_access();
  const FuzzProcess* process = find(tid);
  if (process == nullptr) return base::Errno{ESRCH};
  if (process->label_error != 0) return base::Errno{process->label_error};
  return process->label;
}

}  // namespace cuse_binder::fuzz
