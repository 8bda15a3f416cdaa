// Owners of the C API's objects for C++: they release what they hold.
//
// Not thread-safe, as any value. Upstream:
// frameworks/native/libs/binder/ndk/include_cpp/android/binder_auto_utils.h.
#pragma once

#include <android/binder_ibinder.h>
#include <android/binder_internal_logging.h>
#include <android/binder_parcel.h>
#include <android/binder_status.h>
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <cstddef>
#include <string>
#include <utility>

namespace ndk {

// One strong reference to a binder, or null.
class SpAIBinder {
 public:
  SpAIBinder() = default;
  // Takes over one reference.
  explicit SpAIBinder(AIBinder* binder) : binder_(binder) {}
  SpAIBinder(std::nullptr_t) {}  // NOLINT(google-explicit-constructor): owns nothing
  SpAIBinder(const SpAIBinder& other) : binder_(other.binder_) { AIBinder_incStrong(binder_); }
  SpAIBinder(SpAIBinder&& other) noexcept : binder_(std::exchange(other.binder_, nullptr)) {}
  ~SpAIBinder() { set(nullptr); }

  SpAIBinder& operator=(const SpAIBinder& other) {
    if (this == &other) return *this;
    AIBinder_incStrong(other.binder_);
    set(other.binder_);
    return *this;
  }
  SpAIBinder& operator=(SpAIBinder&& other) noexcept {
    if (this != &other) set(std::exchange(other.binder_, nullptr));
    return *this;
  }

  // Takes over one reference and gives up the one it has.
  void set(AIBinder* binder) {
    AIBinder* old = std::exchange(binder_, binder);
    if (old != nullptr) AIBinder_decStrong(old);
  }
  // Borrowed.
  AIBinder* get() const { return binder_; }
  // For functions that return a binder with a reference by way of a pointer; use it while this is null.
  AIBinder** getR() { return &binder_; }

  bool operator==(const SpAIBinder& other) const { return get() == other.get(); }
  bool operator!=(const SpAIBinder& other) const { return get() != other.get(); }
  bool operator<(const SpAIBinder& other) const { return AIBinder_lt(get(), other.get()); }
  bool operator>(const SpAIBinder& other) const { return other < *this; }
  bool operator<=(const SpAIBinder& other) const { return !(other < *this); }
  bool operator>=(const SpAIBinder& other) const { return !(*this < other); }

 private:
  AIBinder* binder_ = nullptr;
};

namespace impl {

// Owns one T, which `Destroy` releases; kDefault is "none", and `Destroy` takes that as well.
template <typename T, void (*Destroy)(T), T kDefault>
class ScopedAResource {
 public:
  explicit ScopedAResource(T resource = kDefault) : resource_(resource) {}
  ~ScopedAResource() { set(kDefault); }
  ScopedAResource(const ScopedAResource&) = delete;
  ScopedAResource& operator=(const ScopedAResource&) = delete;
  ScopedAResource(ScopedAResource&& other) noexcept : resource_(other.release()) {}
  ScopedAResource& operator=(ScopedAResource&& other) noexcept {
    if (this != &other) set(other.release());
    return *this;
  }

  void set(T resource) { Destroy(std::exchange(resource_, resource)); }
  T get() const { return resource_; }
  [[nodiscard]] T release() { return std::exchange(resource_, kDefault); }
  // For functions that return an object by way of a pointer; use it while this has none.
  T* getR() { return &resource_; }

 private:
  T resource_;
};

}  // namespace impl

class ScopedAParcel : public impl::ScopedAResource<AParcel*, AParcel_delete, nullptr> {
 public:
  explicit ScopedAParcel(AParcel* parcel = nullptr) : ScopedAResource(parcel) {}

  bool operator==(const ScopedAParcel& other) const { return get() == other.get(); }
  bool operator!=(const ScopedAParcel& other) const { return get() != other.get(); }
  bool operator<(const ScopedAParcel& other) const { return get() < other.get(); }
  bool operator>(const ScopedAParcel& other) const { return get() > other.get(); }
  bool operator<=(const ScopedAParcel& other) const { return get() <= other.get(); }
  bool operator>=(const ScopedAParcel& other) const { return get() >= other.get(); }
};

// What methods of generated interfaces return. A default one is not a status (isOk() is false): return ok().
class ScopedAStatus : public impl::ScopedAResource<AStatus*, AStatus_delete, nullptr> {
 public:
  explicit ScopedAStatus(AStatus* status = nullptr) : ScopedAResource(status) {}

