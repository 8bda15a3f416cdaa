// android::os::PersistableBundle: values by name, of the types that Java's class of this name has. A plain
// value, not thread-safe.
#pragma once

#include <binder/Parcelable.h>
#include <utils/String16.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <ostream>
#include <set>
#include <tuple>
#include <vector>

namespace android {
namespace os {

class PersistableBundle : public Parcelable {
 public:
  PersistableBundle() = default;
  PersistableBundle(const PersistableBundle&) = default;
  PersistableBundle(PersistableBundle&&) = default;
  PersistableBundle& operator=(const PersistableBundle&) = default;
  PersistableBundle& operator=(PersistableBundle&&) = default;
  ~PersistableBundle() override = default;

  status_t writeToParcel(Parcel* parcel) const override;
  // Replaces what is there. BAD_VALUE for bytes that are no bundle, or bundles nested deeper than 64.
  status_t readFromParcel(const Parcel* parcel) override;

  bool empty() const;
  size_t size() const;
  size_t erase(const String16& key);  // how many were erased: 0 or 1

  // A name has one value: putting replaces that, also one of another type.
  void putBoolean(const String16& key, bool value);
  void putInt(const String16& key, int32_t value);
  void putLong(const String16& key, int64_t value);
  void putDouble(const String16& key, double value);
  void putString(const String16& key, const String16& value);
  void putBooleanVector(const String16& key, const std::vector<bool>& value);
  void putIntVector(const String16& key, const std::vector<int32_t>& value);
  void putLongVector(const String16& key, const std::vector<int64_t>& value);
  void putDoubleVector(const String16& key, const std::vector<double>& value);
  void putStringVector(const String16& key, const std::vector<String16>& value);
  void putPersistableBundle(const String16& key, const PersistableBundle& value);

  // False, and *out unchanged, if there is no value of this name and type.
  bool getBoolean(const String16& key, bool* out) const;
  bool getInt(const String16& key, int32_t* out) const;
  bool getLong(const String16& key, int64_t* out) const;
  bool getDouble(const String16& key, double* out) const;
  bool getString(const String16& key, String16* out) const;
  bool getBooleanVector(const String16& key, std::vector<bool>* out) const;
  bool getIntVector(const String16& key, std::vector<int32_t>* out) const;
  bool getLongVector(const String16& key, std::vector<int64_t>* out) const;
  bool getDoubleVector(const String16& key, std::vector<double>* out) const;
  bool getStringVector(const String16& key, std::vector<String16>* out) const;
  bool getPersistableBundle(const String16& key, PersistableBundle* out) const;

  std::set<String16> getBooleanKeys() const;
  std::set<String16> getIntKeys() const;
  std::set<String16> getLongKeys() const;
  std::set<String16> getDoubleKeys() const;
  std::set<String16> getStringKeys() const;
  std::set<String16> getBooleanVectorKeys() const;
  std::set<String16> getIntVectorKeys() const;
  std::set<String16> getLongVectorKeys() const;
  std::set<String16> getDoubleVectorKeys() const;
  std::set<String16> getStringVectorKeys() const;
  std::set<String16> getPersistableBundleKeys() const;

  friend bool operator==(const PersistableBundle& lhs, const PersistableBundle& rhs) {
    return lhs.maps_ == rhs.maps_;
  }
  friend bool operator!=(const PersistableBundle& lhs, const PersistableBundle& rhs) { return !(lhs == rhs); }

 private:
  // One map for each type, in the order in which they are written.
  template <typename T>
  using Map = std::map<String16, T>;
  using Maps = std::tuple<Map<bool>, Map<int32_t>, Map<int64_t>, Map<double>, Map<String16>,
                          Map<std::vector<bool>>, Map<std::vector<int32_t>>, Map<std::vector<int64_t>>,
                          Map<std::vector<double>>, Map<std::vector<String16>>, Map<PersistableBundle>>;

  template <typename T>
  void put(const String16& key, const T& value);
  template <typename T>
  bool get(const String16& key, T* out) const;
  template <typename T>
  std::set<String16> keys() const;
  template <typename T>
  status_t readValue(const Parcel* parcel, const String16& key, status_t (Parcel::*read)(T*) const);
  status_t readValueOfType(const Parcel* parcel, const String16& key, int32_t type, int depth);
  status_t readNested(const Parcel* parcel, int depth);
  status_t writeContents(Parcel* parcel) const;

  Maps maps_;
};

}  // namespace os
}  // namespace android
