// The objects in a parcel as the driver lays them out, and the references that a parcel holds on them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "cuse_binder/uapi/binder.h"

namespace android {
namespace internal {

constexpr size_t kObjectSize = sizeof(flat_binder_object);

// Objects begin at multiples of 4, the structure wants 8: hence copies.
inline flat_binder_object loadObject(const uint8_t* data, size_t offset) {
  flat_binder_object object;
  memcpy(&object, data + offset, sizeof(object));
  return object;
}
inline void storeObject(uint8_t* data, size_t offset, const flat_binder_object& object) {
  memcpy(data + offset, &object, sizeof(object));
}

// A file descriptor has no reference; one that the parcel owns (cookie != 0) is closed by the release.
void acquireObject(const flat_binder_object& object, const void* who);
void releaseObject(const flat_binder_object& object, const void* who);

// A duplicate with close-on-exec; -1 with errno.
int duplicate(int fd);

}  // namespace internal
}  // namespace android
