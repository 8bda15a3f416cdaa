// android::os::ParcelableHolder: room in a parcelable for another one, whose type only its sender and its
// reader know.
//
// Holds an object, or the bytes of a received one until somebody asks for it by type. Wire: stability, size
// of what follows (0: empty), the type's name (String16), the object. Getting an object is thread-safe;
// nothing else is.
#pragma once

#include <binder/Parcel.h>
#include <binder/Parcelable.h>
#include <utils/String16.h>

#include <memory>
#include <mutex>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace android {
namespace os {

class ParcelableHolder : public android::Parcelable {
 public:
  ParcelableHolder() = delete;
  explicit ParcelableHolder(Stability stability) : stability_(stability) {}
  // A copy shares the object with the original, and has its own copy of bytes.
  ParcelableHolder(const ParcelableHolder& other);
  ParcelableHolder(ParcelableHolder&& other) noexcept;
  ParcelableHolder& operator=(const ParcelableHolder& other);
  ParcelableHolder& operator=(ParcelableHolder&& other) noexcept;
  ~ParcelableHolder() override;

  status_t writeToParcel(Parcel* parcel) const override;
  // BAD_VALUE if the sender's holder has another stability.
  status_t readFromParcel(const Parcel* parcel) override;

  void reset();

  // BAD_VALUE if the object promises less stability than the holder.
  template <typename T>
  status_t setParcelable(T&& p) {
    using Plain = typename std::decay<T>::type;
    return setParcelable<Plain>(std::make_shared<Plain>(std::forward<T>(p)));
  }
  template <typename T>
  status_t setParcelable(std::shared_ptr<T> p) {
    static_assert(std::is_base_of<Parcelable, T>::value, "T must be derived from Parcelable");
    if (p == nullptr) {
      reset();
      return OK;
    }
    return setObject(std::move(p), toString16(T::getParcelableDescriptor()));
  }

  // *ret is null for an empty holder. BAD_VALUE if it has something of another type.
  template <typename T>
  status_t getParcelable(std::shared_ptr<T>* ret) const {
    static_assert(std::is_base_of<Parcelable, T>::value, "T must be derived from Parcelable");
    std::shared_ptr<Parcelable> object;
    const status_t status = getObject(toString16(T::getParcelableDescriptor()), &object,
                                      []() -> std::shared_ptr<Parcelable> { return std::make_shared<T>(); });
    // The descriptor says that it is one.
    *ret = std::static_pointer_cast<T>(object);
    return status;
  }

  Stability getStability() const override { return stability_; }

  // By identity of what they hold; for containers.
  bool operator==(const ParcelableHolder& rhs) const { return key() == rhs.key(); }
  bool operator!=(const ParcelableHolder& rhs) const { return key() != rhs.key(); }
  bool operator<(const ParcelableHolder& rhs) const { return key() < rhs.key(); }
  bool operator<=(const ParcelableHolder& rhs) const { return key() <= rhs.key(); }
  bool operator>(const ParcelableHolder& rhs) const { return key() > rhs.key(); }
  bool operator>=(const ParcelableHolder& rhs) const { return key() >= rhs.key(); }

 private:
  // Generated code has String16 (AIDL's C++) or std::string descriptors.
  static const String16& toString16(const String16& name) { return name; }
  static String16 toString16(const std::string& name) { return String16(name.c_str(), name.size()); }

  std::tuple<const Parcelable*, const Parcel*, Stability> key() const;
  status_t setObject(std::shared_ptr<Parcelable> object, const String16& name);
  status_t getObject(const String16& name, std::shared_ptr<Parcelable>* object,
                     std::shared_ptr<Parcelable> (*make)()) const;

  mutable std::mutex lock_;  // getParcelable() turns bytes into the object
  mutable std::shared_ptr<Parcelable> object_;
  mutable std::optional<String16> name_;
  mutable std::unique_ptr<Parcel> bytes_;
  Stability stability_;
};

}  // namespace os
}  // namespace android
