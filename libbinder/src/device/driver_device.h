// The device: all that libbinder does with it. A path may be a binder file of a mount of ours, a character
// device of ours, or the kernel's; nobody above this class knows.
#pragma once

#include <sys/types.h>
#include <utils/Errors.h>

#include <cstddef>
#include <memory>
#include <string>

namespace android::internal {

class DriverDevice {
 public:
  virtual ~DriverDevice() = default;

  // Null and errno if it cannot be opened.
  static std::unique_ptr<DriverDevice> open(const std::string& path);

  // 0 or a negative errno. Thread-safe.
  virtual status_t ioctl(unsigned long request, void* argument) = 0;
  // Maps the area in which this process receives, of so many bytes. It stays until the end. 0 or a negative
  // errno.
  virtual status_t map(size_t size) = 0;
  // Becomes readable when the driver has something for the calling thread. Borrowed.
  virtual int pollDescriptor() const = 0;
  // Whether the driver says that it has a feature, named as in binderfs's directory `features`.
  virtual bool hasFeature(const std::string& name) const = 0;
  // Whether the driver can say under which security context a caller runs. Without a security module every
  // call of a binder that asks for it would fail (drivers/android/binder.c: security_secid_to_secctx).
  virtual bool hasSecurityContexts() const = 0;
  // Ends the conversation; calls in other threads fail with EBADF from then on.
  virtual void close() = 0;
};

}  // namespace android::internal
