#include "cuse_binder/client/descriptor_file.h"

#include "cuse_binder/base/guarded.h"

namespace cuse_binder::client {

DescriptorFile::~DescriptorFile() {
  // Closing calls into the file system behind the descriptor, which may be a client's and may take for ever.
  CB_DCHECK(!base::holds_lock());
}

}  // namespace cuse_binder::client
