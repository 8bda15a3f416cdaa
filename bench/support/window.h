// Limits how many messages of one sender are under way. Sockets block a sender that is too fast and binder
// refuses it; with the same window both do the same work.
#pragma once

#include <atomic>
#include <cstdint>

namespace cuse_binder::bench {

// In memory shared by sender and receiver.
class Window {
 public:
  static constexpr std::uint32_t kSize = 192;

  // Sender: waits until fewer than kSize of `sent` messages are unread.
  void wait_for_room(std::uint32_t sent) { wait_until_unread_at_most(sent, kSize - 1); }
  void wait_until_all_read(std::uint32_t sent) { wait_until_unread_at_most(sent, 0); }
  // Receiver: one more was read.
  void count_read();

 private:
  void wait_until_unread_at_most(std::uint32_t sent, std::uint32_t unread);

  std::atomic<std::uint32_t> read_{0};
  std::atomic<std::uint32_t> wake_at_{
      0};  // the sender sleeps until `read_` gets there; equal to read_: it does not
};

// `count` windows in shared memory, for the life of the process and its children.
class Windows {
 public:
  explicit Windows(std::size_t count);
  ~Windows();
  Windows(const Windows&) = delete;
  Windows& operator=(const Windows&) = delete;
  Window& operator[](std::size_t index) const { return windows_[index]; }

 private:
  Window* windows_;
  std::size_t size_;
};

}  // namespace cuse_binder::bench
