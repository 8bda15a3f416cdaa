#include "cuse_binder/protocol/driver_impl.h"

#include <algorithm>
#include <cerrno>
#include <random>
#include <utility>

#include "cuse_binder/protocol/handover.h"
#include "cuse_binder/protocol/session_impl.h"

namespace cuse_binder::protocol {

std::unique_ptr<Driver> Driver::create(client::ClientMemory& memory, client::ClientFiles& files,
                                       client::ClientIdentity& identity) {
  return std::make_unique<DriverImpl>(memory, files, identity);
}

DriverImpl::DriverImpl(client::ClientMemory& memory, client::ClientFiles& files, client::ClientIdentity& identity)
    : services_{memory, files, identity, counters_}, hash_key_(std::random_device{}()) {
  hash_key_ = hash_key_ << 32 | std::random_device{}();
}

std::shared_ptr<Device> DriverImpl::create_device(std::string name) {
  auto device = std::make_shared<DeviceImpl>(*this, std::move(name), ids_);
  const std::lock_guard lock(mutex_);
  std::erase_if(devices_, [](const auto& weak) { return weak.expired(); });
  devices_.push_back(device);
  return device;
}

std::vector<std::shared_ptr<DeviceImpl>> DriverImpl::devices() {
  std::vector<std::shared_ptr<DeviceImpl>> alive;
  const std::lock_guard lock(mutex_);
  for (const auto& weak : devices_) {
    if (auto device = weak.lock()) alive.push_back(std::move(device));
  }
  return alive;
}

bool DriverImpl::add_open(pid_t pid) {
  const std::lock_guard lock(mutex_);
  // Only the first open file of a pid gets the log entry; a later one does not, even after that was closed.
  return ++opens_[pid] == 1;
}

void DriverImpl::drop_open(pid_t pid) {
  const std::lock_guard lock(mutex_);
  const auto it = opens_.find(pid);
  if (--it->second == 0) opens_.erase(it);
}

DriverCounters DriverImpl::counters() {
  DriverCounters sum;
  sum.transactions = counters_.transactions.load();
  sum.payload_copies = counters_.payload_copies.load();
  sum.payload_bytes = counters_.payload_bytes.load();
  sum.client_accesses = counters_.client_accesses.load();
  for (const auto& device : devices()) {
    const auto context = device->context().lock();
    const core::LiveObjects live = context->live_objects();
    sum.processes += live.processes;
    sum.threads += live.threads;
    sum.nodes += live.nodes;
    sum.references += live.refs;
    sum.transactions_alive += live.transactions + live.completions;
    sum.buffers += live.buffers;
    sum.deaths += live.deaths;
    sum.freezes += live.freezes;
    sum.parked_reads += live.parked;
    sum.files += live.files;
  }
  return sum;
}

void DriverImpl::check_invariants() {
  for (const auto& device : devices()) {
    const auto context = device->context().lock();
    context->check_invariants();
  }
}

void DriverImpl::trim() {
  // Discarding happens under the lock: a range must not be leased meanwhile. Only idle clients are looked at.
  for (const auto& device : devices()) {
    const auto context = device->context().lock();
    context->for_each_process([&](core::Process& process) {
      auto* session = static_cast<SessionImpl*>(process.owner.get());
      for (const auto& [offset, size] : context->idle_ranges(process)) session->discard(offset, size);
    });
  }
}

void DriverImpl::shut_down() {
  for (const auto& device : devices()) {
    std::vector<std::pair<std::shared_ptr<SessionImpl>, std::pair<pid_t, std::uint64_t>>> parked;
    {
      const auto context = device->context().lock();
      context->for_each_process([&](core::Process& process) {
        for (const auto& [tid, thread] : process.threads) {
          if (!thread->waiter) continue;
          parked.push_back({static_cast<SessionImpl&>(*process.owner).shared_from_this(),
                            {tid, static_cast<WriteRead&>(*thread->waiter).request().id}});
        }
      });
    }
    for (const auto& [session, read] : parked) session->end_parked(read.first, read.second, EINTR);
  }
}

void DriverImpl::rescue() {
  for (core::Outbox& out : Handover::take_all()) carry_out(out);
}

}  // namespace cuse_binder::protocol
