// What the C API's callbacks fill in the tests: memory of the test's own, and a log of what was asked for.
#pragma once

#include <android/binder_parcel.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cuse_binder::test {

// Room for one array. `refuses` makes the allocator fail.
template <typename T>
struct Room {
  std::vector<T> values;
  bool is_null = false;
  bool refuses = false;
  std::vector<int32_t> asked;  // lengths

  static bool allocate(void* data, int32_t length, T** buffer) {
    auto* room = static_cast<Room*>(data);
    if (!allocate_only(data, length)) return false;
    *buffer = room->values.data();
    return true;
  }
  static bool allocate_only(void* data, int32_t length) {
    auto* room = static_cast<Room*>(data);
    room->asked.push_back(length);
    if (room->refuses) return false;
    room->is_null = length < 0;
    room->values.assign(length < 0 ? 0 : static_cast<size_t>(length), T{});
    return true;
  }
};

// Room for one string, or null.
struct StringRoom {
  std::optional<std::string> value;
  bool takes_null = true;
  bool refuses = false;
  std::vector<int32_t> asked;

  static bool allocate(void* data, int32_t length, char** buffer) {
    auto* room = static_cast<StringRoom*>(data);
    room->asked.push_back(length);
    if (room->refuses || (length < 0 && !room->takes_null)) return false;
    room->value.reset();
    if (length < 0) return true;
    *buffer = room->value.emplace(static_cast<size_t>(length) - 1, '?').data();
    return true;
  }
};

}  // namespace cuse_binder::test
