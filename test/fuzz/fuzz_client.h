// One fuzzed client: a process with a device open, two threads, an arena of memory, and what it has learnt
// from the driver.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "cuse_binder/protocol/session.h"
#include "cuse_binder/uapi/binder.h"
#include "test/fuzz/fuzz_machine.h"

namespace cuse_binder::fuzz {

inline constexpr std::size_t kThreads = 2;

// Where a thread keeps what, from the start of its part of the arena.
struct Layout {
  static constexpr std::uint64_t kWrite = 0;
  static constexpr std::uint64_t kRead = 0x800;
  static constexpr std::uint64_t kOffsets = 0x1000;
  static constexpr std::uint64_t kData = 0x1800;
  static constexpr std::uint64_t kScatter = 0x3000;
  static constexpr std::uint64_t kSize = 0x4000;
};

struct FuzzClient;

struct FuzzThread {
  FuzzClient* client = nullptr;
  pid_t tid = 0;
  std::size_t number = 0;
  bool busy = false;      // in an ioctl, or borrowed for descriptor work
  bool gone = false;      // ended; makes no more calls
  bool borrowed = false;  // its ioctl was answered so that descriptors can be installed; it will repeat it
  std::uint64_t id = 0;   // of the ioctl
  std::uint32_t command = 0;
  std::vector<std::byte> argument;

  std::uint64_t base() const;
};

// The newest few of what was seen, for later use.
struct Known {
  std::deque<std::uint32_t> handles;
  std::deque<std::uint64_t> cookies;
  std::deque<std::pair<std::uint64_t, std::uint64_t>> increments;  // ptr, cookie
  template <typename List, typename T>
  static void learn(List& list, T value) {
    list.push_front(value);
    if (list.size() > 8) list.pop_back();
  }
};

struct HeldBuffer {
  std::uint64_t address;
  std::uint64_t size;
};

struct FuzzClient {
  explicit FuzzClient(std::size_t slot_number) : slot(slot_number), arena(kThreads * Layout::kSize) {}

  const std::size_t slot;
  FuzzProcess process;
  std::shared_ptr<protocol::Session> session;  // null once released
  std::optional<protocol::Mapping> mapping;    // what the door would find
  uid_t euid = 0;
  std::array<FuzzThread, kThreads> threads;
  Known known;
  std::vector<HeldBuffer> held;  // delivered and certainly not freed
  std::vector<std::byte> arena;

  std::uint64_t base() const { return 0x1000'0000 * (slot + 1); }
  std::uint64_t area_address() const { return 0x7000'0000 + 0x100'0000 * slot; }
  std::byte* host(std::uint64_t address) { return arena.data() + (address - base()); }
  // Gives the thread's part of the arena back, or takes the named piece of it away.
  void restore_memory();
  void set_piece(const FuzzThread& thread, std::uint64_t piece, std::uint64_t size, bool present,
                 bool writable);
  bool owns(std::uint64_t address, std::uint64_t size) const {
    return address >= base() && size <= arena.size() && address - base() <= arena.size() - size;
  }
};

inline std::uint64_t FuzzThread::base() const {
  return client->base() + number * Layout::kSize;
}

// Looks at what a BINDER_WRITE_READ returned: well formed, within bounds, buffers that do not overlap what is
// held. Learns handles, cookies and addresses from it.
void study_returns(FuzzClient& client, const binder_write_read& before, const binder_write_read& after);

}  // namespace cuse_binder::fuzz
