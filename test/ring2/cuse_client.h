// A client of a CUSE device whose kernel is written by hand: a child process that does nothing but exist,
// with memory that the test can see, and that goes to the daemon's socket when it is told to.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

#include "cuse_binder/base/unique_fd.h"
#include "cuse_binder/device/binder_device.h"
#include "cuse_binder/frontends/area_tokens.h"

namespace cuse_binder::test {

// Connects to an abstract socket; not open on failure.
base::UniqueFd connect_abstract(const char* name);

// How a visit to the daemon's socket ended.
struct Visit {
  int error = 0;          // what the daemon answered; ECONNRESET if it hung up without
  bool has_area = false;  // a descriptor came along
  bool readable = false;  // it can be mapped for reading, and begins with the byte that was asked for
  bool writable = false;  // it can be mapped for writing, or written to, or opened again for writing
};

class CuseClient {
 public:
  static constexpr std::size_t kMemorySize = 65536;

  CuseClient();
  ~CuseClient();
  CuseClient(const CuseClient&) = delete;
  CuseClient& operator=(const CuseClient&) = delete;

  pid_t pid() const { return pid_; }
  // Kills the child: its memory goes, and whoever waits for it is let go.
  void end();
  // At the same address in the child and here; what follows it is not mapped.
  std::byte* memory() const { return memory_; }
  std::uint64_t address() const { return reinterpret_cast<std::uintptr_t>(memory_); }
  std::uint64_t bad_address() const { return address() + kMemorySize; }

  // The child's, not ours: the last page of its memory cannot be accessed any more.
  void take_last_page_away();
  // The child's memory from kSlow on waits for ever when it is touched. False where that cannot be had.
  static constexpr std::size_t kSlow = 40960;
  bool make_slow();
  // The child goes to the socket, as `uid`, and shows `size` bytes of the token. `first`: what it expects in
  // the area.
  Visit visit(const cuse_binder_area_offer& offer, uid_t uid, std::size_t size, std::byte first);

 private:
  struct Errand {
    enum class What { visit, take_page, slow_page } what;
    std::uint64_t page;
    cuse_binder_area_offer offer;
    uid_t uid;
    std::size_t size;
    std::byte first;
  };
  Visit send_out(const Errand& errand);
  static Visit run(const Errand& errand);
  [[noreturn]] static void serve(int socket);

  std::byte* memory_;
  base::UniqueFd socket_;
  pid_t pid_;
};

}  // namespace cuse_binder::test
