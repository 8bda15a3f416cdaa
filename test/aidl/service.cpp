#include "test/aidl/service.h"

#include "test/aidl/extras.h"

namespace cuse_binder::test::aidl_corpus {

using android::IBinder;
using android::sp;
using android::String16;

CorpusService::CorpusService()
    : values_(new ValuesEcho(digests_)),
      objects_(new ObjectsEcho(digests_)),
      parcelables_(new ParcelablesEcho(digests_)),
      oneways_(new OnewayEcho(digests_)),
      mixed_(new MixedEcho(digests_)),
      extras_(make_extras(digests_)) {}

Status CorpusService::values(sp<corpus::IValues>* result) {
  *result = values_;
  return Status::ok();
}

Status CorpusService::objects(sp<corpus::IObjects>* result) {
  *result = objects_;
  return Status::ok();
}

Status CorpusService::parcelables(sp<corpus::IParcelables>* result) {
  *result = parcelables_;
  return Status::ok();
}

Status CorpusService::oneways(sp<corpus::IOneway>* result) {
  *result = oneways_;
  return Status::ok();
}

Status CorpusService::mixed(sp<corpus::IMixed>* result) {
  *result = mixed_;
  return Status::ok();
}

Status CorpusService::extras(sp<IBinder>* result) {
  *result = extras_;
  return Status::ok();
}

Status CorpusService::nextDigest(std::int64_t* result) {
  *result = static_cast<std::int64_t>(digests_.take());
  return Status::ok();
}

Status CorpusService::fail(std::int32_t exception, std::int32_t code, const std::string& message,
                           std::int32_t* result) {
  *result = 1;
  if (exception == Status::EX_SERVICE_SPECIFIC)
    return Status::fromServiceSpecificError(code, message.c_str());
  if (exception == Status::EX_TRANSACTION_FAILED) return Status::fromStatusT(code);
  return Status::fromExceptionCode(exception, message.c_str());
}

Status CorpusService::needed(const String16& value, const sp<IBinder>&, String16* result) {
  *result = value;
  return Status::ok();
}

Status CorpusService::observe(const sp<corpus::IObserver>& observer, std::int32_t times) {
  for (std::int32_t i = 0; i < times; ++i) {
    if (const Status status = observer->happened(i, "number " + std::to_string(i)); !status.isOk())
      return status;
  }
  return Status::ok();
}

Status CorpusService::depth(const sp<corpus::ICorpus>& other, std::int32_t down, std::int32_t* result) {
  *result = 0;
  if (down == 0) return Status::ok();
  std::int32_t below = 0;
  const Status status = other->depth(sp<corpus::ICorpus>(this), down - 1, &below);
  *result = below + 1;
  return status;
}

}  // namespace cuse_binder::test::aidl_corpus
