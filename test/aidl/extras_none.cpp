#include "test/aidl/extras.h"

namespace cuse_binder::test::aidl_corpus {

android::sp<android::IBinder> make_extras(Digests&) {
  return android::sp<android::IBinder>(new Token(0));
}

void call_extras(Caller&, const android::sp<android::IBinder>&) {}

}  // namespace cuse_binder::test::aidl_corpus
