#include "test/support/fake_machine.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace cuse_binder::test {

// --- FakeProcess

void FakeProcess::add_range(std::uint64_t address, std::uint64_t size, Access access) {
  ranges_[address] = Range{size, access};
}

void FakeProcess::remove_range(std::uint64_t address, std::uint64_t size) {
  const std::uint64_t end = address + size;
  std::map<std::uint64_t, Range> kept;
  for (const auto& [start, range] : ranges_) {
    const std::uint64_t stop = start + range.size;
    if (start < address) kept[start] = Range{std::min(stop, address) - start, range.access};
    if (stop > end) kept[std::max(start, end)] = Range{stop - std::max(start, end), range.access};
  }
  ranges_ = std::move(kept);
}

std::uint64_t FakeProcess::accessible(std::uint64_t address, bool for_writing) const {
  auto found = ranges_.upper_bound(address);
  if (found == ranges_.begin()) return 0;
  --found;
  const auto& [start, range] = *found;
  if (address - start >= range.size || (for_writing && range.access == Access::read_only)) return 0;
  return range.size - (address - start);
}

int FakeProcess::install(DescriptionPtr description, bool close_on_exec) {
  int number = 3;  // 0, 1 and 2 are taken
  while (fds_.count(number) != 0) ++number;
  if (static_cast<std::uint64_t>(number) >= fd_limit_) return -EMFILE;
  fds_[number] = FakeDescriptor{std::move(description), close_on_exec};
  return number;
}

DescriptionPtr FakeProcess::find(int fd) const {
  const auto found = fds_.find(fd);
  return found == fds_.end() ? nullptr : found->second.description;
}

bool FakeProcess::is_close_on_exec(int fd) const {
  const auto found = fds_.find(fd);
  return found != fds_.end() && found->second.close_on_exec;
}

int FakeProcess::close(int fd) {
  return fds_.erase(fd) == 1 ? 0 : EBADF;
}

std::vector<int> FakeProcess::open_fds() const {
  std::vector<int> numbers;
  for (const auto& entry : fds_) numbers.push_back(entry.first);
  return numbers;
}

std::uint64_t FakeProcess::set_fd_limit(std::uint64_t limit) {
  return std::exchange(fd_limit_, limit);
}

// --- FakeMachine

FakeProcess& FakeMachine::add_process(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const pid_t pid = next_pid_;
  next_pid_ += FakeProcess::kThreads;
  return *(processes_[pid] = std::make_unique<FakeProcess>(pid, name));
}

void FakeMachine::remove_process(pid_t pid) {
  const std::lock_guard lock(mutex_);
  processes_.erase(pid);
}

FakeProcess* FakeMachine::process_of_thread(pid_t tid) {
  const std::lock_guard lock(mutex_);
  const auto found = processes_.find(tid - tid % FakeProcess::kThreads);
  return found == processes_.end() ? nullptr : found->second.get();
}

std::optional<FakeMachine::Job> FakeMachine::take_job() {
  const std::lock_guard lock(mutex_);
  if (jobs_.empty()) return std::nullopt;
  Job job = std::move(jobs_.front());
  jobs_.pop_front();
  return job;
}

client::DescriptorOutcome FakeMachine::carry_out(const Job& job) {
  const std::lock_guard lock(mutex_);
  FakeProcess* process = process_of_thread(job.tid);
  if (!process) return {ESRCH, {}};
  client::DescriptorOutcome outcome;
  for (const base::File* file : job.work.install) {
    const int fd = process->install(dynamic_cast<const FakeFile&>(*file).description());
    if (fd < 0) {
      for (const int installed : outcome.installed) process->close(installed);
      return {-fd, {}};
    }
    outcome.installed.push_back(fd);
  }
  for (const int fd : job.work.close) process->close(fd);
  return outcome;
}

std::size_t FakeMachine::copy(pid_t tid, std::span<const iovec> local,
                              std::span<const client::RemotePiece> remote, bool to_client) noexcept {
  const std::lock_guard lock(mutex_);
  FakeProcess* process = process_of_thread(tid);
  if (!process) return 0;
  std::size_t copied = 0, local_index = 0, local_used = 0;
  for (const client::RemotePiece& piece : remote) {
    std::uint64_t address = piece.address, left = piece.size;
    while (left != 0) {
      while (local_index < local.size() && local_used == local[local_index].iov_len) {
        ++local_index;
        local_used = 0;
      }
      if (local_index == local.size()) return copied;
      const std::uint64_t there = process->accessible(address, to_client);
      if (there == 0) return copied;
      const std::size_t count =
          std::min<std::uint64_t>({left, there, local[local_index].iov_len - local_used});
      auto* here = static_cast<std::byte*>(local[local_index].iov_base) + local_used;
      auto* client = reinterpret_cast<std::byte*>(address);
      if (to_client) {
        std::memcpy(client, here, count);
      } else {
        std::memcpy(here, client, count);
      }
      copied += count;
      address += count;
      left -= count;
      local_used += count;
    }
  }
  return copied;
}

std::size_t FakeMachine::read(pid_t tid, std::span<const iovec> local,
                              std::span<const client::RemotePiece> remote) noexcept {
  return copy(tid, local, remote, false);
}

std::size_t FakeMachine::write(pid_t tid, std::span<const iovec> local,
                               std::span<const client::RemotePiece> remote) noexcept {
  return copy(tid, local, remote, true);
}

base::Result<base::FilePtr> FakeMachine::take(pid_t tid, int fd) {
  const std::lock_guard lock(mutex_);
  FakeProcess* process = process_of_thread(tid);
  if (!process) return base::Errno{ESRCH};
  DescriptionPtr description = process->find(fd);
  if (!description || !description->can_be_taken()) return base::Errno{EBADF};
  return base::FilePtr(std::make_unique<FakeFile>(std::move(description)));
}

void FakeMachine::run(pid_t tid, client::DescriptorWork work, std::function<void()> leave,
                      std::function<void(client::DescriptorOutcome)> done) {
  const std::lock_guard lock(mutex_);
  jobs_.push_back(Job{tid, std::move(work), std::move(leave), std::move(done)});
}

base::Result<client::ProcessIdentity> FakeMachine::process_of(pid_t tid) {
  const std::lock_guard lock(mutex_);
  FakeProcess* process = process_of_thread(tid);
  if (!process) return base::Errno{ESRCH};
  client::ProcessIdentity identity;
  identity.pid = process->pid();
  identity.namespace_pids = {process->pid()};
  identity.pid_namespace = 1;
  identity.command = process->name();
  return identity;
}

base::Result<std::string> FakeMachine::security_context(pid_t) {
  const std::lock_guard lock(mutex_);
  if (label_.empty()) return base::Errno{EINVAL};
  return std::string(label_.c_str(), label_.size() + 1);
}

int FakeMachine::nice_of(pid_t) {
  return 0;
}

}  // namespace cuse_binder::test
