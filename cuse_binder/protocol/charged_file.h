// A sender's file on its way, counted against the sender: files in transit are descriptors of the daemon.
#pragma once

#include <atomic>
#include <memory>
#include <utility>

#include "cuse_binder/base/file.h"

namespace cuse_binder::protocol {

using FileCharge = std::shared_ptr<std::atomic<int>>;

class ChargedFile final : public base::File {
 public:
  // How many files one process may have in transit; the kernel has no such limit, its files need no descriptors.
  static constexpr int kMaxPerProcess = 4096;

  ChargedFile(base::FilePtr file, FileCharge charge) : file_(std::move(file)), charge_(std::move(charge)) {
    charge_->fetch_add(1, std::memory_order_relaxed);
  }
  ~ChargedFile() override { charge_->fetch_sub(1, std::memory_order_relaxed); }

  const base::File& file() const { return *file_; }

 private:
  base::FilePtr file_;
  FileCharge charge_;
};

}  // namespace cuse_binder::protocol
