// An open file that was taken out of a client, held as a descriptor of the daemon.
#pragma once

#include <utility>

#include "cuse_binder/base/file.h"
#include "cuse_binder/base/unique_fd.h"

namespace cuse_binder::client {

class DescriptorFile final : public base::File {
 public:
  explicit DescriptorFile(base::UniqueFd fd) : fd_(std::move(fd)) {}
  ~DescriptorFile() override;
  int fd() const { return fd_.get(); }  // borrowed

 private:
  base::UniqueFd fd_;
};

}  // namespace cuse_binder::client
