// The context manager, and the inspection ioctls that show nodes.
#include <cerrno>

#include "cuse_binder/core/context.h"

namespace cuse_binder::core {

bool Context::is_manager(const Process& process) const { return manager_ != nullptr && manager_->owner == &process; }

int Context::set_manager(Process& process, uid_t euid, const flat_binder_object* object) {
  if (manager_ != nullptr) return EBUSY;
  if (manager_euid_known_ && manager_euid_ != euid) return EPERM;
  manager_euid_known_ = true;
  manager_euid_ = euid;
  const std::uint64_t ptr = object != nullptr ? object->binder : 0;
  Node* node = find_node(process, ptr);
  if (node == nullptr) {
    node = &new_node(process, ptr, object != nullptr ? object->cookie : 0, object != nullptr ? object->flags : 0);
  }
  // As if BR_INCREFS and BR_ACQUIRE had been acknowledged, and held for ever: it is never announced nor withdrawn.
  ++node->local_weak;
  ++node->local_strong;
  node->strong = OwnerCount::told;
  node->weak = OwnerCount::told;
  manager_ = node;
  return 0;
}

base::Result<binder_node_info_for_ref> Context::node_info_for_ref(Process& process, std::uint32_t handle) {
  if (!is_manager(process)) return base::Errno{EPERM};
  const Ref* ref = process.refs.find(handle);
  if (ref == nullptr || ref->strong == 0) return base::Errno{EINVAL};
  binder_node_info_for_ref info{};
  info.handle = handle;
  info.strong_count = static_cast<std::uint32_t>(ref->node->local_strong + ref->node->internal_strong);
  info.weak_count = static_cast<std::uint32_t>(ref->node->local_weak);
  return info;
}

binder_node_debug_info Context::node_debug_info(Process& process, std::uint64_t after_ptr) {
  binder_node_debug_info info{};
  const auto it = process.nodes.upper_bound(after_ptr);
  if (it == process.nodes.end()) return info;
  const Node& node = *it->second;
  info.ptr = node.ptr;
  info.cookie = node.cookie;
  info.has_strong_ref = node.strong != OwnerCount::untold;
  info.has_weak_ref = node.weak != OwnerCount::untold;
  return info;
}

}  // namespace cuse_binder::core
