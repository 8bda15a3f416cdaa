// android::os::ParcelFileDescriptor: a file descriptor with an owner, as a parcelable (Java's class of this
// name). Not copyable, not thread-safe.
#pragma once

#include <android-base/unique_fd.h>
#include <binder/Parcel.h>
#include <binder/Parcelable.h>

#include <utility>

namespace android {
namespace os {

class ParcelFileDescriptor : public android::Parcelable {
 public:
  ParcelFileDescriptor() = default;
  // Takes the descriptor over.
  explicit ParcelFileDescriptor(int fd) : fd_(fd) {}
  explicit ParcelFileDescriptor(base::unique_fd fd) : fd_(std::move(fd)) {}
  ParcelFileDescriptor(ParcelFileDescriptor&& other) noexcept : fd_(std::move(other.fd_)) {}
  ParcelFileDescriptor& operator=(ParcelFileDescriptor&& other) noexcept {
    fd_ = std::move(other.fd_);
    return *this;
  }
  ~ParcelFileDescriptor() override = default;

  int get() const { return fd_.get(); }  // borrowed; -1: none
  base::unique_fd release() { return std::move(fd_); }
  void reset(base::unique_fd fd = base::unique_fd()) { fd_ = std::move(fd); }

  // A duplicate travels. BAD_VALUE and the like for none.
  status_t writeToParcel(Parcel* parcel) const override;
  status_t readFromParcel(const Parcel* parcel) override;

  // By number; for containers.
  bool operator==(const ParcelFileDescriptor& rhs) const { return get() == rhs.get(); }
  bool operator!=(const ParcelFileDescriptor& rhs) const { return get() != rhs.get(); }
  bool operator<(const ParcelFileDescriptor& rhs) const { return get() < rhs.get(); }
  bool operator<=(const ParcelFileDescriptor& rhs) const { return get() <= rhs.get(); }
  bool operator>(const ParcelFileDescriptor& rhs) const { return get() > rhs.get(); }
  bool operator>=(const ParcelFileDescriptor& rhs) const { return get() >= rhs.get(); }

 private:
  base::unique_fd fd_;
};

}  // namespace os
}  // namespace android
