// From this API to libbinder's C++ API and back. C++ only.
//
// The same object on both sides: going there and back gives the same pointer. Calls to a local object of the
// other side go through parcels. Upstream:
// frameworks/native/libs/binder/ndk/include_platform/android/binder_libbinder.h.
#pragma once

#include <android/binder_ibinder.h>
#include <android/binder_parcel.h>
#include <binder/IBinder.h>
#include <binder/Parcel.h>

// Null for null.
android::sp<android::IBinder> AIBinder_toPlatformBinder(AIBinder* binder);
// One reference goes to the caller; null for null.
AIBinder* AIBinder_fromPlatformBinder(const android::sp<android::IBinder>& binder);

// The parcel inside; valid as long as the AParcel.
android::Parcel* AParcel_viewPlatformParcel(AParcel* parcel);
const android::Parcel* AParcel_viewPlatformParcel(const AParcel* parcel);
