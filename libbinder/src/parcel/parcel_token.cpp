// Parcel: what a transaction begins with (the interface token) and what a reply begins with.
//
// The token carries two things of the calling thread to the thread that serves the call: the strict mode
// policy and the uid on whose account the work is done. A process that has not opened a device has no such
// state: it writes the defaults and keeps nothing, so that parcels can be used without a device.
#include <binder/IPCThreadState.h>
#include <binder/Parcel.h>
#include <binder/Status.h>
#include <binder/WireDialect.h>
#include <log/log.h>
#include <utils/String8.h>

#include <cinttypes>

namespace android {

using internal::getWireDialect;
using internal::WireDialect;

namespace {

// StrictMode.PENALTY_GATHER of Java: violations are to be collected in the reply. Native code does not, but
// always says so.
int32_t strictModeGather() {
  return getWireDialect() >= WireDialect::kAndroid10 ? INT32_MIN : 0x40 << 16;
}
constexpr int32_t kHeader = B_PACK_CHARS('S', 'Y', 'S', 'T');

IPCThreadState* threadStateOrNull() {
  if (IPCThreadState* const thread = IPCThreadState::selfOrNull(); thread != nullptr) return thread;
  return ProcessState::selfOrNull() != nullptr ? IPCThreadState::self() : nullptr;
}

}  // namespace

void Parcel::updateWorkSourceRequestHeaderPosition() const {
  if (request_header_present_) return;  // the first token counts
  work_source_position_ = data_pos_;
  request_header_present_ = true;
}

status_t Parcel::writeInterfaceToken(const String16& interface) {
  return writeInterfaceToken(static_cast<const char16_t*>(interface), interface.size());
}

status_t Parcel::writeInterfaceToken(const char16_t* str, size_t len) {
  const IPCThreadState* thread = threadStateOrNull();
  const int32_t policy = thread != nullptr ? thread->getStrictModePolicy() : 0;
  status_t status = writeInt32(policy | strictModeGather());
  if (status != OK) return status;
  if (getWireDialect() >= WireDialect::kAndroid10) {
    updateWorkSourceRequestHeaderPosition();
    const uid_t uid = thread != nullptr && thread->shouldPropagateWorkSource()
                          ? thread->getCallingWorkSourceUid()
                          : IPCThreadState::kUnsetWorkSource;
    if (status = writeInt32(static_cast<int32_t>(uid)); status != OK) return status;
  }
  if (getWireDialect() >= WireDialect::kAndroid11) {
    if (status = writeInt32(kHeader); status != OK) return status;
  }
  return writeString16(str, len);
}

bool Parcel::enforceInterface(const String16& interface, IPCThreadState* threadState) const {
  return enforceInterface(static_cast<const char16_t*>(interface), interface.size(), threadState);
}

bool Parcel::enforceInterface(const char16_t* interface, size_t len, IPCThreadState* threadState) const {
  IPCThreadState* thread = threadState != nullptr ? threadState : threadStateOrNull();
  const int32_t policy = readInt32();
  if (thread != nullptr) {
    // Nobody waits for a oneway call: no violation can be reported.
    const bool oneway = (thread->getLastTransactionBinderFlags() & IBinder::FLAG_ONEWAY) != 0;
    thread->setStrictModePolicy(oneway ? 0 : policy);
  }
  if (getWireDialect() >= WireDialect::kAndroid10) {
    updateWorkSourceRequestHeaderPosition();
    const auto uid = static_cast<uid_t>(readInt32());
    if (thread != nullptr) thread->setCallingWorkSourceUidWithoutPropagation(uid);
  }
  if (getWireDialect() >= WireDialect::kAndroid11) {
    const int32_t header = readInt32();
    if (header != kHeader && !service_fuzzing_) {
      ALOGE("Parcel: interface token with header %#x instead of %#x", static_cast<unsigned>(header),
            static_cast<unsigned>(kHeader));
      return false;
    }
  }
  size_t length = 0;
  const char16_t* descriptor = readString16Inplace(&length);
  const bool same = descriptor != nullptr && length == len &&
                    (len == 0 || memcmp(descriptor, interface, len * sizeof(char16_t)) == 0);
  if (same || service_fuzzing_) return true;
  ALOGW("Parcel: call of interface '%s' where '%s' is expected",
        descriptor != nullptr ? String8(descriptor, length).c_str() : "", String8(interface, len).c_str());
  return false;
}

bool Parcel::checkInterface(IBinder* binder) const {
  return enforceInterface(binder->getInterfaceDescriptor());
}

bool Parcel::replaceCallingWorkSourceUid(uid_t uid) {
  if (!request_header_present_) return false;
  const size_t position = data_pos_;
  setDataPosition(work_source_position_);
  const status_t status = writeInt32(static_cast<int32_t>(uid));
  setDataPosition(position);
  return status == OK;
}

uid_t Parcel::readCallingWorkSourceUid() const {
  if (!request_header_present_) return IPCThreadState::kUnsetWorkSource;
  const size_t position = data_pos_;
  setDataPosition(work_source_position_);
  const auto uid = static_cast<uid_t>(readInt32());
  setDataPosition(position);
  return uid;
}

void Parcel::setEnforceNoDataAvail(bool enforceNoDataAvail) {
  enforce_no_data_avail_ = enforceNoDataAvail;
}

binder::Status Parcel::enforceNoDataAvail() const {
  const size_t left = dataAvail();
  if (!enforce_no_data_avail_ || left == 0) return binder::Status::ok();
  return binder::Status::fromExceptionCode(
      binder::Status::EX_BAD_PARCELABLE,
      String8::format("Parcel data not fully consumed, unread size: %zu", left));
}

status_t Parcel::writeNoException() {
  return binder::Status().writeToParcel(this);
}

int32_t Parcel::readExceptionCode() const {
  binder::Status status;
  status.readFromParcel(*this);
  return status.exceptionCode();
}

}  // namespace android
