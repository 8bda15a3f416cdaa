// Lengths of arrays in parcels: written and read with all checks.
#pragma once

#include <android/binder_parcel.h>

#include "parcel.h"

namespace cuse_binder::ndk {

// -1 is a null array, which must go with a null pointer.
binder_status_t write_array_length(AParcel* parcel, bool is_null, int32_t length);

// A length of -1 or more whose elements, of `element_size` bytes at least, can be in the parcel. Nobody is
// asked for room on the word of a number that cannot be true.
binder_status_t read_array_length(const AParcel* parcel, size_t element_size, int32_t* length);

}  // namespace cuse_binder::ndk
