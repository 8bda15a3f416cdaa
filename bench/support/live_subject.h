// An instance of a subject with a pair of processes on it, ready to be measured.
#pragma once

#include <memory>
#include <vector>

#include "bench/support/instance.h"
#include "bench/support/pairs.h"
#include "bench/support/report.h"

namespace cuse_binder::bench {

class LiveSubject {
 public:
  explicit LiveSubject(const Subject& subject, std::size_t index = 0)
      : name_(subject.name()),
        instance_(subject.start(index)),
        pair_(make_binder_pair(instance_->device(), 0)) {}

  const std::string& name() const { return name_; }
  const Instance& instance() const { return *instance_; }
  Child& client() { return pair_->client(); }
  std::vector<pid_t> pids() const {
    std::vector<pid_t> pids = pair_->pids();
    if (const auto daemon = instance_->daemon_pid()) pids.push_back(*daemon);
    return pids;
  }

 private:
  std::string name_;
  std::unique_ptr<Instance> instance_;
  std::unique_ptr<Pair> pair_;
};

// Those that could be started; the others are in the report as failures.
inline std::vector<std::unique_ptr<LiveSubject>> start_all(const std::vector<Subject>& subjects,
                                                           const std::string& group, Report& report) {
  std::vector<std::unique_ptr<LiveSubject>> live;
  for (const Subject& subject : subjects) {
    try {
      live.push_back(std::make_unique<LiveSubject>(subject));
    } catch (const std::exception& error) {
      report.add_failure(group, subject.name(), error.what());
    }
  }
  return live;
}

}  // namespace cuse_binder::bench
