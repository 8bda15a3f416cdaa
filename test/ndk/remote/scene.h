// Two more processes: a service manager, and the service. Both are there for all tests of a run.
#pragma once

#include <aidl/cuse/test/IEverything.h>
#include <android/binder_manager.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>

#include "test/daemon/program.h"

namespace cuse_binder::test {

// The device of this run; empty if there is none.
std::string device();

// Starts the service as `name`; returns when it is registered. A lazy one ends when nobody uses it any more.
std::unique_ptr<Program> start_service(const std::string& name, bool lazy = false);

// The service that all tests share; started when first asked for, ended by end_scene().
std::shared_ptr<aidl::cuse::test::IEverything> everything();
ndk::SpAIBinder service_binder(const std::string& name);
void end_scene();

// A number that threads raise, and somebody waits for.
class Tally {
 public:
  void add() {
    std::lock_guard<std::mutex> guard(mutex_);
    ++count_;
    changed_.notify_all();
  }
  // False if that takes far too long.
  bool reaches(int count);
  int count() const {
    std::lock_guard<std::mutex> guard(mutex_);
    return count_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

}  // namespace cuse_binder::test
