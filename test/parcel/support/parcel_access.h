// A parcel as it is received: a view of memory that belongs to somebody else.
#pragma once

#include <binder/Parcel.h>
#include <linux/android/binder.h>

#include <cstdint>
#include <vector>

namespace android::internal {

class ParcelAccess {
 public:
  using Release = Parcel::release_func;
  static void receive(Parcel* parcel, const uint8_t* data, size_t size, const binder_size_t* objects,
                      size_t count, Release release) {
    parcel->ipcSetDataReference(data, size, objects, count, release);
  }
  static const binder_size_t* objects(const Parcel& parcel) {
    return reinterpret_cast<const binder_size_t*>(parcel.ipcObjects());
  }
  static size_t ownedSize(const Parcel& parcel) { return parcel.ipcDataSize(); }
};

}  // namespace android::internal
