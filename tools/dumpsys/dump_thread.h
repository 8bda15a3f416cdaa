// A dump of one service while it happens.
//
// A service that hangs must not keep the others from being dumped: it is asked in a thread of its own, which
// is given up when its time is over.
#pragma once

#include <android-base/unique_fd.h>
#include <binder/IBinder.h>

#include <chrono>
#include <functional>
#include <thread>

namespace binder_tools {

class DumpThread {
 public:
  // Writes the dump to the descriptor, which is closed when it returns.
  using Body = std::function<void(int fd)>;

  enum class End { complete, timed_out, failed };

  explicit DumpThread(Body body);
  // A thread that has not ended is left to itself: it may wait for its service for ever.
  ~DumpThread();
  DumpThread(const DumpThread&) = delete;
  DumpThread& operator=(const DumpThread&) = delete;

  // Copies what comes to `out` until all have closed their end, or the time is over. Once.
  End copy_to(int out, std::chrono::milliseconds timeout);

  // Whether a thread was given up, so that the process must end without waiting for it.
  static bool any_left();

 private:
  android::base::unique_fd source_;
  std::thread thread_;
  bool complete_ = false;
};

}  // namespace binder_tools
