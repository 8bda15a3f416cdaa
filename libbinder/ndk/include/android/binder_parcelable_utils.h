// ParcelableHolder of aidl's ndk backend: a field that holds one parcelable of any type.
//
// Upstream: frameworks/native/libs/binder/ndk/include_cpp/android/binder_parcelable_utils.h.
#pragma once

#include <android/binder_parcel_utils.h>

#include <cstdlib>
#include <cstring>
#include <limits>
#include <optional>
#include <string>

namespace ndk {

typedef int32_t parcelable_stability_t;
enum {
  STABILITY_LOCAL,
  STABILITY_VINTF,  // @VintfStability
};

// Keeps what it holds as bytes. Not thread-safe, reading included: it moves the position in them. On the
// wire: stability, number of bytes, bytes (the type's name and its fields).
class AParcelableHolder {
 public:
  AParcelableHolder() = delete;
  explicit AParcelableHolder(parcelable_stability_t stability)
      : parcel_(AParcel_create()), stability_(stability) {}
  AParcelableHolder(const AParcelableHolder& other)
      : parcel_(AParcel_create()), stability_(other.stability_) {
    copyFrom(other);
  }
  AParcelableHolder(AParcelableHolder&& other) noexcept
      : parcel_(std::move(other.parcel_)), stability_(other.stability_) {
    other.parcel_.set(AParcel_create());
  }
  virtual ~AParcelableHolder() = default;

  // Holders of different stability are different types: aborts.
  AParcelableHolder& operator=(const AParcelableHolder& other) {
    if (this == &other) return *this;
    if (stability_ != other.stability_) {
      syslog(LOG_CRIT, "AParcelableHolder: assignment of stability %d to %d", other.stability_, stability_);
      std::abort();
    }
    reset();
    copyFrom(other);
    return *this;
  }

  binder_status_t writeToParcel(AParcel* parcel) const {
    binder_status_t status = AParcel_writeInt32(parcel, stability_);
    if (status != STATUS_OK) return status;
    const int32_t size = AParcel_getDataSize(parcel_.get());
    status = AParcel_writeInt32(parcel, size);
    if (status != STATUS_OK || size == 0) return status;
    return AParcel_appendFrom(parcel_.get(), parcel, 0, size);
  }

  binder_status_t readFromParcel(const AParcel* parcel) {
    reset();
    parcelable_stability_t stability = 0;
    binder_status_t status = AParcel_readInt32(parcel, &stability);
    if (status != STATUS_OK) return status;
    if (stability != stability_) return STATUS_BAD_VALUE;
    int32_t size = 0;
    status = AParcel_readInt32(parcel, &size);
    if (status != STATUS_OK) return status;
    const int32_t start = AParcel_getDataPosition(parcel);
    if (size < 0 || size > AParcel_getDataSize(parcel) - start) return STATUS_BAD_VALUE;
    if (size == 0) return STATUS_OK;
    status = AParcel_appendFrom(parcel, parcel_.get(), start, size);
    if (status != STATUS_OK) return status;
    return AParcel_setDataPosition(parcel, start + size);
  }

  // STATUS_BAD_VALUE if the type promises less stability than this holder; the holder is empty if anything
  // fails.
  template <typename T>
  binder_status_t setParcelable(const T& parcelable) {
    if (stability_ > T::_aidl_stability) return STATUS_BAD_VALUE;
    reset();
    binder_status_t status =
        ::AParcel_writeString(parcel_.get(), T::descriptor, static_cast<int32_t>(std::strlen(T::descriptor)));
    if (status == STATUS_OK) status = parcelable.writeToParcel(parcel_.get());
    if (status != STATUS_OK) reset();
    return status;
  }

  // nullopt if it is empty or holds another type.
  template <typename T>
  binder_status_t getParcelable(std::optional<T>* result) const {
    result->reset();
    if (AParcel_getDataSize(parcel_.get()) == 0) return STATUS_OK;
    AParcel_setDataPosition(parcel_.get(), 0);
    std::string descriptor;
    binder_status_t status = AParcel_readString(parcel_.get(), &descriptor);
    if (status != STATUS_OK || descriptor != T::descriptor) return status;
    status = result->emplace(T()).readFromParcel(parcel_.get());
    if (status != STATUS_OK) result->reset();
    return status;
  }

  void reset() { AParcel_reset(parcel_.get()); }

  parcelable_stability_t getStability() const { return stability_; }

  // By identity: what is inside cannot be compared.
  bool operator==(const AParcelableHolder& other) const { return this == &other; }
  bool operator!=(const AParcelableHolder& other) const { return this != &other; }
  bool operator<(const AParcelableHolder& other) const { return this < &other; }
  bool operator>(const AParcelableHolder& other) const { return this > &other; }
  bool operator<=(const AParcelableHolder& other) const { return this <= &other; }
  bool operator>=(const AParcelableHolder& other) const { return this >= &other; }

 private:
  void copyFrom(const AParcelableHolder& other) {
    const int32_t size = AParcel_getDataSize(other.parcel_.get());
    if (size > 0) AParcel_appendFrom(other.parcel_.get(), parcel_.get(), 0, size);
  }

  ScopedAParcel parcel_;
  parcelable_stability_t stability_;
};

}  // namespace ndk
