// What follows commands about a node, on the wire.
#pragma once

#include <linux/android/binder.h>

namespace android::internal {

struct NodeWords {          // struct binder_ptr_cookie
  binder_uintptr_t ptr;     // BBinder::getWeakRefs()
  binder_uintptr_t cookie;  // the BBinder
};
static_assert(sizeof(NodeWords) == 16);

}  // namespace android::internal