  bool isOk() const { return get() != nullptr && AStatus_isOk(get()); }
  binder_exception_t getExceptionCode() const { return AStatus_getExceptionCode(get()); }
  int32_t getServiceSpecificError() const { return AStatus_getServiceSpecificError(get()); }
  binder_status_t getStatus() const { return AStatus_getStatus(get()); }
  const char* getMessage() const { return AStatus_getMessage(get()); }
  std::string getDescription() const {
    const char* description = AStatus_getDescription(get());
    std::string result = description;
    AStatus_deleteDescription(description);
    return result;
  }

  static ScopedAStatus ok() { return ScopedAStatus(AStatus_newOk()); }
  static ScopedAStatus fromExceptionCode(binder_exception_t exception) {
    return ScopedAStatus(AStatus_fromExceptionCode(exception));
  }
  static ScopedAStatus fromExceptionCodeWithMessage(binder_exception_t exception, const char* message) {
    return ScopedAStatus(AStatus_fromExceptionCodeWithMessage(exception, message));
  }
  static ScopedAStatus fromServiceSpecificError(int32_t serviceSpecific) {
    return ScopedAStatus(AStatus_fromServiceSpecificError(serviceSpecific));
  }
  static ScopedAStatus fromServiceSpecificErrorWithMessage(int32_t serviceSpecific, const char* message) {
    return ScopedAStatus(AStatus_fromServiceSpecificErrorWithMessage(serviceSpecific, message));
  }
  static ScopedAStatus fromStatus(binder_status_t status) {
    return ScopedAStatus(AStatus_fromStatus(status));
  }
};

class ScopedAIBinder_DeathRecipient
    : public impl::ScopedAResource<AIBinder_DeathRecipient*, AIBinder_DeathRecipient_delete, nullptr> {
 public:
  explicit ScopedAIBinder_DeathRecipient(AIBinder_DeathRecipient* recipient = nullptr)
      : ScopedAResource(recipient) {}
};

class ScopedAIBinder_FrozenStateChangeCallback
    : public impl::ScopedAResource<AIBinder_FrozenStateChangeCallback*,
                                   AIBinder_FrozenStateChangeCallback_delete, nullptr> {
 public:
  explicit ScopedAIBinder_FrozenStateChangeCallback(AIBinder_FrozenStateChangeCallback* callback = nullptr)
      : ScopedAResource(callback) {}
};

class ScopedAIBinder_Weak : public impl::ScopedAResource<AIBinder_Weak*, AIBinder_Weak_delete, nullptr> {
 public:
  explicit ScopedAIBinder_Weak(AIBinder_Weak* weak = nullptr) : ScopedAResource(weak) {}

  // The object, or null if it has gone.
  SpAIBinder promote() const { return SpAIBinder(AIBinder_Weak_promote(get())); }

  bool operator<(const ScopedAIBinder_Weak& other) const { return AIBinder_Weak_lt(get(), other.get()); }
};

namespace internal {

inline void closeWithError(int fd) {
  if (fd != -1 && close(fd) != 0) {
    syslog(LOG_ERR, "Could not close FD %d: %s", fd, strerror(errno));
  }
}

}  // namespace internal

// A descriptor; -1 is none.
class ScopedFileDescriptor : public impl::ScopedAResource<int, internal::closeWithError, -1> {
 public:
  ScopedFileDescriptor() : ScopedFileDescriptor(-1) {}
  explicit ScopedFileDescriptor(int fd) : ScopedAResource(fd) {}

  // Another descriptor of the same open file; -1 if the process has too many.
  ScopedFileDescriptor dup() const { return ScopedFileDescriptor(::dup(get())); }

  bool operator==(const ScopedFileDescriptor& other) const { return get() == other.get(); }
  bool operator!=(const ScopedFileDescriptor& other) const { return get() != other.get(); }
  bool operator<(const ScopedFileDescriptor& other) const { return get() < other.get(); }
  bool operator>(const ScopedFileDescriptor& other) const { return get() > other.get(); }
  bool operator<=(const ScopedFileDescriptor& other) const { return get() <= other.get(); }
  bool operator>=(const ScopedFileDescriptor& other) const { return get() >= other.get(); }
};

}  // namespace ndk
