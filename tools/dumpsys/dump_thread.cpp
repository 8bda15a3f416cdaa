#include "tools/dumpsys/dump_thread.h"

#include <android-base/file.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstring>
#include <iostream>

namespace binder_tools {

using android::base::unique_fd;

namespace {

std::atomic<bool> g_left{false};  // see any_left()

}  // namespace

DumpThread::DumpThread(Body body) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    std::cerr << "Failed to create pipe to dump service info: " << std::strerror(errno) << std::endl;
    return;
  }
  source_.reset(ends[0]);
  thread_ = std::thread([body = std::move(body), sink = unique_fd(ends[1])] { body(sink.get()); });
}

DumpThread::~DumpThread() {
  if (!thread_.joinable()) return;
  if (complete_) {
    thread_.join();
  } else {
    g_left = true;
    thread_.detach();
  }
}

DumpThread::End DumpThread::copy_to(int out, std::chrono::milliseconds timeout) {
  if (source_.get() < 0) return End::failed;
  const auto end = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
    if (left <= 0) return End::timed_out;
    pollfd source{source_.get(), POLLIN, 0};
    const int ready = poll(&source, 1, static_cast<int>(std::min<decltype(left)>(left, INT_MAX)));
    if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
    char buffer[65536];
    const ssize_t got = ready < 0 ? -1 : TEMP_FAILURE_RETRY(read(source_.get(), buffer, sizeof(buffer)));
    if (got < 0) {
      std::cerr << "Failed to read a dump: " << std::strerror(errno) << std::endl;
      return End::failed;
    }
    if (got == 0) {
      complete_ = true;
      return End::complete;
    }
    if (!android::base::WriteFully(out, buffer, static_cast<size_t>(got))) {
      std::cerr << "Failed to write a dump: " << std::strerror(errno) << std::endl;
      return End::failed;
    }
  }
}

bool DumpThread::any_left() {
  return g_left;
}

}  // namespace binder_tools
