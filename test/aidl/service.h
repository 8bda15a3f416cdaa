// The service whose methods are all of the corpus.
#pragma once

#include <corpus/BnCorpus.h>

#include "corpus_echo.h"

namespace cuse_binder::test::aidl_corpus {

class CorpusService : public corpus::BnCorpus {
 public:
  CorpusService();

  Status values(android::sp<corpus::IValues>* result) override;
  Status objects(android::sp<corpus::IObjects>* result) override;
  Status parcelables(android::sp<corpus::IParcelables>* result) override;
  Status oneways(android::sp<corpus::IOneway>* result) override;
  Status mixed(android::sp<corpus::IMixed>* result) override;
  Status extras(android::sp<android::IBinder>* result) override;
  Status nextDigest(std::int64_t* result) override;
  Status fail(std::int32_t exception, std::int32_t code, const std::string& message,
              std::int32_t* result) override;
  Status needed(const android::String16& value, const android::sp<android::IBinder>& binder,
                android::String16* result) override;
  Status observe(const android::sp<corpus::IObserver>& observer, std::int32_t times) override;
  Status depth(const android::sp<corpus::ICorpus>& other, std::int32_t down, std::int32_t* result) override;

 private:
  Digests digests_;
  const android::sp<corpus::IValues> values_;
  const android::sp<corpus::IObjects> objects_;
  const android::sp<corpus::IParcelables> parcelables_;
  const android::sp<corpus::IOneway> oneways_;
  const android::sp<corpus::IMixed> mixed_;
  const android::sp<android::IBinder> extras_;
};

}  // namespace cuse_binder::test::aidl_corpus
