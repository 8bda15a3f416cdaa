// A stream of commands to or from the driver. It grows, and keeps what it has grown to.
#pragma once

#include <log/log.h>

#include <cstdint>
#include <cstring>
#include <vector>

namespace android::internal {

class CommandBuffer {
 public:
  CommandBuffer() : bytes_(kFirstSize) {}

  // Writing, at the end.
  template <typename T>
  void put(const T& value) {
    if (bytes_.size() - size_ < sizeof value) bytes_.resize(bytes_.size() * 2 + sizeof value);
    std::memcpy(bytes_.data() + size_, &value, sizeof value);
    size_ += sizeof value;
  }
  void clear() { size_ = position_ = 0; }

  // Reading, at the position. False if there is not so much left.
  template <typename T>
  [[nodiscard]] bool take(T& value) {
    if (left() < sizeof value) return false;
    std::memcpy(&value, bytes_.data() + position_, sizeof value);
    position_ += sizeof value;
    return true;
  }
  // What has to be there, or the driver is broken.
  template <typename T>
  T expect() {
    T value{};
    LOG_ALWAYS_FATAL_IF(!take(value), "The driver's answer ends in the middle of a command");
    return value;
  }
  size_t left() const { return size_ - position_; }

  // For the driver.
  uint8_t* data() { return bytes_.data(); }
  size_t size() const { return size_; }
  size_t capacity() const { return bytes_.size(); }
  void received(size_t bytes) {
    size_ = bytes;
    position_ = 0;
  }

 private:
  static constexpr size_t kFirstSize = 256;

  std::vector<uint8_t> bytes_;
  size_t size_ = 0;
  size_t position_ = 0;
};

}  // namespace android::internal
