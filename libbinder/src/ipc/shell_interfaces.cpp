// The two interfaces that shell commands use. Their wire format is handwritten in AOSP too.
#include <binder/IResultReceiver.h>
#include <binder/IShellCallback.h>
#include <binder/Parcel.h>
#include <fcntl.h>
#include <utils/String8.h>

namespace android {

class BpResultReceiver : public BpInterface<IResultReceiver> {
 public:
  explicit BpResultReceiver(const sp<IBinder>& impl) : BpInterface<IResultReceiver>(impl) {}

  void send(int32_t resultCode) override {
    Parcel data;
    data.markForBinder(remoteStrong());
    data.writeInterfaceToken(IResultReceiver::getInterfaceDescriptor());
    data.writeInt32(resultCode);
    data.writeInt32(0);  // no bundle
    remote()->transact(OP_SEND, data, nullptr, IBinder::FLAG_ONEWAY);
  }
};

IMPLEMENT_META_INTERFACE(ResultReceiver, "com.android.internal.os.IResultReceiver")

status_t BnResultReceiver::onTransact(uint32_t code, const Parcel& data, Parcel* reply, uint32_t flags) {
  if (code != OP_SEND) return BBinder::onTransact(code, data, reply, flags);
  CHECK_INTERFACE(IResultReceiver, data, reply);
  int32_t result = 0;
  if (const status_t status = data.readInt32(&result); status != OK) return status;
  send(result);
  if (reply != nullptr) reply->writeNoException();
  return OK;
}

class BpShellCallback : public BpInterface<IShellCallback> {
 public:
  explicit BpShellCallback(const sp<IBinder>& impl) : BpInterface<IShellCallback>(impl) {}

  int openFile(const String16& path, const String16& seLinuxContext, const String16& mode) override {
    Parcel data;
    Parcel reply;
    data.markForBinder(remoteStrong());
    data.writeInterfaceToken(IShellCallback::getInterfaceDescriptor());
    data.writeString16(path);
    data.writeString16(seLinuxContext);
    data.writeString16(mode);
    if (const status_t status = remote()->transact(OP_OPEN_OUTPUT_FILE, data, &reply); status != OK)
      return status;
    if (reply.readExceptionCode() != 0) return -1;
    if (reply.readInt32() == 0) return -1;  // null
    const int fd = reply.readParcelFileDescriptor();
    return fd < 0 ? fd : fcntl(fd, F_DUPFD_CLOEXEC, 0);
  }
};

IMPLEMENT_META_INTERFACE(ShellCallback, "com.android.internal.os.IShellCallback")

status_t BnShellCallback::onTransact(uint32_t code, const Parcel& data, Parcel* reply, uint32_t flags) {
  if (code != OP_OPEN_OUTPUT_FILE) return BBinder::onTransact(code, data, reply, flags);
  CHECK_INTERFACE(IShellCallback, data, reply);
  String16 path;
  String16 context;
  String16 mode;
  for (String16* const word : {&path, &context, &mode}) {
    if (const status_t status = data.readString16(word); status != OK) return status;
  }
  const int fd = openFile(path, context, mode);
  if (reply == nullptr) return OK;
  reply->writeNoException();
  if (fd < 0) return reply->writeInt32(0);
  reply->writeInt32(1);
  return reply->writeParcelFileDescriptor(fd, true);
}

}  // namespace android
