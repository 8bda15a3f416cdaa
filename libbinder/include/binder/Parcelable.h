// android::Parcelable: an object that writes itself to a Parcel and reads itself from one.
//
// What generated and handwritten structures derive from. Parcel puts the word 1 in front of it, or the word 0
// in place of one that is null.
#pragma once

#include <binder/Common.h>
#include <utils/Errors.h>
#include <utils/String16.h>

#include <cstdint>
#include <vector>

namespace android {

class Parcel;

class Parcelable {
 public:
  virtual ~Parcelable() = default;

  Parcelable() = default;
  Parcelable(const Parcelable&) = default;
  Parcelable(Parcelable&&) = default;
  Parcelable& operator=(const Parcelable&) = default;
  Parcelable& operator=(Parcelable&&) = default;

  // Appends the members; not the word that says that the object is there.
  virtual status_t writeToParcel(Parcel* parcel) const = 0;

  // Reads what writeToParcel() wrote. After an error the members have values, but unspecified ones.
  virtual status_t readFromParcel(const Parcel* parcel) = 0;

  // Whether the layout is promised to stay as it is (ParcelableHolder only takes objects that promise at
  // least what it promises itself). The numbers travel on the wire.
  enum class Stability : int32_t {
    STABILITY_LOCAL,
    STABILITY_VINTF,  // fixed: system and vendor code may be of different age
  };
  virtual Stability getStability() const { return Stability::STABILITY_LOCAL; }
};

}  // namespace android
