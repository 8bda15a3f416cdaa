// What only /proc tells about a client: where it mapped a device file, and whether a descriptor is
// non-blocking now.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <istream>
#include <optional>

#include "cuse_binder/protocol/session.h"

namespace cuse_binder::frontends {

// A device file as /proc shows it.
struct FileIdentity {
  unsigned device_major = 0, device_minor = 0;  // of the mount
  std::uint64_t inode = 0;                      // fresh for every open
};

// The lowest mapping of the file in the text of a /proc/<pid>/maps; parts that follow each other count as
// one.
std::optional<protocol::Mapping> find_mapping_in(std::istream& maps, const FileIdentity& file);
// The same for a living process.
std::optional<protocol::Mapping> find_mapping(pid_t pid, const FileIdentity& file);

// Whether O_NONBLOCK is set on the descriptor through which `tid` sits in an ioctl now; `fallback` if that
// cannot be told.
bool is_nonblocking_now(pid_t tid, bool fallback);

// Whether `tid`, which sits in an ioctl, has a signal to leave it for. FUSE over io_uring does not tell of a
// signal that came after the request was given to one of our threads and before that thread ran.
bool has_signal(pid_t tid);

}  // namespace cuse_binder::frontends
