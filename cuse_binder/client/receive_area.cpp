#include "cuse_binder/client/receive_area.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/interprocess/mapped_region.hpp>
#include <cerrno>
#include <string>

#include "cuse_binder/base/check.h"

namespace cuse_binder::client {
namespace {

#ifndef MFD_NOEXEC_SEAL  // Linux 6.3
constexpr unsigned kNoExecSeal = 0x8;
#else
constexpr unsigned kNoExecSeal = MFD_NOEXEC_SEAL;
#endif

// Not F_SEAL_FUTURE_WRITE, although nobody but us is to write: it forbids punching holes, even to us and
// through the mapping (both give EPERM), and pages of freed buffers must go back to the system. It would
// protect nothing either: clients reach this memory through a device file whose writes go to the daemon, and
// a client that manages to map its own area writable harms only what it reads itself, because no decision of
// the daemon is based on bytes it has published.
constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

// What mapped_region needs to know of a descriptor; it duplicates nothing and closes nothing.
class MappableFd {
 public:
  explicit MappableFd(int fd) : fd_(fd) {}
  boost::interprocess::mapping_handle_t get_mapping_handle() const {
    return boost::interprocess::ipcdetail::mapping_handle_from_file_handle(fd_);
  }
  boost::interprocess::mode_t get_mode() const { return boost::interprocess::read_write; }

 private:
  int fd_;
};

int create_memfd() {
  const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  const int fd = memfd_create("binder", flags | kNoExecSeal);
  return fd < 0 && errno == EINVAL ? memfd_create("binder", flags) : fd;
}

std::size_t page_size() {
  static const auto size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return size;
}

}  // namespace

base::Result<std::unique_ptr<ReceiveArea>> ReceiveArea::create() {
  base::UniqueFd memfd(create_memfd());
  if (!memfd) return base::Errno{errno};
  if (ftruncate(memfd.get(), kMaxSize) != 0) return base::Errno{errno};
  try {
    auto region = std::make_unique<boost::interprocess::mapped_region>(
        MappableFd(memfd.get()), boost::interprocess::read_write, 0, kMaxSize);
    if (fcntl(memfd.get(), F_ADD_SEALS, kSeals) != 0) return base::Errno{errno};
    return std::unique_ptr<ReceiveArea>(new ReceiveArea(std::move(memfd), std::move(region)));
  } catch (const boost::interprocess::interprocess_exception& failure) {
    return base::Errno{failure.get_native_error() > 0 ? failure.get_native_error() : ENOMEM};
  } catch (const std::bad_alloc&) {
    return base::Errno{ENOMEM};
  }
}

ReceiveArea::ReceiveArea(base::UniqueFd memfd, std::unique_ptr<boost::interprocess::mapped_region> region)
    : memfd_(std::move(memfd)),
      region_(std::move(region)),
      data_(static_cast<std::byte*>(region_->get_address())) {}

ReceiveArea::~ReceiveArea() = default;

base::Result<base::UniqueFd> ReceiveArea::open_read_only() const {
  // A memfd's mode lets everybody in who gets hold of it: through /proc/self/fd it could be opened anew.
  if (fchmod(memfd_.get(), 0400) != 0) return base::Errno{errno};
  const std::string path = "/proc/self/fd/" + std::to_string(memfd_.get());
  base::UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return base::Errno{errno};
  return fd;
}

void ReceiveArea::discard(std::size_t offset, std::size_t size) noexcept {
  const std::size_t page = page_size();
  CB_CHECK(offset <= kMaxSize && size <= kMaxSize - offset);
  const std::size_t begin = (offset + page - 1) / page * page;
  const std::size_t end = (offset + size) / page * page;
  if (begin >= end) return;
  // The hole vanishes from every mapping at once, ours and the client's.
  CB_CHECK(fallocate(memfd_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(begin),
                     static_cast<off_t>(end - begin)) == 0 ||
           errno == EINTR || errno == ENOMEM);
}

}  // namespace cuse_binder::client
