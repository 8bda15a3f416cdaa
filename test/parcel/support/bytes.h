// Bytes of the wire, written by hand.
#pragma once

#include <binder/Parcel.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

class Bytes {
 public:
  template <typename T>
  Bytes& number(T value) {
    const size_t at = data_.size();
    data_.resize(at + sizeof(value));
    memcpy(data_.data() + at, &value, sizeof(value));
    return *this;
  }
  Bytes& i32(int32_t value) { return number(value); }
  Bytes& u32(uint32_t value) { return number(value); }
  Bytes& i64(int64_t value) { return number(value); }
  // As they are.
  Bytes& raw(std::initializer_list<int> bytes) {
    for (const int byte : bytes) data_.push_back(static_cast<uint8_t>(byte));
    return *this;
  }
  // Length, characters, zero, padding.
  Bytes& string16(std::u16string_view text) {
    i32(static_cast<int32_t>(text.size()));
    for (const char16_t c : text) number(c);
    number(char16_t{0});
    return padded();
  }
  Bytes& string8(std::string_view text) {
    i32(static_cast<int32_t>(text.size()));
    for (const char c : text) number(c);
    number(char{0});
    return padded();
  }
  Bytes& padded() {
    while (data_.size() % 4 != 0) data_.push_back(0);
    return *this;
  }
  Bytes& append(const Bytes& other) {
    data_.insert(data_.end(), other.data_.begin(), other.data_.end());
    return *this;
  }

  const std::vector<uint8_t>& vector() const { return data_; }
  size_t size() const { return data_.size(); }
  void fill(android::Parcel* parcel) const {
    parcel->setData(data_.data(), data_.size());
    parcel->setDataPosition(0);
  }

 private:
  std::vector<uint8_t> data_;
};

inline std::vector<uint8_t> bytesOf(const android::Parcel& parcel) {
  return parcel.data() == nullptr ? std::vector<uint8_t>()
                                  : std::vector<uint8_t>(parcel.data(), parcel.data() + parcel.dataSize());
}
