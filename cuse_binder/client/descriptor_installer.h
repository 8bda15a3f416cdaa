// Installs descriptors in clients that do not cooperate, by borrowing the thread that sits in one of our
// ioctls.
//
// Work is done on threads of its own, because to the kernel a tracer is a thread, and because a client can
// make it slow. A job that takes longer than the time limit is reported as failed; its worker goes on putting
// the client's thread in order and is replaced meanwhile. Too many of those, and the clients that cause it
// are killed.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

#include "cuse_binder/client/client_files.h"

namespace cuse_binder::client {

class DescriptorInstaller {
 public:
  struct Options {
    std::chrono::milliseconds time_limit{2000};
    std::size_t workers = 4;      // at work on jobs within their time limit
    std::size_t stragglers = 32;  // beyond it, still busy with a client
  };
  struct Counts {
    std::size_t threads = 0;  // workers and the watcher
    std::size_t queued = 0;
    std::size_t running = 0;
  };

  explicit DescriptorInstaller(Options options);
  DescriptorInstaller() : DescriptorInstaller(Options{}) {}
  // Fails what is queued or running with ECANCELED and waits for the workers.
  ~DescriptorInstaller();
  DescriptorInstaller(const DescriptorInstaller&) = delete;
  DescriptorInstaller& operator=(const DescriptorInstaller&) = delete;

  // ClientFiles::run. The files of the work are DescriptorFiles.
  void run(pid_t tid, DescriptorWork work, std::function<void()> leave,
           std::function<void(DescriptorOutcome)> done);

  Counts counts() const;

 private:
  class Pool;
  const std::chrono::milliseconds time_limit_;
  std::unique_ptr<Pool> pool_;
};

}  // namespace cuse_binder::client
