// The write half of a BINDER_WRITE_READ as a stream of commands, fetched from the client in windows.
//
// A command is decoded from our copy only. One that does not fit into what is left of the buffer is a fault
// (the C driver would read on; docs/differences.md).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "cuse_binder/protocol/client_access.h"

namespace cuse_binder::protocol {

class CommandReader {
 public:
  // `size` bytes at `address`, of which `position` are done.
  CommandReader(std::uint64_t address, std::uint64_t size, std::uint64_t position)
      : address_(address), size_(size), position_(position) {}

  std::uint64_t position() const { return position_; }  // end of the last accepted command
  bool at_end() const { return position_ >= size_ || size_ - position_ < sizeof(std::uint32_t); }
  // Whether the next command (code and payload) lies in the window already, so that no client memory is touched.
  bool buffered() const;
  // Makes the next command available. False: EFAULT. `access` touches client memory only when !buffered().
  bool fetch(ClientAccess& access);

  std::uint32_t command() const { return load<std::uint32_t>(0); }
  // A payload field at `offset` behind the code.
  template <typename T>
  T payload(std::size_t offset = 0) const {
    return load<T>(sizeof(std::uint32_t) + offset);
  }
  // The command was executed.
  void accept();

  // Payload bytes of a command; 0 as well for one that is unknown.
  static std::size_t payload_size(std::uint32_t command);

 private:
  template <typename T>
  T load(std::size_t offset) const {
    T value;
    std::memcpy(&value, window_.data() + (position_ - window_start_) + offset, sizeof value);
    return value;
  }
  bool available(std::uint64_t bytes) const {
    return position_ >= window_start_ && position_ + bytes <= window_start_ + window_size_;
  }

  const std::uint64_t address_;
  const std::uint64_t size_;
  std::uint64_t position_;
  std::uint64_t window_start_ = 0;
  std::uint64_t window_size_ = 0;
  std::array<std::byte, 320> window_;  // several common commands; keeps an operation small
};

}  // namespace cuse_binder::protocol
