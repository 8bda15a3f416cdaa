#include "device/driver_device.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdlib>

#include "cuse_binder/device/binder_device.h"

namespace android::internal {
namespace {

class FileDevice final : public DriverDevice {
 public:
  FileDevice(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}

  ~FileDevice() override {
    if (area_ != MAP_FAILED) binder_device_unmap(area_, area_size_);
    close();
  }

  status_t ioctl(unsigned long request, void* argument) override {
    return ::ioctl(fd_.load(std::memory_order_relaxed), request, argument) < 0 ? -errno : 0;
  }

  status_t map(size_t size) override {
    area_ = binder_device_map(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_NORESERVE, fd_, 0);
    area_size_ = size;
    return area_ == MAP_FAILED ? -errno : 0;
  }

  int pollDescriptor() const override { return fd_; }

  bool hasFeature(const std::string& name) const override {
    char resolved[PATH_MAX];
    if (realpath(path_.c_str(), resolved) != nullptr) {
      const std::string directory = std::string(resolved, std::string(resolved).rfind('/') + 1) + "features";
      if (access(directory.c_str(), F_OK) == 0) return isOn(directory + "/" + name);
    }
    if (isOn("/dev/binderfs/features/" + name)) return true;
    // A character device of binderd has no directory, but tells by this request that it is one: they have
    // them all.
    cuse_binder_area_offer offer;
    return ::ioctl(fd_, CUSE_BINDER_OFFER_AREA, &offer) == 0;
  }

  bool hasSecurityContexts() const override {
    static const bool offered = [] {
      const int file = ::open("/proc/self/attr/current", O_RDONLY | O_CLOEXEC);
      if (file < 0) return false;
      char label;
      const bool has_label = read(file, &label, 1) == 1;
      ::close(file);
      return has_label;
    }();
    return offered;
  }

  void close() override {
    const int fd = fd_.exchange(-1);
    if (fd >= 0) binder_device_close(fd);
  }

 private:
  static bool isOn(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return false;
    char value = '0';
    const bool read_it = read(file, &value, 1) == 1;
    ::close(file);
    return read_it && value == '1';
  }

  const std::string path_;
  std::atomic<int> fd_;
  void* area_ = MAP_FAILED;
  size_t area_size_ = 0;
};

}  // namespace

std::unique_ptr<DriverDevice> DriverDevice::open(const std::string& path) {
  const int fd = binder_device_open(path.c_str(), 0);
  if (fd < 0) return nullptr;
  return std::make_unique<FileDevice>(path, fd);
}

}  // namespace android::internal
