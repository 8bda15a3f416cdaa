// What the platform's own code may ask of a parcel besides binder_parcel.h.
//
// Upstream: frameworks/native/libs/binder/ndk/include_platform/android/binder_parcel_platform.h.
#pragma once

#include <android/binder_parcel.h>

__BEGIN_DECLS

// False if AParcel_writeParcelFileDescriptor() would fail with STATUS_FDS_NOT_ALLOWED.
bool AParcel_getAllowFds(const AParcel* parcel);

// The memory of this parcel is zeroed before it is freed. For transactions with FLAG_CLEAR_BUF; their replies
// are marked by themselves.
void AParcel_markSensitive(const AParcel* parcel) __INTRODUCED_IN(31);

__END_DECLS
