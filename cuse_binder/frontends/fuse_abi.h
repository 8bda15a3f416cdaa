// The kernel's FUSE ABI: the system's header, plus what headers older than Linux 6.14 lack.
//
// Layouts and numbers are facts of include/uapi/linux/fuse.h. They have names of our own because the header
// may or may not have them, and enumerators cannot be tested for by the preprocessor.
#pragma once

#include <linux/fuse.h>
#include <sys/ioctl.h>

#include <cstddef>
#include <cstdint>

namespace cuse_binder::frontends::abi {

// INIT.
inline constexpr std::uint32_t kInitExt = 1u << 30;
inline constexpr std::uint32_t kMaxPages = 1u << 22;
inline constexpr std::uint64_t kPassthrough = 1ull << 37;
inline constexpr std::uint64_t kOverIoUring = 1ull << 41;
inline constexpr std::uint32_t kMinorForPassthrough = 40;
inline constexpr std::uint32_t kMinorForUring = 42;

struct InitOut {
  std::uint32_t major, minor, max_readahead, flags;
  std::uint16_t max_background, congestion_threshold;
  std::uint32_t max_write, time_gran;
  std::uint16_t max_pages, map_alignment;
  std::uint32_t flags2, max_stack_depth, rest[6];
};
static_assert(sizeof(InitOut) == 64);

// CUSE_INIT's answer; the device's description follows it.
struct CuseInitOut {
  std::uint32_t major, minor, unused, flags, max_read, max_write, dev_major, dev_minor, spare[10];
};
static_assert(sizeof(CuseInitOut) == 72);

// OPEN and passthrough.
inline constexpr std::uint32_t kOpenDirectIo = 1u << 0;
inline constexpr std::uint32_t kOpenPassthrough = 1u << 7;

struct OpenOut {
  std::uint64_t fh;
  std::uint32_t open_flags;
  std::int32_t backing_id;
};
static_assert(sizeof(OpenOut) == 16);

struct BackingMap {
  std::int32_t fd;
  std::uint32_t flags;
  std::uint64_t padding;
};
static_assert(sizeof(BackingMap) == 16);
inline constexpr unsigned long kBackingOpen = _IOW(229, 1, BackingMap);
inline constexpr unsigned long kBackingClose = _IOW(229, 2, std::uint32_t);

// FUSE over io_uring: what lies in the two buffers of a ring entry, and in the second half of an SQE.
struct UringEntInOut {
  std::uint64_t flags;
  std::uint64_t commit_id;  // names the request when it is answered
  std::uint32_t payload_size;
  std::uint32_t padding;
  std::uint64_t reserved;
};
struct UringReqHeader {
  char in_out[128];  // fuse_in_header, then fuse_out_header
  char op_in[128];   // the operation's own header
  UringEntInOut entry;
};
static_assert(sizeof(UringReqHeader) == 288);
struct UringCmdReq {
  std::uint64_t flags;
  std::uint64_t commit_id;
  std::uint16_t queue;
  std::uint8_t padding[6];
};
static_assert(sizeof(UringCmdReq) == 24);
inline constexpr std::uint32_t kUringRegister = 1;
inline constexpr std::uint32_t kUringCommitAndFetch = 2;

// Sizes that every reader of requests must offer: max_write and max_pages are kept so small that the kernel's
// minimum suffices (fs/fuse: FUSE_MIN_READ_BUFFER).
inline constexpr std::uint32_t kMaxWrite = 4096;
inline constexpr std::uint16_t kPagesPerRequest = 2;
inline constexpr std::size_t kPayloadSize = 8192;
inline constexpr std::size_t kMessageSize = 16384;

}  // namespace cuse_binder::frontends::abi
