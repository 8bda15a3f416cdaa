// A "process" of a test: a ProcessState of its own before a driver in the same program.
#pragma once

#include <binder/IBinder.h>
#include <binder/IPCThreadState.h>
#include <binder/ProcessState.h>

#include <functional>
#include <future>
#include <optional>

#include "ipc/thread_slot.h"
#include "test/libbinder/in_process_driver.h"

namespace cuse_binder::test {

// Long enough for any machine that is not dead.
constexpr std::chrono::seconds kPatience{60};

// Proxies belong to the process that got them: use and drop them inside as() and async().
class Party {
 public:
  explicit Party(InProcessDriver& driver);
  // Ends the process as its death would: the driver sees its device closed. Waits until its threads are gone.
  ~Party();
  Party(const Party&) = delete;
  Party& operator=(const Party&) = delete;

  // Ends it before its time. What the driver held of its objects is given back, as the memory of a process
  // would be.
  void die();

  // Runs `body` in the calling thread as a thread of this process.
  template <typename Body>
  auto as(Body body) {
    const android::internal::ProcessScope scope(process_);
    return body();
  }
  // In a new thread of this process; its result by the future.
  template <typename Body>
  auto async(Body body) {
    return std::async(std::launch::async, [process = process_, body = std::move(body)]() mutable {
      // Moved: the future keeps what the lambda has, and the process is to end before.
      const android::internal::ProcessScope scope(std::move(process));
      return body();
    });
  }

  // Becomes the context manager with this object and serves on the pool.
  void serve(const android::sp<android::BBinder>& manager);
  void start_pool();

  const android::sp<android::ProcessState>& process() const { return process_; }
  pid_t pid() const { return pid_; }

 private:
  std::promise<std::vector<binder_node_debug_info>> ended_;
  android::sp<android::ProcessState> process_;
  android::internal::DriverDevice* device_ = nullptr;
  pid_t pid_ = 0;
};

}  // namespace cuse_binder::test
