#include "cuse_binder/frontends/mapping_finder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/syscall.h>
#include <time.h>

#include <cinttypes>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>

namespace cuse_binder::frontends {

std::optional<protocol::Mapping> find_mapping_in(std::istream& maps, const FileIdentity& file) {
  std::optional<protocol::Mapping> found;
  std::string line;
  while (std::getline(maps, line)) {
    std::uint64_t begin, end, offset, inode;
    unsigned major, minor;
    char permissions[8];
    if (std::sscanf(line.c_str(), "%" SCNx64 "-%" SCNx64 " %7s %" SCNx64 " %x:%x %" SCNu64, &begin, &end,
                    permissions, &offset, &major, &minor, &inode) != 7) {
      continue;
    }
    const bool ours = inode == file.inode && major == file.device_major && minor == file.device_minor;
    if (!ours) {
      if (found) break;
      continue;
    }
    if (!found) {
      found = protocol::Mapping{begin, end - begin, offset};
    } else if (begin == found->address + found->size) {
      found->size += end - begin;
    } else {
      break;
    }
  }
  return found;
}

std::optional<protocol::Mapping> find_mapping(pid_t pid, const FileIdentity& file) {
  std::ifstream maps(fmt::format("/proc/{}/maps", pid));
  return find_mapping_in(maps, file);
}

namespace {

// The line of /proc/<tid>/syscall: "<number> <argument> …", arguments in hexadecimal. A thread that has sent
// its request but does not sleep yet shows as "running"; it sleeps as soon as it gets to it, because it waits
// for us.
std::string system_call_of(pid_t tid) {
  constexpr int kLooks = 500;
  constexpr timespec kPause{0, 100'000};
  std::string line;
  for (int i = 0; i < kLooks; ++i) {
    std::ifstream call(fmt::format("/proc/{}/syscall", tid));
    if (!std::getline(call, line)) return {};
    if (line != "running") return line;
    nanosleep(&kPause, nullptr);
  }
  return {};
}

}  // namespace

bool is_nonblocking_now(pid_t tid, bool fallback) {
  std::string line = system_call_of(tid);
  long number;
  std::uint64_t descriptor;
  if (std::sscanf(line.c_str(), "%ld %" SCNx64, &number, &descriptor) != 2) return fallback;
  constexpr long kCompatIoctl = 54;  // of 32-bit x86 and ARM
  if (number != SYS_ioctl && number != kCompatIoctl) return fallback;
  std::ifstream info(fmt::format("/proc/{}/fdinfo/{}", tid, static_cast<std::uint32_t>(descriptor)));
  while (std::getline(info, line)) {
    unsigned flags;
    if (std::sscanf(line.c_str(), "flags: %o", &flags) == 1) return (flags & O_NONBLOCK) != 0;
  }
  return fallback;
}

bool has_signal(pid_t tid) {
  std::ifstream status(fmt::format("/proc/{}/status", tid));
  unsigned threads = 0;
  std::uint64_t own = 0, shared = 0, blocked = 0;
  for (std::string line; std::getline(status, line);) {
    std::sscanf(line.c_str(), "Threads: %u", &threads);
    std::sscanf(line.c_str(), "SigPnd: %" SCNx64, &own);
    std::sscanf(line.c_str(), "ShdPnd: %" SCNx64, &shared);
    if (std::sscanf(line.c_str(), "SigBlk: %" SCNx64, &blocked) == 1) break;
  }
  if (threads == 1) own |= shared;  // else another thread may take it; a process's end is in `own` as well
  return (own & ~blocked) != 0;
}

}  // namespace cuse_binder::frontends
