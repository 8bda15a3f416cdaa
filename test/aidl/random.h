// A sequence of numbers that a seed determines, on every machine the same.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cuse_binder::test::aidl_corpus {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {  // splitmix64
    std::uint64_t value = (state_ += 0x9e3779b97f4a7c15);
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
    value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
    return value ^ (value >> 31);
  }
  std::size_t below(std::size_t limit) { return next() % limit; }
  bool one_in(std::size_t count) { return below(count) == 0; }

  // How far inside of parcelables and arrays we are: the deeper, the smaller.
  class Deeper {
   public:
    explicit Deeper(Random& random) : random_(random) { ++random_.depth_; }
    ~Deeper() { --random_.depth_; }
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;

   private:
    Random& random_;
  };
  int depth() const { return depth_; }

  // Lengths of arrays and strings: none, few, and sometimes so many that they are 64 KiB.
  std::size_t length(std::size_t element_size) {
    if (depth_ > 3 || one_in(6)) return 0;
    if (depth_ == 0 && one_in(24)) return 65536 / element_size;
    return below(depth_ == 0 ? 20 : 4);
  }

 private:
  std::uint64_t state_;
  int depth_ = 0;
};

// What tells values from one another: FNV-1a over everything that was added.
class Digest {
 public:
  void add(const void* data, std::size_t size) {
    const auto* bytes = static_cast<const std::uint8_t*>(data);
    for (std::size_t i = 0; i < size; ++i) value_ = (value_ ^ bytes[i]) * 0x100000001b3;
  }
  void add_number(std::uint64_t number) { add(&number, sizeof number); }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325;
};

}  // namespace cuse_binder::test::aidl_corpus
