#include "corpus_echo.h"
#include "test/aidl/extras.h"

namespace cuse_binder::test::aidl_corpus {

android::sp<android::IBinder> make_extras(Digests& digests) {
  return android::sp<android::IBinder>(new ExtrasEcho(digests));
}

void call_extras(Caller& caller, const android::sp<android::IBinder>& object) {
  const auto extras = android::checked_interface_cast<newer::IExtras>(object);
  if (extras == nullptr) throw std::runtime_error("these are no extras");
  call_all(caller, *extras);
  // Through a delegator, which passes every call on.
  const android::sp<newer::IExtrasDelegator> delegator(new newer::IExtrasDelegator(extras));
  call_all(caller, static_cast<newer::IExtras&>(*delegator));
}

}  // namespace cuse_binder::test::aidl_corpus
