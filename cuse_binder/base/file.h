// An open file in transit between two clients. The core carries it without knowing what it is; dropping
// it releases the file, which is why the core never drops one itself but puts it into the Outbox.
#pragma once

#include <memory>

namespace cuse_binder::base {

class File {
 public:
  virtual ~File() = default;
};

using FilePtr = std::unique_ptr<File>;

}  // namespace cuse_binder::base
