// Copies a transaction's bytes from the sender into the reserved room, and stages its objects. Runs without locks.
//
// Data between objects goes from the sender's memory straight into the receiver's (one copy). Objects are copied into our
// own memory once; they are checked and used there, so a sender that changes them meanwhile changes nothing.
#pragma once

#include <boost/container/small_vector.hpp>
#include <cstdint>

#include "cuse_binder/core/call.h"
#include "cuse_binder/protocol/charged_file.h"
#include "cuse_binder/protocol/client_access.h"
#include "cuse_binder/protocol/scatter_gather.h"

namespace cuse_binder::protocol {

class Stager {
 public:
  // `data` and `offsets` are addresses in the sender.
  Stager(ClientAccess& access, const FileCharge& charge, const core::CallRequest& call, const core::Draft& draft,
         std::uint64_t data, std::uint64_t offsets)
      : access_(access),
        charge_(charge),
        call_(call),
        draft_(draft),
        data_(data),
        offsets_address_(offsets),
        scatter_(draft.scatter_position, draft.scatter_size, draft.address) {}

  core::Staged run();

 private:
  // An object as far as it could be read.
  struct Head {
    alignas(8) std::byte bytes[sizeof(binder_buffer_object)];
    std::size_t available = 0;
  };
  struct Gap {
    std::uint64_t begin;
    std::uint64_t end;
    std::size_t before;  // index of the object behind it; the number of objects for the rest of the data
  };

  void fail(int error, int line);
  bool read_offsets();
  void read_heads(std::size_t first);
  void stage_objects();
  int stage_object(std::size_t index, std::uint64_t position, const Head& head, std::uint64_t& size, int& line);
  int stage_file(int fd, std::uint64_t position, bool close_on_free);
  int stage_descriptors(const binder_fd_array_object& object, const ScatterGather::Buffer& parent);
  template <typename T>
  void place(std::uint64_t position, const T& object);
  void copy_gaps();
  void copy_buffers();

  static constexpr std::size_t kHeadBatch = 64;

  ClientAccess& access_;
  const FileCharge& charge_;
  const core::CallRequest& call_;
  const core::Draft& draft_;
  const std::uint64_t data_;
  const std::uint64_t offsets_address_;
  ScatterGather scatter_;
  core::Staged staged_;
  boost::container::small_vector<std::uint64_t, 8> offsets_;
  boost::container::small_vector<Head, 4> heads_;  // of the objects from heads_first_ on
  std::size_t heads_first_ = 0;
  boost::container::small_vector<Gap, 8> gaps_;
  // By object index: how many staged objects and files precede it, to cut back when a gap turns out unreadable.
  boost::container::small_vector<std::pair<std::uint32_t, std::uint32_t>, 8> counts_;
};

}  // namespace cuse_binder::protocol
