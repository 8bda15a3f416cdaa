// One open binder device, used by one thread, against the kernel's header alone: the same program measures
// ours and the kernel's driver. Not a library to learn from (examples/raw is); it does as little per call as
// a client can.
//
// Everything throws std::runtime_error when a call does not succeed: a benchmark has no use for half a
// result.
#pragma once

#include <linux/android/binder.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

namespace cuse_binder::bench {

class BinderClient {
 public:
  struct Payload {
    const void* bytes = nullptr;
    std::size_t size = 0;
    const binder_size_t* offsets = nullptr;
    std::size_t object_count = 0;
  };
  // Answers with reply(), or for a oneway transaction with free_buffer().
  using Handler = std::function<void(const binder_transaction_data&)>;

  // `returns_size`: how much one read may bring. 256 bytes is what Android's libbinder uses.
  explicit BinderClient(const std::string& device, std::size_t returns_size = 256);
  ~BinderClient();
  BinderClient(const BinderClient&) = delete;
  BinderClient& operator=(const BinderClient&) = delete;

  int fd() const { return fd_; }
  void become_context_manager();
  void enter_looper() { queue(BC_ENTER_LOOPER, nullptr, 0); }
  void acquire(std::uint32_t handle) { queue(BC_ACQUIRE, &handle, sizeof handle); }
  void release(std::uint32_t handle) { queue(BC_RELEASE, &handle, sizeof handle); }

  // The reply lies in the receive area until free_buffer().
  binder_transaction_data call(std::uint32_t handle, std::uint32_t code, const Payload& payload);
  // False: the receiver's half for oneway transactions is full.
  bool send_oneway(std::uint32_t handle, std::uint32_t code, const Payload& payload);
  // `payload` must stay valid until the next function that talks to the device.
  void reply(const binder_transaction_data& transaction, const Payload& payload);
  void free_buffer(const binder_transaction_data& transaction) {
    queue(BC_FREE_BUFFER, &transaction.data.ptr.buffer, sizeof transaction.data.ptr.buffer);
  }
  void flush();

  [[noreturn]] void serve(const Handler& handler);
  // Waits for the first return other than housekeeping; used by threads that only have to be parked.
  void wait(const Handler& handler);

 private:
  void queue(std::uint32_t command, const void* payload, std::size_t size);
  void write_read(bool read);
  std::uint32_t next_return(binder_transaction_data& data);
  template <typename T>
  T take();

  int fd_ = -1;
  void* receive_area_ = nullptr;
  std::vector<unsigned char> commands_;
  std::vector<unsigned char> returns_;
  std::size_t returns_at_ = 0;
  std::size_t returns_end_ = 0;
};

}  // namespace cuse_binder::bench
