// What only a newer compiler has; extras_none.cpp is for the older one.
#pragma once

#include "test/aidl/echo.h"

namespace cuse_binder::test::aidl_corpus {

android::sp<android::IBinder> make_extras(Digests& digests);
void call_extras(Caller& caller, const android::sp<android::IBinder>& object);

}  // namespace cuse_binder::test::aidl_corpus
