// android::ParcelRef: a Parcel that is shared by reference counting.
#pragma once

#include <binder/Parcel.h>
#include <utils/RefBase.h>

namespace android {

class ParcelRef : public Parcel, public RefBase {
 public:
  static sp<ParcelRef> create() { return sp<ParcelRef>(new ParcelRef()); }

 private:
  ParcelRef() = default;
};

}  // namespace android
