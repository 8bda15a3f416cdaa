// A local binder whose calls a test answers in place.
#pragma once

#include <binder/Binder.h>
#include <binder/Parcel.h>

#include <functional>

namespace cuse_binder::test {

class LambdaBinder : public android::BBinder {
 public:
  using Body =
      std::function<android::status_t(uint32_t code, const android::Parcel& data, android::Parcel* reply)>;

  explicit LambdaBinder(Body body, std::function<void()> on_end = nullptr)
      : body_(std::move(body)), on_end_(std::move(on_end)) {}
  ~LambdaBinder() override {
    if (on_end_) on_end_();
  }

  const android::String16& getInterfaceDescriptor() const override {
    static const android::String16 descriptor("test.ILambda");
    return descriptor;
  }

 protected:
  android::status_t onTransact(uint32_t code, const android::Parcel& data, android::Parcel* reply,
                               uint32_t flags) override {
    if (code < FIRST_CALL_TRANSACTION || code > LAST_CALL_TRANSACTION) {
      return BBinder::onTransact(code, data, reply, flags);
    }
    return body_(code, data, reply);
  }

 private:
  const Body body_;
  const std::function<void()> on_end_;
};

inline android::sp<LambdaBinder> make_binder(LambdaBinder::Body body,
                                             std::function<void()> on_end = nullptr) {
  return new LambdaBinder(std::move(body), std::move(on_end));
}

// One that is only there.
inline android::sp<LambdaBinder> make_binder(std::function<void()> on_end = nullptr) {
  return make_binder([](uint32_t, const android::Parcel&, android::Parcel*) { return android::OK; },
                     std::move(on_end));
}

}  // namespace cuse_binder::test
