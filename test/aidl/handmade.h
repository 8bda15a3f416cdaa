// A parcelable that AIDL only declares.
#pragma once

#include <binder/Parcel.h>
#include <binder/Parcelable.h>

namespace corpus {

struct Handmade : public android::Parcelable {
  std::int32_t number = 0;
  std::string text;
  std::vector<double> weights;

  android::status_t writeToParcel(android::Parcel* parcel) const override {
    if (const auto status = parcel->writeInt32(number); status != android::OK) return status;
    if (const auto status = parcel->writeUtf8AsUtf16(text); status != android::OK) return status;
    return parcel->writeDoubleVector(weights);
  }
  android::status_t readFromParcel(const android::Parcel* parcel) override {
    if (const auto status = parcel->readInt32(&number); status != android::OK) return status;
    if (const auto status = parcel->readUtf8FromUtf16(&text); status != android::OK) return status;
    return parcel->readDoubleVector(&weights);
  }
};

}  // namespace corpus
