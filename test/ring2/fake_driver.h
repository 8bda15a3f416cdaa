// A driver small enough to see through: what a door does with it is what is tested.
//
// BINDER_WRITE_READ: bytes written (at most 64) are copied from the client into the receive area of the
// session that has waited longest in a read on the same device, which returns with read_consumed = 4; without
// one they are counted as pending and the next read returns at once. BINDER_VERSION says 8. Others succeed;
// unknown ones are EINVAL.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "cuse_binder/client/receive_area.h"
#include "cuse_binder/protocol/driver.h"

namespace cuse_binder::test {

class FakeSession;
class FakeDevice;

// Everything that happened, with a way to wait for it.
class FakeWorld {
 public:
  struct Counts {
    int opened = 0, released = 0, parked = 0, flushed = 0, interrupted = 0, threads_gone = 0, polls = 0,
        abandoned = 0, rescues = 0, accessing = 0, missed_interrupts = 0;
  };
  // False if it does not become true within ten seconds.
  template <typename Condition>
  bool eventually(Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return condition(counts_); });
  }
  template <typename Change>
  void change(Change change) {
    const std::lock_guard lock(mutex_);
    change(counts_);
    changed_.notify_all();
  }
  Counts counts() const {
    const std::lock_guard lock(mutex_);
    return counts_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Counts counts_;
};

class FakeDriver final : public protocol::Driver {
 public:
  FakeWorld world;
  std::function<void()>
      before_read;  // called by the worker before a read is looked at; set before any client comes

  std::shared_ptr<protocol::Device> create_device(std::string name) override;
  std::string log_text(protocol::LogFile which) override;
  std::string process_log_text(pid_t pid) override;
  protocol::DriverCounters counters() override { return {}; }
  void trim() override {}
  void rescue() override {
    world.change([](auto& counts) { ++counts.rescues; });
  }
  void shut_down() override {}

  std::vector<std::shared_ptr<FakeDevice>> devices() const;
  // The session that was opened last; null if it is gone.
  std::shared_ptr<FakeSession> last_session() const;
  void remember(const std::shared_ptr<FakeSession>& session);

 private:
  mutable std::mutex mutex_;
  std::vector<std::weak_ptr<FakeDevice>> devices_;
  std::weak_ptr<FakeSession> last_;
};

class FakeDevice final : public protocol::Device, public std::enable_shared_from_this<FakeDevice> {
 public:
  FakeDevice(FakeDriver& driver, std::string name) : driver_(driver), name_(std::move(name)) {}

  const std::string& name() const override { return name_; }
  base::Result<std::shared_ptr<protocol::Session>> open(protocol::OpenInfo info) override;
  std::vector<pid_t> log_entries() const override;

 private:
  friend class FakeSession;
  struct Parked {
    FakeSession* session;
    std::unique_ptr<protocol::Request> request;
  };
  FakeDriver& driver_;
  const std::string name_;
  mutable std::mutex mutex_;
  std::deque<Parked> parked_;
  int pending_ = 0;
  std::map<pid_t, int> processes_;
  std::vector<FakeSession*> sessions_;
};

class FakeSession final : public protocol::Session {
 public:
  FakeSession(std::shared_ptr<FakeDevice> device, protocol::OpenInfo info,
              std::unique_ptr<client::ReceiveArea> area);
  ~FakeSession() override;

  client::ReceiveArea& receive_area() override { return *area_; }
  void set_mapping(protocol::Mapping) override {}
  void ioctl(std::unique_ptr<protocol::Request> request) override;
  void expect(std::uint64_t) override {}
  bool interrupt(pid_t tid, std::uint64_t id) override;
  bool poll(pid_t tid, std::unique_ptr<protocol::PollWaiter> waiter) override;
  void flush() override;
  void release() override;
  void thread_gone(pid_t tid) override;
  pid_t pid() const override { return pid_; }
  bool owns_log_entry() const override { return true; }

  const protocol::OpenInfo& info() const { return info_; }

 private:
  void write_read(std::unique_ptr<protocol::Request> request);
  std::vector<std::unique_ptr<protocol::Request>> take_parked();

  const std::shared_ptr<FakeDevice> device_;
  FakeWorld& world_;
  const protocol::OpenInfo info_;
  const std::unique_ptr<client::ReceiveArea> area_;
  const pid_t pid_;
  bool released_ = false;                         // guarded by the device's mutex
  std::unique_ptr<protocol::PollWaiter> waiter_;  // likewise
};

}  // namespace cuse_binder::test
