// The types of libbinder among the values.
#pragma once

#include <android-base/unique_fd.h>
#include <binder/IInterface.h>
#include <binder/ParcelFileDescriptor.h>
#include <corpus/BnToken.h>
#include <utils/String16.h>

#include "test/aidl/values.h"

#if __has_include(<newer/Held.h>)  // made by the newer compiler only
#include <binder/ParcelableHolder.h>
#include <newer/Held.h>
#endif

namespace cuse_binder::test::aidl_corpus {

class Token : public corpus::BnToken {
 public:
  explicit Token(std::uint64_t identity) : identity_(static_cast<std::int64_t>(identity)) {}
  android::binder::Status identity(std::int64_t* result) override {
    *result = identity_;
    return android::binder::Status::ok();
  }

 private:
  const std::int64_t identity_;
};

template <>
struct Value<android::sp<android::IBinder>> {
  static android::sp<android::IBinder> make(Random& random, bool nullable) {
    if (nullable && random.one_in(4)) return nullptr;
    return android::sp<android::IBinder>(new Token(random.next()));
  }
  // A binder is who it says to be: this calls it.
  static void add(Digest& digest, const android::sp<android::IBinder>& value) {
    if (value == nullptr) return digest.add_number(0);
    std::int64_t identity = 0;
    const auto status = android::interface_cast<corpus::IToken>(value)->identity(&identity);
    digest.add_number(status.isOk() ? 1 : 2);
    digest.add_number(static_cast<std::uint64_t>(identity));
  }
};

template <typename T>
requires std::is_base_of_v<corpus::IToken, T>
struct Value<android::sp<T>> {
  using Binder = Value<android::sp<android::IBinder>>;

  static android::sp<T> make(Random& random, bool nullable) {
    return android::interface_cast<T>(Binder::make(random, nullable));
  }
  static void add(Digest& digest, const android::sp<T>& value) {
    Binder::add(digest, android::IInterface::asBinder(value));
  }
};

template <>
struct Value<android::String16> {
  // Any 16 bit numbers: surrogates without their partner, and zeros.
  static android::String16 make(Random& random, bool) {
    const std::size_t length = random.length(2);
    std::u16string text;
    for (std::size_t i = 0; i < length; ++i) text += Value<char16_t>::make(random, false);
    return android::String16(text.data(), text.size());
  }
  static void add(Digest& digest, const android::String16& value) {
    digest.add_number(value.size());
    digest.add(static_cast<const char16_t*>(value), value.size() * sizeof(char16_t));
  }
};

template <>
struct Value<android::base::unique_fd> {
  static android::base::unique_fd make(Random& random, bool) {
    return android::base::unique_fd(make_file(random));
  }
  static void add(Digest& digest, const android::base::unique_fd& value) { add_file(digest, value.get()); }
};

template <>
struct Value<android::os::ParcelFileDescriptor> {
  using File = Value<android::base::unique_fd>;

  static android::os::ParcelFileDescriptor make(Random& random, bool) {
    return android::os::ParcelFileDescriptor(File::make(random, false));
  }
  static void add(Digest& digest, const android::os::ParcelFileDescriptor& value) {
    add_file(digest, value.get());
  }
};

#if __has_include(<newer/Held.h>)
template <>
struct Value<android::os::ParcelableHolder> {
  // Empty or with a Held in it.
  static android::os::ParcelableHolder make(Random& random, bool) {
    android::os::ParcelableHolder holder(android::Parcelable::Stability::STABILITY_LOCAL);
    if (random.one_in(3)) return holder;
    newer::Held held;
    held.text = Value<std::string>::make(random, false);
    held.numbers = Value<std::vector<std::int64_t>>::make(random, false);
    holder.setParcelable(std::move(held));
    return holder;
  }
  static void add(Digest& digest, const android::os::ParcelableHolder& value) {
    std::shared_ptr<newer::Held> held;
    digest.add_number(static_cast<std::uint64_t>(value.getParcelable(&held)));
    digest.add_number(held != nullptr ? 1 : 0);
    if (held == nullptr) return;
    Value<std::string>::add(digest, held->text);
    Value<std::vector<std::int64_t>>::add(digest, held->numbers);
  }
};
#endif

}  // namespace cuse_binder::test::aidl_corpus
