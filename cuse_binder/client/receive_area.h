// The memory in which one client receives: a memfd that the daemon maps writable and the client read-only.
//
// One per open device file. The memfd is as large as the largest usable mapping (4 MiB) and sparse: it costs
// what was touched. Its size is sealed so that no holder can make our accesses fault.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "cuse_binder/base/result.h"
#include "cuse_binder/base/unique_fd.h"

namespace boost::interprocess {
class mapped_region;
}

namespace cuse_binder::client {

class ReceiveArea {
 public:
  static constexpr std::size_t kMaxSize = 4u << 20;  // drivers/android/binder_alloc.c: SZ_4M

  static base::Result<std::unique_ptr<ReceiveArea>> create();
  ~ReceiveArea();

  int fd() const { return memfd_.get(); }  // borrowed
  // Another open file of the memory, which cannot be mapped for writing and, by who is neither its owner nor
  // root, not be opened for it again. For giving away.
  base::Result<base::UniqueFd> open_read_only() const;
  std::byte* data() const { return data_; }
  std::size_t size() const { return kMaxSize; }

  // Gives the pages that lie wholly inside [offset, offset + size) back to the system; they read as zero
  // afterwards.
  void discard(std::size_t offset, std::size_t size) noexcept;

 private:
  ReceiveArea(base::UniqueFd memfd, std::unique_ptr<boost::interprocess::mapped_region> region);

  base::UniqueFd memfd_;
  std::unique_ptr<boost::interprocess::mapped_region> region_;
  std::byte* data_;
};

}  // namespace cuse_binder::client
