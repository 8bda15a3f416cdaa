// The references of one process to nodes of others, and the numbers (handles) it uses for them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <queue>
#include <unordered_map>
#include <vector>

#include "cuse_binder/core/death.h"
#include "cuse_binder/core/freeze.h"
#include "cuse_binder/core/node.h"

namespace cuse_binder::core {

struct Process;

struct Ref final : NodeRefLink {
  Ref(int debug_id, Process& holder_process, Node& target, std::uint32_t number)
      : id(debug_id), holder(holder_process), node(&target), handle(number) {}

  const int id;
  Process& holder;
  Node* const node;
  const std::uint32_t handle;
  int strong = 0;
  int weak = 0;
  std::unique_ptr<DeathNotification> death;
  std::unique_ptr<FreezeListener> freeze;
};

class HandleTable {
 public:
  // The ref with this number; null if there is none.
  Ref* find(std::uint32_t handle) const { return handle < refs_.size() ? refs_[handle].get() : nullptr; }
  Ref* find(const Node& node) const {
    const auto it = by_node_.find(&node);
    return it == by_node_.end() ? nullptr : it->second;
  }
  // New ref for a node that has none here, with the lowest free number that is at least `lowest` (0 or 1).
  Ref& add(int id, Process& holder, Node& node, std::uint32_t lowest);
  // Takes the ref out; its number is free at once.
  std::unique_ptr<Ref> remove(Ref& ref);

  std::size_t size() const { return by_node_.size(); }
  // In ascending order of handles.
  template <typename F>
  void for_each(F&& f) const {
    for (const auto& ref : refs_) {
      if (ref) f(*ref);
    }
  }

 private:
  std::vector<std::unique_ptr<Ref>> refs_;  // by handle
  std::unordered_map<const Node*, Ref*> by_node_;
  // Free numbers below refs_.size() except 0; may name numbers beyond it after the table shrank.
  std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> holes_;
};

}  // namespace cuse_binder::core
