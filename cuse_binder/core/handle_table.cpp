#include "cuse_binder/core/handle_table.h"

#include "cuse_binder/base/check.h"

namespace cuse_binder::core {

Ref& HandleTable::add(int id, Process& holder, Node& node, std::uint32_t lowest) {
  if (refs_.empty()) refs_.resize(1);  // number 0 is special: only asked for by the manager's node
  std::uint32_t handle;
  if (lowest == 0 && !refs_[0]) {
    handle = 0;
  } else {
    while (!holes_.empty() && (holes_.top() >= refs_.size() || refs_[holes_.top()])) holes_.pop();
    if (holes_.empty()) {
      handle = static_cast<std::uint32_t>(refs_.size());
      refs_.emplace_back();
    } else {
      handle = holes_.top();
      holes_.pop();
    }
  }
  refs_[handle] = std::make_unique<Ref>(id, holder, node, handle);
  Ref& ref = *refs_[handle];
  by_node_.emplace(&node, &ref);
  node.refs.push_front(ref);
  return ref;
}

std::unique_ptr<Ref> HandleTable::remove(Ref& ref) {
  CB_CHECK(find(ref.handle) == &ref);
  by_node_.erase(ref.node);
  std::unique_ptr<Ref> taken = std::move(refs_[ref.handle]);
  taken->unlink();
  if (ref.handle != 0) holes_.push(ref.handle);
  if (by_node_.empty()) {  // give the memory of a large table back
    refs_.clear();
    refs_.shrink_to_fit();
    holes_ = {};
  }
  return taken;
}

}  // namespace cuse_binder::core
