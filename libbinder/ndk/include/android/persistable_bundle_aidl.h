// PersistableBundle as a type of aidl's ndk backend.
//
// A value: copies are deep. Moved-from objects are empty handles that can only be assigned to or destroyed.
// Upstream: frameworks/native/libs/binder/ndk/include_cpp/android/persistable_bundle_aidl.h.
#pragma once

#include <android/binder_parcel.h>
#include <android/persistable_bundle.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace aidl::android::os {

class PersistableBundle {
 public:
  PersistableBundle() noexcept : bundle_(APersistableBundle_new()) {}
  // Takes ownership.
  explicit PersistableBundle(APersistableBundle* bundle) noexcept : bundle_(bundle) {}
  PersistableBundle(PersistableBundle&& other) noexcept : bundle_(other.release()) {}
  PersistableBundle(const PersistableBundle& other) : bundle_(APersistableBundle_dup(other.bundle_)) {}
  PersistableBundle& operator=(const PersistableBundle& other) {
    if (this != &other) reset(APersistableBundle_dup(other.bundle_));
    return *this;
  }
  PersistableBundle& operator=(PersistableBundle&& other) noexcept {
    reset(other.release());
    return *this;
  }
  ~PersistableBundle() { reset(); }

  binder_status_t readFromParcel(const AParcel* parcel) {
    APersistableBundle* read = nullptr;
    const binder_status_t status = APersistableBundle_readFromParcel(parcel, &read);
    reset(read);
    return status;
  }
  binder_status_t writeToParcel(AParcel* parcel) const {
    return bundle_ ? APersistableBundle_writeToParcel(bundle_, parcel) : STATUS_BAD_VALUE;
  }

  // Deletes what it has and takes ownership of another.
  void reset(APersistableBundle* bundle = nullptr) noexcept {
    APersistableBundle* old = std::exchange(bundle_, bundle);
    if (old != bundle) APersistableBundle_delete(old);
  }
  [[nodiscard]] APersistableBundle* release() noexcept { return std::exchange(bundle_, nullptr); }

  bool operator==(const PersistableBundle& other) const { return deepEquals(other); }
  bool operator!=(const PersistableBundle& other) const { return !deepEquals(other); }
  bool deepEquals(const PersistableBundle& other) const {
    return APersistableBundle_isEqual(bundle_, other.bundle_);
  }
  // What generated classes order themselves by: an order of the objects, not of their contents.
  bool operator<(const PersistableBundle& other) const { return bundle_ < other.bundle_; }
  bool operator>(const PersistableBundle& other) const { return other < *this; }
  bool operator<=(const PersistableBundle& other) const { return !(other < *this); }
  bool operator>=(const PersistableBundle& other) const { return !(*this < other); }

  std::string toString() const { return bundle_ ? "<PersistableBundle>" : "<PersistableBundle: Invalid>"; }

  int32_t size() const { return APersistableBundle_size(bundle_); }
  int32_t erase(const std::string& key) { return APersistableBundle_erase(bundle_, key.c_str()); }

  void putBoolean(const std::string& key, bool value) {
    APersistableBundle_putBoolean(bundle_, key.c_str(), value);
  }
  void putInt(const std::string& key, int32_t value) {
    APersistableBundle_putInt(bundle_, key.c_str(), value);
  }
  void putLong(const std::string& key, int64_t value) {
    APersistableBundle_putLong(bundle_, key.c_str(), value);
  }
  void putDouble(const std::string& key, double value) {
    APersistableBundle_putDouble(bundle_, key.c_str(), value);
  }
  void putString(const std::string& key, const std::string& value) {
    APersistableBundle_putString(bundle_, key.c_str(), value.c_str());
  }
  void putBooleanVector(const std::string& key, const std::vector<bool>& values) {
    const auto plain = std::unique_ptr<bool[]>(new bool[values.size() + 1]);
    for (size_t i = 0; i < values.size(); ++i) plain[i] = values[i];
    APersistableBundle_putBooleanVector(bundle_, key.c_str(), plain.get(),
                                        static_cast<int32_t>(values.size()));
  }
  void putIntVector(const std::string& key, const std::vector<int32_t>& values) {
    APersistableBundle_putIntVector(bundle_, key.c_str(), values.data(), static_cast<int32_t>(values.size()));
  }
  void putLongVector(const std::string& key, const std::vector<int64_t>& values) {
    APersistableBundle_putLongVector(bundle_, key.c_str(), values.data(),
                                     static_cast<int32_t>(values.size()));
  }
  void putDoubleVector(const std::string& key, const std::vector<double>& values) {
    APersistableBundle_putDoubleVector(bundle_, key.c_str(), values.data(),
                                       static_cast<int32_t>(values.size()));
  }
  void putStringVector(const std::string& key, const std::vector<std::string>& values) {
    std::vector<const char*> plain;
    for (const auto& value : values) plain.push_back(value.c_str());
    APersistableBundle_putStringVector(bundle_, key.c_str(), plain.data(),
                                       static_cast<int32_t>(plain.size()));
  }
  void putPersistableBundle(const std::string& key, const PersistableBundle& value) {
    APersistableBundle_putPersistableBundle(bundle_, key.c_str(), value.bundle_);
  }

