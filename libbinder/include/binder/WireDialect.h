// Which Android's layout this process speaks, where they differ: the interface token and what follows a
// binder.
//
//   since        token before the descriptor                         after a binder
//   Android 9    strict mode                                         -
//   Android 10   strict mode, work source                            -
//   Android 11   strict mode, work source, 'SYST'                    stability level, one word
//   Android 12   the same                                            {version 1, 0, 0, level}, four bytes
//   Android 13   the same                                            stability level, one word
//
// A property of the whole process, to be set before the first Parcel is written: both ends of a device must
// speak the same. An extension of this library; AOSP fixes it when it is built.
#pragma once

namespace android {
namespace internal {

enum class WireDialect { kAndroid9 = 9, kAndroid10, kAndroid11, kAndroid12, kAndroid13 };
inline constexpr WireDialect kNewestWireDialect = WireDialect::kAndroid13;

WireDialect getWireDialect();  // kNewestWireDialect at first
void setWireDialect(WireDialect dialect);

}  // namespace internal
}  // namespace android
