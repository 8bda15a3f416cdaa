#include "fake_driver.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "cuse_binder/uapi/binder.h"

namespace cuse_binder::test {
namespace {

pid_t process_of(pid_t tid) {
  std::ifstream status(fmt::format("/proc/{}/status", tid));
  std::string word;
  while (status >> word) {
    pid_t pid = 0;
    if (word == "Tgid:" && status >> pid) return pid;
  }
  return 0;
}

}  // namespace

std::shared_ptr<protocol::Device> FakeDriver::create_device(std::string name) {
  auto device = std::make_shared<FakeDevice>(*this, std::move(name));
  const std::lock_guard lock(mutex_);
  devices_.push_back(device);
  return device;
}

std::string FakeDriver::log_text(protocol::LogFile which) {
  return which == protocol::LogFile::state ? "binder state:\n" : std::string(20000, 'x');
}

std::string FakeDriver::process_log_text(pid_t pid) {
  return fmt::format("log of {}\n", pid);
}

std::vector<std::shared_ptr<FakeDevice>> FakeDriver::devices() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<FakeDevice>> all;
  for (const auto& weak : devices_) {
    if (auto device = weak.lock()) all.push_back(std::move(device));
  }
  return all;
}

std::shared_ptr<FakeSession> FakeDriver::last_session() const {
  const std::lock_guard lock(mutex_);
  return last_.lock();
}

void FakeDriver::remember(const std::shared_ptr<FakeSession>& session) {
  const std::lock_guard lock(mutex_);
  last_ = session;
}

base::Result<std::shared_ptr<protocol::Session>> FakeDevice::open(protocol::OpenInfo info) {
  auto area = client::ReceiveArea::create();
  if (!area) return base::Errno{area.error()};
  auto session = std::make_shared<FakeSession>(shared_from_this(), std::move(info), std::move(area.value()));
  driver_.remember(session);
  driver_.world.change([](auto& counts) { ++counts.opened; });
  return std::shared_ptr<protocol::Session>(std::move(session));
}

std::vector<pid_t> FakeDevice::log_entries() const {
  const std::lock_guard lock(mutex_);
  std::vector<pid_t> all;
  for (const auto& [pid, count] : processes_) all.push_back(pid);
  return all;
}

FakeSession::FakeSession(std::shared_ptr<FakeDevice> device, protocol::OpenInfo info,
                         std::unique_ptr<client::ReceiveArea> area)
    : device_(std::move(device)),
      world_(device_->driver_.world),
      info_(std::move(info)),
      area_(std::move(area)),
      pid_(process_of(info_.tid)) {
  const std::lock_guard lock(device_->mutex_);
  ++device_->processes_[pid_];
  device_->sessions_.push_back(this);
}

FakeSession::~FakeSession() {
  release();
}

void FakeSession::ioctl(std::unique_ptr<protocol::Request> request) {
  switch (request->command) {
    case BINDER_VERSION: {
      const binder_version version{BINDER_CURRENT_PROTOCOL_VERSION};
      request->answer(0, std::as_bytes(std::span(&version, 1)));
      return;
    }
    case BINDER_WRITE_READ:
      write_read(std::move(request));
      return;
    case BINDER_SET_MAX_THREADS:
      request->answer(0, {});
      return;
    default:
      request->answer(EINVAL, {});
  }
}

