// The kernel's user-space interface of binder, plus the constants that are newer than the oldest header we
// build with.
//
// Values that old headers lack are given names of our own: they are enumerators there, which #ifdef cannot
// see.
#pragma once

#include <linux/android/binder.h>

#include <cstdint>

namespace cuse_binder::conformance {

inline constexpr std::uint32_t kBrTransactionPendingFrozen = 0x00007214;
inline constexpr std::uint32_t kBrFrozenBinder = 0x80107215;
inline constexpr std::uint32_t kBrClearFreezeNotificationDone = 0x80087216;
inline constexpr std::uint32_t kBcRequestFreezeNotification = 0x400c6313;
inline constexpr std::uint32_t kBcClearFreezeNotification = 0x400c6314;
inline constexpr std::uint32_t kBcFreezeNotificationDone = 0x40086315;

struct FrozenStateInfo {
  std::uint64_t cookie;
  std::uint32_t is_frozen;
  std::uint32_t reserved;
};
static_assert(sizeof(FrozenStateInfo) == 16);

struct ExtendedErrorRecord {
  std::uint32_t id;
  std::uint32_t command;
  std::int32_t param;
};
inline constexpr std::uint32_t kGetExtendedError = 0xc00c6211;

// The bits a log prints behind "l " of a thread.
enum LooperBit : unsigned {
  kLooperRegistered = 0x01,
  kLooperEntered = 0x02,
  kLooperExited = 0x04,
  kLooperInvalid = 0x08,
  kLooperWaiting = 0x10,
  kLooperPoll = 0x20,
};

}  // namespace cuse_binder::conformance
