// Counters in the kernel's terms (drivers/android/binder.c: struct binder_stats).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "cuse_binder/uapi/binder.h"

namespace cuse_binder::core {

enum class ObjectKind : std::uint8_t { process, thread, node, ref, death, transaction, transaction_complete, freeze };
inline constexpr std::size_t kObjectKinds = 8;
inline constexpr std::size_t kCommands = 22;  // BC_* numbers 0 … 21
inline constexpr std::size_t kReturns = 23;   // BR_* numbers 0 … 22

struct CommandStats {
  std::array<std::uint32_t, kCommands> bc{};
  std::array<std::uint32_t, kReturns> br{};

  void count_command(std::uint32_t command) {
    const std::size_t number = _IOC_NR(command);
    if (number < kCommands) ++bc[number];
  }
  void count_return(std::uint32_t command) {
    const std::size_t number = _IOC_NR(command);
    if (number < kReturns) ++br[number];
  }
};

struct ObjectStats {
  std::array<std::uint32_t, kObjectKinds> created{};
  std::array<std::uint32_t, kObjectKinds> deleted{};

  void create(ObjectKind kind) { ++created[static_cast<std::size_t>(kind)]; }
  void remove(ObjectKind kind) { ++deleted[static_cast<std::size_t>(kind)]; }
  std::uint32_t active(ObjectKind kind) const {
    return created[static_cast<std::size_t>(kind)] - deleted[static_cast<std::size_t>(kind)];
  }
};

extern const std::array<const char*, kCommands> kCommandNames;
extern const std::array<const char*, kReturns> kReturnNames;
extern const std::array<const char*, kObjectKinds> kObjectNames;

}  // namespace cuse_binder::core