void FakeSession::write_read(std::unique_ptr<protocol::Request> request) {
  binder_write_read bwr;
  std::memcpy(&bwr, request->argument.data(), sizeof bwr);
  FakeDevice::Parked receiver{};
  if (bwr.write_size > 0) {
    std::array<std::byte, 64> bytes{};
    iovec local{bytes.data(), std::min<std::size_t>(bytes.size(), bwr.write_size)};
    iovec remote{reinterpret_cast<void*>(bwr.write_buffer), local.iov_len};
    world_.change([](auto& counts) { ++counts.accessing; });
    request->client_access_begins();
    const ssize_t copied = process_vm_readv(request->tid, &local, 1, &remote, 1, 0);
    request->client_access_ends();
    world_.change([](auto& counts) { --counts.accessing; });
    if (request->abandoned()) {
      world_.change([](auto& counts) { ++counts.abandoned; });
      return;
    }
    if (copied < 0) {
      request->answer(EFAULT, std::as_bytes(std::span(&bwr, 1)));
      return;
    }
    bwr.write_consumed = bwr.write_size;
    std::vector<std::unique_ptr<protocol::PollWaiter>> woken;
    {
      const std::lock_guard lock(device_->mutex_);
      if (device_->parked_.empty()) {
        ++device_->pending_;
        for (FakeSession* session : device_->sessions_) {
          if (session->waiter_) woken.push_back(std::move(session->waiter_));
        }
      } else {
        receiver = std::move(device_->parked_.front());
        device_->parked_.pop_front();
        std::memcpy(receiver.session->area_->data(), bytes.data(), bytes.size());
      }
    }
    for (auto& waiter : woken) waiter->notify();
  }
  if (receiver.request) {
    binder_write_read answer;
    std::memcpy(&answer, receiver.request->argument.data(), sizeof answer);
    answer.write_consumed = answer.write_size;
    answer.read_consumed = 4;
    world_.change([](auto& counts) { --counts.parked; });
    receiver.request->answer(0, std::as_bytes(std::span(&answer, 1)));
  }
  if (bwr.read_size > 0) {
    if (device_->driver_.before_read) device_->driver_.before_read();
    const std::lock_guard lock(device_->mutex_);
    if (released_ || device_->pending_ == 0) {
      if (!released_) {
        world_.change([](auto& counts) { ++counts.parked; });
        device_->parked_.push_back({this, std::move(request)});
      }
      return;
    }
    --device_->pending_;
    bwr.read_consumed = 4;
  }
  request->answer(0, std::as_bytes(std::span(&bwr, 1)));
}

bool FakeSession::interrupt(pid_t tid, std::uint64_t id) {
  std::unique_ptr<protocol::Request> request;
  {
    const std::lock_guard lock(device_->mutex_);
    for (auto parked = device_->parked_.begin(); parked != device_->parked_.end(); ++parked) {
      if (parked->request->id != id || parked->request->tid != tid) continue;
      request = std::move(parked->request);
      device_->parked_.erase(parked);
      break;
    }
  }
  if (request == nullptr) {
    world_.change([](auto& counts) { ++counts.missed_interrupts; });
    return false;
  }
  world_.change([](auto& counts) {
    --counts.parked;
    ++counts.interrupted;
  });
  request->answer(EINTR, request->argument);
  return true;
}

bool FakeSession::poll(pid_t, std::unique_ptr<protocol::PollWaiter> waiter) {
  world_.change([](auto& counts) { ++counts.polls; });
  const std::lock_guard lock(device_->mutex_);
  if (device_->pending_ > 0) return true;
  waiter_ = std::move(waiter);
  return false;
}

void FakeSession::flush() {
  world_.change([](auto& counts) { ++counts.flushed; });
}

std::vector<std::unique_ptr<protocol::Request>> FakeSession::take_parked() {
  std::vector<std::unique_ptr<protocol::Request>> requests;
  for (auto parked = device_->parked_.begin(); parked != device_->parked_.end();) {
    if (parked->session == this) {
      requests.push_back(std::move(parked->request));
      parked = device_->parked_.erase(parked);
    } else {
      ++parked;
    }
  }
  return requests;
}

void FakeSession::release() {
  std::vector<std::unique_ptr<protocol::Request>> requests;
  std::unique_ptr<protocol::PollWaiter> waiter;
  {
    const std::lock_guard lock(device_->mutex_);
    if (released_) return;
    released_ = true;
    requests = take_parked();
    waiter = std::move(waiter_);
    if (--device_->processes_[pid_] == 0) device_->processes_.erase(pid_);
    std::erase(device_->sessions_, this);
  }
  for (auto& request : requests) request->answer(EINTR, request->argument);
  world_.change([&](auto& counts) {
    ++counts.released;
    counts.parked -= static_cast<int>(requests.size());
  });
}

void FakeSession::thread_gone(pid_t) {
  world_.change([](auto& counts) { ++counts.threads_gone; });
}

}  // namespace cuse_binder::test
