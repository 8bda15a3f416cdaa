// A mounted file whose ioctls are answered by the test: the smallest thing in which a client's thread can sit
// the way it sits in a binder device.
//
// Every ioctl waits until the test takes it with next() and answers it, from any thread. Needs root and
// /dev/fuse.
#pragma once

#include <sys/ioctl.h>
#include <sys/types.h>

#include <array>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

struct fuse_req;
struct fuse_session;

namespace cuse_binder::test {

// The argument of the ioctl: enough to see that it comes again unchanged.
struct IoctlArgument {
  std::uint64_t key = 0;
  std::array<int, 6> numbers{};
};
inline constexpr unsigned long kTestIoctl = _IOWR('c', 1, IoctlArgument);

struct PendingIoctl {
  fuse_req* request = nullptr;
  pid_t tid = 0;
  IoctlArgument argument;
  void answer(const IoctlArgument& out, int result = 0);
};

class IoctlMount {
 public:
  IoctlMount();
  ~IoctlMount();
  std::string file() const { return directory_ + "/file"; }
  // The next ioctl of any client; fails the test when none comes.
  PendingIoctl next();

  // From now on, whatever thread `tid` asks fails at once: it is going to be killed.
  void refuse(pid_t tid);
  std::size_t pending();

  // Between these two, closing the file blocks.
  void hold_flushes();
  void release_flushes();

  // For the FUSE callbacks.
  void arrived(PendingIoctl ioctl);
  void flush(fuse_req* request);

 private:
  std::string directory_;
  fuse_session* session_ = nullptr;
  std::thread server_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<PendingIoctl> pending_;
  std::set<pid_t> refused_;
  bool holds_flushes_ = false;
  std::vector<fuse_req*> held_flushes_;
};

}  // namespace cuse_binder::test
