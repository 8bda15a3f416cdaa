// Every reader of a Parcel by its name, for tests and fuzzing: each reads one value and drops it.
#pragma once

#include <binder/Parcel.h>

#include <cstddef>

namespace parcel_readers {

struct Reader {
  const char* name;
  android::status_t (*read)(const android::Parcel& parcel);
};

inline constexpr size_t kCount = 96;
extern const Reader kAll[kCount];

}  // namespace parcel_readers
