// AParcel: a Parcel and the binder it is for.
#pragma once

#include <android/binder_parcel.h>
#include <binder/Parcel.h>

#include <optional>

struct AParcel {
 public:
  // A new one. `binder` is only compared; null if it is not for a transaction.
  explicit AParcel(const AIBinder* binder) : binder_(binder), parcel_(&own_.emplace()) {}
  // Those of a call that is being served belong to libbinder.
  static AParcel view(const AIBinder* binder, android::Parcel* parcel) { return AParcel(binder, parcel); }
  static const AParcel view(const AIBinder* binder, const android::Parcel& parcel) {
    return AParcel(binder, const_cast<android::Parcel*>(&parcel));
  }
  AParcel(const AParcel&) = delete;
  AParcel& operator=(const AParcel&) = delete;

  const AIBinder* binder() const { return binder_; }
  const android::Parcel* get() const { return parcel_; }
  android::Parcel* get() { return parcel_; }

 private:
  AParcel(const AIBinder* binder, android::Parcel* parcel) : binder_(binder), parcel_(parcel) {}

  const AIBinder* const binder_;
  std::optional<android::Parcel> own_;
  android::Parcel* const parcel_;
};