  bool getBoolean(const std::string& key, bool* value) const {
    return APersistableBundle_getBoolean(bundle_, key.c_str(), value);
  }
  bool getInt(const std::string& key, int32_t* value) const {
    return APersistableBundle_getInt(bundle_, key.c_str(), value);
  }
  bool getLong(const std::string& key, int64_t* value) const {
    return APersistableBundle_getLong(bundle_, key.c_str(), value);
  }
  bool getDouble(const std::string& key, double* value) const {
    return APersistableBundle_getDouble(bundle_, key.c_str(), value);
  }
  bool getString(const std::string& key, std::string* value) const {
    char* text = nullptr;
    const int32_t length = APersistableBundle_getString(bundle_, key.c_str(), &text, &allocate, nullptr);
    if (length < 0) return false;
    value->assign(text, static_cast<size_t>(length));
    std::free(text);
    return true;
  }
  bool getBooleanVector(const std::string& key, std::vector<bool>* values) const {
    const int32_t size = APersistableBundle_getBooleanVector(bundle_, key.c_str(), nullptr, 0);
    if (size < 0) return false;
    const size_t count = static_cast<size_t>(size) / sizeof(bool);
    const auto plain = std::unique_ptr<bool[]>(new bool[count + 1]);
    APersistableBundle_getBooleanVector(bundle_, key.c_str(), plain.get(), size);
    values->assign(plain.get(), plain.get() + count);
    return true;
  }
  bool getIntVector(const std::string& key, std::vector<int32_t>* values) const {
    return getVector(&APersistableBundle_getIntVector, key, values);
  }
  bool getLongVector(const std::string& key, std::vector<int64_t>* values) const {
    return getVector(&APersistableBundle_getLongVector, key, values);
  }
  bool getDoubleVector(const std::string& key, std::vector<double>* values) const {
    return getVector(&APersistableBundle_getDoubleVector, key, values);
  }
  bool getStringVector(const std::string& key, std::vector<std::string>* values) const {
    return getStrings(
        [&](char** buffer, int32_t size) {
          return APersistableBundle_getStringVector(bundle_, key.c_str(), buffer, size, &allocate, nullptr);
        },
        [&](std::string text) { values->push_back(std::move(text)); });
  }
  bool getPersistableBundle(const std::string& key, PersistableBundle* value) const {
    APersistableBundle* found = nullptr;
    if (!APersistableBundle_getPersistableBundle(bundle_, key.c_str(), &found)) return false;
    value->reset(found);
    return true;
  }

  std::set<std::string> getBooleanKeys() const { return getKeys(&APersistableBundle_getBooleanKeys); }
  std::set<std::string> getIntKeys() const { return getKeys(&APersistableBundle_getIntKeys); }
  std::set<std::string> getLongKeys() const { return getKeys(&APersistableBundle_getLongKeys); }
  std::set<std::string> getDoubleKeys() const { return getKeys(&APersistableBundle_getDoubleKeys); }
  std::set<std::string> getStringKeys() const { return getKeys(&APersistableBundle_getStringKeys); }
  std::set<std::string> getBooleanVectorKeys() const {
    return getKeys(&APersistableBundle_getBooleanVectorKeys);
  }
  std::set<std::string> getIntVectorKeys() const { return getKeys(&APersistableBundle_getIntVectorKeys); }
  std::set<std::string> getLongVectorKeys() const { return getKeys(&APersistableBundle_getLongVectorKeys); }
  std::set<std::string> getDoubleVectorKeys() const {
    return getKeys(&APersistableBundle_getDoubleVectorKeys);
  }
  std::set<std::string> getStringVectorKeys() const {
    return getKeys(&APersistableBundle_getStringVectorKeys);
  }
  std::set<std::string> getPersistableBundleKeys() const {
    return getKeys(&APersistableBundle_getPersistableBundleKeys);
  }

 private:
  using KeyGetter = int32_t (*)(const APersistableBundle*, char**, int32_t,
                                APersistableBundle_stringAllocator, void*);

  static char* allocate(int32_t size, void*) {
    return static_cast<char*>(std::malloc(static_cast<size_t>(size)));
  }

  template <typename T, typename Getter>
  bool getVector(Getter getter, const std::string& key, std::vector<T>* values) const {
    const int32_t size = getter(bundle_, key.c_str(), nullptr, 0);
    if (size < 0) return false;
    values->resize(static_cast<size_t>(size) / sizeof(T));
    getter(bundle_, key.c_str(), values->data(), size);
    return true;
  }

  // `get` fills a buffer of pointers; `add` takes the strings.
  template <typename Get, typename Add>
  static bool getStrings(Get get, Add add) {
    const int32_t size = get(nullptr, 0);
    if (size < 0) return false;
    std::vector<char*> buffer(static_cast<size_t>(size) / sizeof(char*), nullptr);
    const int32_t got = get(buffer.data(), size);
    for (char* text : buffer) {
      if (text && got >= 0) add(std::string(text));
      std::free(text);
    }
    return got >= 0;
  }

  std::set<std::string> getKeys(KeyGetter getter) const {
    std::set<std::string> keys;
    getStrings([&](char** buffer, int32_t size) { return getter(bundle_, buffer, size, &allocate, nullptr); },
               [&](std::string text) { keys.insert(std::move(text)); });
    return keys;
  }

  APersistableBundle* bundle_;
};

}  // namespace aidl::android::os
