// The rules by which a buffer object may have a parent, as arithmetic: no memory is touched here.
//
// BINDER_TYPE_PTR objects form a tree: a child's address is written into its parent's copy (a fix-up). Fix-ups are
// accepted only in the order of a depth-first walk, so that checking each against the last one suffices:
//
//   A(parent) ─ B(child of A) ─ C(child of B)   next may be: child of C, of B or of A, at a higher offset than before
//                                               not: child of a sibling that was left, or at a lower offset in A
//
// drivers/android/binder.c: binder_validate_ptr, binder_validate_fixup, binder_fixup_parent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cuse_binder/uapi/binder.h"

namespace cuse_binder::protocol {

class ScatterGather {
 public:
  // A range of a PTR's copy that is not copied from the sender.
  struct Fixup {
    std::uint64_t offset;  // in the copy
    std::uint64_t size;
    std::uint64_t value;   // of a pointer; 0 for descriptors, which are written at delivery
    bool pointer;
  };
  struct Buffer {
    std::size_t index;          // in the offsets array
    std::uint64_t position;     // of the object in the data
    std::uint64_t source;       // in the sender
    std::uint64_t length;
    std::uint64_t room;         // of the copy, from the start of the room
    bool has_parent;
    std::uint64_t parent;       // index in the offsets array
    std::uint64_t parent_offset;
    std::vector<Fixup> fixups;  // ascending
  };

  // `start`, `size`: where copies go in the room. `address`: the room as the receiver sees it.
  ScatterGather(std::uint64_t start, std::uint64_t size, std::uint64_t address)
      : next_(start), end_(start + size), address_(address) {}

  // Adds the PTR object with this index and position; its `buffer` field becomes the receiver's. 0 or EINVAL.
  int add_buffer(std::size_t index, std::uint64_t position, binder_buffer_object& object);
  // Admits the FDA object; `parent` is set to the buffer that holds its descriptors. 0 or EINVAL.
  int add_descriptors(std::size_t index, const binder_fd_array_object& object, const Buffer*& parent);

  const std::vector<Buffer>& buffers() const { return buffers_; }
  // A fix-up that is only found to be impossible when it is carried out, after all objects (unaligned pointer).
  bool late_error() const { return late_error_; }

 private:
  Buffer* find_parent(std::uint64_t index, std::size_t child_index);
  bool may_fix(const Buffer& parent, std::uint64_t offset) const;
  const Buffer* at_position(std::uint64_t position) const;

  std::uint64_t next_;
  const std::uint64_t end_;
  const std::uint64_t address_;
  std::vector<Buffer> buffers_;  // ascending by index
  // The most recently touched buffer by its position in the data; 0 means none, so a parent at position 0 cannot be
  // fixed while it is the last one: a quirk of the kernel that clients can see.
  std::uint64_t last_position_ = 0;
  std::uint64_t last_minimum_ = 0;  // lowest offset in it that the next fix-up may have
  bool late_error_ = false;
};

}  // namespace cuse_binder::protocol
