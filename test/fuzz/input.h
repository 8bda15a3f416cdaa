// The bytes of one fuzz input, read as choices. An exhausted input gives zeros; loops ask done().
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace cuse_binder::fuzz {

class Input {
 public:
  explicit Input(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  bool done() const { return bytes_.empty(); }
  template <typename T>
  T number() {
    T value{};
    const std::size_t size = std::min(sizeof value, bytes_.size());
    std::memcpy(&value, bytes_.data(), size);
    bytes_ = bytes_.subspan(size);
    return value;
  }
  std::uint8_t byte() { return number<std::uint8_t>(); }
  // One of `count` alternatives.
  unsigned pick(unsigned count) { return count == 0 ? 0 : byte() % count; }
  // True once in `count` times.
  bool rarely(unsigned count) { return byte() % count == count - 1; }
  std::vector<std::byte> take(std::size_t size) {
    size = std::min(size, bytes_.size());
    std::vector<std::byte> taken(size);
    if (size > 0) std::memcpy(taken.data(), bytes_.data(), size);
    bytes_ = bytes_.subspan(size);
    return taken;
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

}  // namespace cuse_binder::fuzz
