// Files of clients that are ordinary processes: taken with pidfd_getfd, installed by borrowing a thread.
#pragma once

#include "cuse_binder/client/client_files.h"
#include "cuse_binder/client/descriptor_installer.h"

namespace cuse_binder::client {

class ProcessFiles final : public ClientFiles {
 public:
  explicit ProcessFiles(DescriptorInstaller::Options options = {});

  base::Result<base::FilePtr> take(pid_t tid, int fd) override;
  void run(pid_t tid, DescriptorWork work, std::function<void()> leave,
           std::function<void(DescriptorOutcome)> done) override;

 private:
  DescriptorInstaller installer_;
};

}  // namespace cuse_binder::client
