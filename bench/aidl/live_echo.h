// An instance of a subject with both kinds of binder client on it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bench/aidl/echo_pair.h"
#include "bench/support/instance.h"
#include "bench/support/report.h"

namespace cuse_binder::bench {

class LiveEcho {
 public:
  explicit LiveEcho(const Subject& subject)
      : name_(subject.name()),
        instance_(subject.start()),
        raw_(make_raw_echo(instance_->device(), 0)),
        aidl_(make_aidl_echo(instance_->device(), 1)) {}

  const std::string& name() const { return name_; }
  Child& raw() { return raw_->client(); }
  Child& aidl() { return aidl_->client(); }
  Allocations allocations() const { return aidl_->allocations(); }
  std::vector<pid_t> pids() const {
    std::vector<pid_t> pids = raw_->pids();
    for (const pid_t pid : aidl_->pids()) pids.push_back(pid);
    if (const auto daemon = instance_->daemon_pid()) pids.push_back(*daemon);
    return pids;
  }

 private:
  std::string name_;
  std::unique_ptr<Instance> instance_;
  std::unique_ptr<Pair> raw_;
  std::unique_ptr<AidlEcho> aidl_;
};

// Those that could be started; the others are in the report as failures.
inline std::vector<std::unique_ptr<LiveEcho>> start_echoes(const std::vector<Subject>& subjects,
                                                           const std::string& group, Report& report) {
  std::vector<std::unique_ptr<LiveEcho>> live;
  for (const Subject& subject : subjects) {
    try {
      live.push_back(std::make_unique<LiveEcho>(subject));
    } catch (const std::exception& error) {
      report.add_failure(group, subject.name(), error.what());
    }
  }
  return live;
}

}  // namespace cuse_binder::bench
