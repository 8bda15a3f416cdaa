// One run of the installer against one pending ioctl, as a test sees it.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
#include <vector>

#include "cuse_binder/client/descriptor_file.h"
#include "cuse_binder/client/descriptor_installer.h"
#include "test/client/ioctl_mount.h"

namespace cuse_binder::test {

// Files to be installed: read ends of pipes, all different.
class Pipes {
 public:
  explicit Pipes(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      int ends[2];
      if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe2 failed");
      close(ends[1]);
      files_.push_back(std::make_unique<client::DescriptorFile>(base::UniqueFd(ends[0])));
    }
  }
  client::DescriptorWork work() const {
    client::DescriptorWork work;
    for (const auto& file : files_) work.install.push_back(file.get());
    return work;
  }
  int fd(std::size_t i) const { return files_[i]->fd(); }

 private:
  std::vector<std::unique_ptr<client::DescriptorFile>> files_;
};

class Installation {
 public:
  // Called on the installer's thread: before the thread is let out of its ioctl, and before it is let go.
  struct Hooks {
    std::function<void()> leaving = [] {};
    std::function<void()> done = [] {};
  };

  // With `answer_on_leave` false the thread is never let out of its ioctl.
  Installation(client::DescriptorInstaller& installer, PendingIoctl ioctl, client::DescriptorWork work,
               bool answer_on_leave = true)
      : Installation(installer, ioctl, std::move(work), answer_on_leave, Hooks()) {}
  Installation(client::DescriptorInstaller& installer, PendingIoctl ioctl, client::DescriptorWork work,
               bool answer_on_leave, const Hooks& hooks)
      : state_(std::make_shared<State>()) {
    installer.run(
        ioctl.tid, std::move(work),
        [state = state_, ioctl, answer_on_leave, hooks]() mutable {
          ++state->leaves;
          hooks.leaving();
          if (answer_on_leave) ioctl.answer(ioctl.argument);
        },
        [state = state_, hooks](client::DescriptorOutcome outcome) {
          hooks.done();
          state->outcome.set_value(std::move(outcome));
        });
  }

  client::DescriptorOutcome outcome() {
    auto future = state_->outcome.get_future();
    if (future.wait_for(std::chrono::seconds(10)) != std::future_status::ready) {
      throw std::runtime_error("the installer did not report within ten seconds");
    }
    return future.get();
  }
  int leaves() const { return state_->leaves; }

 private:
  struct State {
    std::atomic<int> leaves{0};
    std::promise<client::DescriptorOutcome> outcome;  // throws if reported twice
  };
  std::shared_ptr<State> state_;
};

}  // namespace cuse_binder::test
