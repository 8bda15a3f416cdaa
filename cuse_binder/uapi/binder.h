// The kernel's binder ABI: the system's header, plus what headers older than Linux 7.2 lack.
//
// Values are facts of include/uapi/linux/android/binder.h; the layouts are asserted below.
#pragma once

#include <linux/android/binder.h>

#include <cstddef>
#include <cstdint>

namespace cuse_binder::uapi {

// Linux 6.12: freeze notifications; Linux 6.6: BR_TRANSACTION_PENDING_FROZEN. Enumerators cannot be tested for by the
// preprocessor, hence names of our own.
inline constexpr std::uint32_t kBrTransactionPendingFrozen = _IO('r', 20);
struct FrozenStateInfo {  // struct binder_frozen_state_info
  binder_uintptr_t cookie;
  std::uint32_t is_frozen;
  std::uint32_t reserved;
};
inline constexpr std::uint32_t kBrFrozenBinder = _IOR('r', 21, FrozenStateInfo);
inline constexpr std::uint32_t kBrClearFreezeNotificationDone = _IOR('r', 22, binder_uintptr_t);
inline constexpr std::uint32_t kBcRequestFreezeNotification = _IOW('c', 19, binder_handle_cookie);
inline constexpr std::uint32_t kBcClearFreezeNotification = _IOW('c', 20, binder_handle_cookie);
inline constexpr std::uint32_t kBcFreezeNotificationDone = _IOW('c', 21, binder_uintptr_t);

// Written as a template so that a mismatch prints both numbers.
template <typename T, std::size_t Expected, std::size_t Actual = sizeof(T)>
struct HasSize {
  static_assert(Actual == Expected);
  static constexpr bool value = true;
};
static_assert(HasSize<binder_write_read, 48>::value);
static_assert(HasSize<binder_transaction_data, 64>::value);
static_assert(HasSize<binder_transaction_data_secctx, 72>::value);
static_assert(HasSize<binder_transaction_data_sg, 72>::value);
static_assert(HasSize<flat_binder_object, 24>::value);
static_assert(HasSize<binder_fd_object, 24>::value);
static_assert(HasSize<binder_buffer_object, 40>::value);
static_assert(HasSize<binder_fd_array_object, 32>::value);
static_assert(HasSize<binder_handle_cookie, 12>::value);
static_assert(HasSize<binder_extended_error, 12>::value);
static_assert(HasSize<FrozenStateInfo, 16>::value);
static_assert(kBcRequestFreezeNotification == 0x400c6313);
static_assert(kBrFrozenBinder == 0x80107215);

constexpr std::uint64_t align8(std::uint64_t size) { return (size + 7) & ~std::uint64_t{7}; }

}  // namespace cuse_binder::uapi
