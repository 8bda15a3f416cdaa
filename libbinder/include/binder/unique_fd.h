// android::binder::unique_fd: a file descriptor with an owner, under the name that newer AOSP code uses for
// the class of libbase.
#pragma once

#include <android-base/unique_fd.h>

namespace android::binder {

using base::borrowed_fd;
using base::unique_fd;
using base::unique_fd_impl;

using base::Fdopen;
using base::Fdopendir;
using base::Pipe;
using base::Socketpair;

}  // namespace android::binder
