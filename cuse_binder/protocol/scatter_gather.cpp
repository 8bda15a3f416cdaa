#include "cuse_binder/protocol/scatter_gather.h"

#include <algorithm>
#include <cerrno>

namespace cuse_binder::protocol {

ScatterGather::Buffer* ScatterGather::find_parent(std::uint64_t index, std::size_t child_index) {
  if (index >= child_index) return nullptr;
  const auto it = std::lower_bound(buffers_.begin(), buffers_.end(), index,
                                   [](const Buffer& buffer, std::uint64_t wanted) { return buffer.index < wanted; });
  return it != buffers_.end() && it->index == index ? &*it : nullptr;
}

const ScatterGather::Buffer* ScatterGather::at_position(std::uint64_t position) const {
  const auto it = std::lower_bound(buffers_.begin(), buffers_.end(), position,
                                   [](const Buffer& buffer, std::uint64_t wanted) { return buffer.position < wanted; });
  return it != buffers_.end() && it->position == position ? &*it : nullptr;
}

// Walks from the last touched buffer up to `parent`; each step up raises the minimum to behind the child's pointer.
bool ScatterGather::may_fix(const Buffer& parent, std::uint64_t offset) const {
  if (last_position_ == 0) return false;
  std::uint64_t position = last_position_;
  std::uint64_t minimum = last_minimum_;
  while (position != parent.position) {
    const Buffer* last = at_position(position);
    if (last == nullptr || !last->has_parent) return false;
    minimum = last->parent_offset + sizeof(std::uint64_t);
    const auto up = std::lower_bound(buffers_.begin(), buffers_.end(), last->parent,
                                     [](const Buffer& buffer, std::uint64_t wanted) { return buffer.index < wanted; });
    position = up->position;
  }
  return offset >= minimum;
}

int ScatterGather::add_buffer(std::size_t index, std::uint64_t position, binder_buffer_object& object) {
  if (object.length > end_ - next_) return EINVAL;
  Buffer buffer{index, position, object.buffer, object.length, next_, false, 0, 0, {}};
  object.buffer = address_ + next_;
  next_ += uapi::align8(object.length);
  if ((object.flags & BINDER_BUFFER_FLAG_HAS_PARENT) != 0) {
    Buffer* parent = find_parent(object.parent, index);
    if (parent == nullptr || !may_fix(*parent, object.parent_offset)) return EINVAL;
    if (parent->length < sizeof(std::uint64_t) || object.parent_offset > parent->length - sizeof(std::uint64_t)) return EINVAL;
    if ((object.parent_offset & 3) != 0) late_error_ = true;
    parent->fixups.push_back({object.parent_offset, sizeof(std::uint64_t), object.buffer, true});
    buffer.has_parent = true;
    buffer.parent = object.parent;
    buffer.parent_offset = object.parent_offset;
  }
  buffers_.push_back(std::move(buffer));
  last_position_ = position;
  last_minimum_ = 0;
  return 0;
}

int ScatterGather::add_descriptors(std::size_t index, const binder_fd_array_object& object, const Buffer*& parent) {
  Buffer* holder = find_parent(object.parent, index);
  if (holder == nullptr || !may_fix(*holder, object.parent_offset)) return EINVAL;
  parent = holder;
  if (object.num_fds > 0) {
    if (object.num_fds >= SIZE_MAX / sizeof(std::uint32_t)) return EINVAL;
    const std::uint64_t bytes = object.num_fds * sizeof(std::uint32_t);
    if (bytes > holder->length || object.parent_offset > holder->length - bytes) return EINVAL;
    if (((holder->room + object.parent_offset) & 3) != 0 || ((holder->source + object.parent_offset) & 3) != 0) return EINVAL;
    holder->fixups.push_back({object.parent_offset, bytes, 0, false});
  }
  last_position_ = holder->position;
  last_minimum_ = object.parent_offset + object.num_fds * sizeof(std::uint32_t);
  return 0;
}

}  // namespace cuse_binder::protocol
