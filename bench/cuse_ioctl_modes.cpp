// How the 48 bytes of a BINDER_WRITE_READ best get to a CUSE daemon and back: three devices that do nothing
// else, and one client. Needs root and /dev/cuse; prints the median of a round trip for each, in alternating
// rounds.
//
//     scripts/vm --no-binder -- build/release/bin/cuse_ioctl_modes
#define FUSE_USE_VERSION 314
#include <fcntl.h>
#include <fuse3/cuse_lowlevel.h>
#include <linux/android/binder.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

namespace {

using Ioctl = void (*)(fuse_req_t, int, void*, fuse_file_info*, unsigned, const void*, size_t, size_t);

struct Mode {
  const char* name;
  unsigned flags;
  Ioctl ioctl;
};

binder_write_read touch(binder_write_read bwr) {
  bwr.write_consumed = bwr.write_size;
  return bwr;
}

// The kernel copies, knowing the size from the command; a NULL argument never arrives.
void restricted(fuse_req_t request, int, void*, fuse_file_info*, unsigned, const void* in, size_t, size_t) {
  binder_write_read bwr;
  std::memcpy(&bwr, in, sizeof bwr);
  bwr = touch(bwr);
  fuse_reply_ioctl(request, 0, &bwr, sizeof bwr);
}

// The kernel copies what it is told to, in a second request.
void retry(fuse_req_t request, int, void* argument, fuse_file_info* info, unsigned flags, const void* in,
           size_t in_size, size_t out_size) {
  if (in_size > 0) return restricted(request, 0, argument, info, flags, in, in_size, out_size);
  const iovec piece{argument, sizeof(binder_write_read)};
  fuse_reply_ioctl_retry(request, &piece, 1, &piece, 1);
}

// The daemon copies, in the one request there is.
void remote(fuse_req_t request, int, void* argument, fuse_file_info*, unsigned, const void*, size_t, size_t) {
  binder_write_read bwr{};
  const iovec here{&bwr, sizeof bwr}, there{argument, sizeof bwr};
  const pid_t tid = fuse_req_ctx(request)->pid;
  bool copied = process_vm_readv(tid, &here, 1, &there, 1, 0) == sizeof bwr;
  bwr = touch(bwr);
  copied = copied && process_vm_writev(tid, &here, 1, &there, 1, 0) == sizeof bwr;
  fuse_reply_ioctl(request, copied ? 0 : -EFAULT, nullptr, 0);
}

constexpr Mode kModes[] = {{"restricted", 0, &restricted},
                           {"retry", CUSE_UNRESTRICTED_IOCTL, &retry},
                           {"process_vm", CUSE_UNRESTRICTED_IOCTL, &remote}};

std::string device_of(const Mode& mode) {
  return std::string("ioctl_") + mode.name;
}

[[noreturn]] void serve(const Mode& mode) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  cuse_lowlevel_ops operations{};
  operations.open = [](fuse_req_t request, fuse_file_info* info) { fuse_reply_open(request, info); };
  operations.release = [](fuse_req_t request, fuse_file_info*) { fuse_reply_err(request, 0); };
  operations.ioctl = mode.ioctl;
  const std::string name = "DEVNAME=" + device_of(mode);
  const char* description[] = {name.c_str()};
  cuse_info info{};
  info.dev_info_argc = 1;
  info.dev_info_argv = description;
  info.flags = mode.flags;
  char program[] = "cuse_ioctl_modes", foreground[] = "-f", single[] = "-s";
  char* arguments[] = {program, foreground, single, nullptr};
  _exit(cuse_lowlevel_main(3, arguments, &info, &operations, nullptr));
}

double round_trip_us(int fd) {
  constexpr int kCalls = 2000;
  binder_write_read bwr{};
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < kCalls; ++i) {
    if (ioctl(fd, BINDER_WRITE_READ, &bwr) != 0) {
      std::perror("ioctl");
      std::exit(1);
    }
  }
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count() / kCalls;
}

}  // namespace

int main() {
  constexpr int kRounds = 11;
  std::vector<int> files;
  std::vector<pid_t> children;
  for (const Mode& mode : kModes) {
    const pid_t child = fork();
    if (child == 0) serve(mode);
    children.push_back(child);
    const std::string path = "/dev/" + device_of(mode);
    int fd;
    while ((fd = open(path.c_str(), O_RDWR | O_CLOEXEC)) < 0) {
      if (waitpid(child, nullptr, WNOHANG) != 0) return 1;  // it has said why
      usleep(10'000);
    }
    files.push_back(fd);
  }
  std::vector<std::vector<double>> times(files.size());
  for (int round = 0; round < kRounds; ++round)
    for (std::size_t i = 0; i < files.size(); ++i) times[i].push_back(round_trip_us(files[i]));
  for (std::size_t i = 0; i < files.size(); ++i) {
    std::sort(times[i].begin(), times[i].end());
    std::printf("%-12s%8.1f us  (%.1f-%.1f)\n", kModes[i].name, times[i][kRounds / 2], times[i].front(),
                times[i].back());
  }
  for (const int fd : files) close(fd);
  for (const pid_t child : children) {
    kill(child, SIGTERM);
    waitpid(child, nullptr, 0);
  }
}
