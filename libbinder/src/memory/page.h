// Whole pages.
#pragma once

#include <unistd.h>

#include <cstddef>

namespace android::internal {

inline size_t pageSize() {
  static const size_t size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return size;
}

inline size_t pageFloor(size_t size) {
  return size & ~(pageSize() - 1);
}

// Rounds up. 0 if there is no such number.
inline size_t pageCeil(size_t size) {
  return pageFloor(size + pageSize() - 1);
}

}  // namespace android::internal
