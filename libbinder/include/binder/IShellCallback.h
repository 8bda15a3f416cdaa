// com.android.internal.os.IShellCallback: how a service that runs a shell command opens files as its caller.
#pragma once

#include <binder/IInterface.h>

namespace android {

class IShellCallback : public IInterface {
 public:
  DECLARE_META_INTERFACE(ShellCallback)

  // A descriptor that the caller owns, or a negative error.
  virtual int openFile(const String16& path, const String16& seLinuxContext, const String16& mode) = 0;

  enum { OP_OPEN_OUTPUT_FILE = IBinder::FIRST_CALL_TRANSACTION };
};

class BnShellCallback : public BnInterface<IShellCallback> {
 public:
  status_t onTransact(uint32_t code, const Parcel& data, Parcel* reply, uint32_t flags = 0) override;
};

}  // namespace android
