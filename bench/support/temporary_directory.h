// A directory that is gone with the object.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "bench/support/error.h"

namespace cuse_binder::bench {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "binder_bench.XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw_errno("mkdtemp");
    path_ = name;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace cuse_binder::bench
