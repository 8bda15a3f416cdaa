#include "test/aidl/client.h"

#include <cstdlib>

#include "corpus_echo.h"
#include "test/aidl/extras.h"

namespace cuse_binder::test::aidl_corpus {
namespace {

template <typename Interface>
android::sp<Interface> part(const android::sp<corpus::ICorpus>& service,
                            Status (corpus::ICorpus::*get)(android::sp<Interface>*)) {
  android::sp<Interface> result;
  const Status status = (*service.get().*get)(&result);
  if (!status.isOk() || result == nullptr) throw std::runtime_error("a part of the corpus is missing");
  return result;
}

}  // namespace

std::uint64_t seed() {
  const char* const text = std::getenv("CUSE_BINDER_AIDL_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 0) : 20;
}

int call_everything(const android::sp<corpus::ICorpus>& service, std::uint64_t seed, int rounds,
                    const std::string& skipped) {
  Caller caller(seed, rounds, [&] {
    std::int64_t digest = 0;
    if (!service->nextDigest(&digest).isOk()) throw std::runtime_error("nextDigest() failed");
    return static_cast<std::uint64_t>(digest);
  });
  caller.skip(skipped);
  call_all(caller, *part(service, &corpus::ICorpus::values));
  call_all(caller, *part(service, &corpus::ICorpus::objects));
  call_all(caller, *part(service, &corpus::ICorpus::parcelables));
  call_all(caller, *part(service, &corpus::ICorpus::oneways));
  call_all(caller, *part(service, &corpus::ICorpus::mixed));
  call_extras(caller, part(service, &corpus::ICorpus::extras));
  return caller.methods();
}

}  // namespace cuse_binder::test::aidl_corpus
