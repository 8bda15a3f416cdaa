// A parcelable and an interface as generated code has them.
#pragma once

#include <binder/IInterface.h>
#include <binder/Parcel.h>
#include <binder/Parcelable.h>

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

class Sample : public android::Parcelable {
 public:
  int32_t number = 0;
  std::string text;
  std::vector<int64_t> longs;

  static const android::String16& getParcelableDescriptor() {
    static const android::String16 name(u"test.Sample");
    return name;
  }
  android::status_t writeToParcel(android::Parcel* parcel) const override;
  android::status_t readFromParcel(const android::Parcel* parcel) override;

  bool operator==(const Sample& rhs) const {
    return std::tie(number, text, longs) == std::tie(rhs.number, rhs.text, rhs.longs);
  }
};

class IThing : public android::IInterface {
 public:
  DECLARE_META_INTERFACE(Thing)
};

class BnThing : public android::BnInterface<IThing> {};

class BpThing : public android::BpInterface<IThing> {
 public:
  explicit BpThing(const android::sp<android::IBinder>& impl) : android::BpInterface<IThing>(impl) {}
};

enum class ByteEnum : int8_t { kFirst = -1, kSecond = 2 };
enum class IntEnum : int32_t { kFirst = -100000, kSecond = 70000 };
enum class LongEnum : int64_t { kFirst = -1, kSecond = 1LL << 40 };
