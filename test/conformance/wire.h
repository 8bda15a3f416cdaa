// What goes over the wire: parcels and command streams to send, returns to parse.
//
// Nothing here knows a driver. A Parcel is bytes plus the offsets of its objects; Commands is a list of
// commands whose parcels are placed into a client's memory only when the stream is encoded; parse_returns()
// takes a read buffer apart.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "test/conformance/uapi.h"

namespace cuse_binder::conformance {

using Bytes = std::vector<std::byte>;
using Address = std::uint64_t;  // in a client; never dereferenced by a case

Bytes bytes_of(std::string_view text);

// An object of the sender, as it names it.
struct Node {
  std::uint64_t ptr = 0;
  std::uint64_t cookie = 0;
  std::uint32_t flags = 0x100;  // FLAT_BINDER_FLAG_ACCEPTS_FDS
};

// Transaction data: bytes and the offsets of the objects in them.
class Parcel {
 public:
  Parcel() = default;
  static Parcel text(std::string_view text);
  static Parcel zeros(std::size_t size);
  static Parcel filled(std::size_t size, std::byte value);

  Parcel& u32(std::uint32_t value);
  Parcel& u64(std::uint64_t value);
  Parcel& raw(std::span<const std::byte> bytes);
  Parcel& align(std::size_t alignment);  // pads with zeros
  // Objects; each records its offset.
  Parcel& binder(const Node& node);
  Parcel& weak_binder(const Node& node);
  Parcel& handle(std::uint32_t handle, std::uint32_t flags = 0);
  Parcel& weak_handle(std::uint32_t handle, std::uint32_t flags = 0);
  Parcel& fd(int fd, std::uint64_t cookie = 0, std::uint32_t pad_flags = 0);
  Parcel& ptr(Address buffer, std::uint64_t length);
  Parcel& ptr_with_parent(Address buffer, std::uint64_t length, std::uint64_t parent,
                          std::uint64_t parent_offset);
  Parcel& fd_array(std::uint64_t num_fds, std::uint64_t parent, std::uint64_t parent_offset);
  Parcel& object(std::span<const std::byte> bytes);
  // An offset with no object written by us, to be wrong on purpose.
  Parcel& offset(std::uint64_t offset);

  Bytes data;
  std::vector<std::uint64_t> offsets;
};

// One command stream. The order of calls is the order on the wire.
class Commands {
 public:
  Commands& transaction(std::uint32_t handle, std::uint32_t code, std::uint32_t flags = 0,
                        Parcel parcel = {});
  Commands& oneway(std::uint32_t handle, std::uint32_t code, Parcel parcel = {});
  Commands& reply(std::uint32_t code = 0, std::uint32_t flags = 0, Parcel parcel = {});
  Commands& transaction_sg(std::uint32_t handle, std::uint32_t code, std::uint32_t flags, Parcel parcel,
                           std::uint64_t buffers_size);
  Commands& reply_sg(std::uint32_t code, std::uint32_t flags, Parcel parcel, std::uint64_t buffers_size);
  // `data` goes out exactly as given, with the addresses in it; `code` is one of the four transaction
  // commands.
  Commands& transaction_data(std::uint32_t code, const binder_transaction_data& data,
                             std::uint64_t buffers_size = 0);

  Commands& free_buffer(Address buffer);
  Commands& increfs(std::uint32_t handle);
  Commands& acquire(std::uint32_t handle);
  Commands& release(std::uint32_t handle);
  Commands& decrefs(std::uint32_t handle);
  Commands& increfs_done(std::uint64_t ptr, std::uint64_t cookie);
  Commands& acquire_done(std::uint64_t ptr, std::uint64_t cookie);
  Commands& enter_looper();
  Commands& register_looper();
  Commands& exit_looper();
  Commands& request_death(std::uint32_t handle, std::uint64_t cookie);
  Commands& clear_death(std::uint32_t handle, std::uint64_t cookie);
  Commands& dead_binder_done(std::uint64_t cookie);
  Commands& request_freeze(std::uint32_t handle, std::uint64_t cookie);
  Commands& clear_freeze(std::uint32_t handle, std::uint64_t cookie);
  Commands& freeze_done(std::uint64_t cookie);
  Commands& word(std::uint32_t value);  // a bare 4-byte word, e.g. an unknown command
  Commands& raw(std::span<const std::byte> bytes);

  std::uint64_t size() const { return size_; }  // bytes on the wire
  bool empty() const { return parts_.empty(); }
  // Places parcels with `put` (bytes → address in the client) and returns the stream.
  Bytes encode(const std::function<Address(std::span<const std::byte>, std::size_t alignment)>& put) const;
  // e.g. "BC_TRANSACTION(h 1, code 7, flags 1, 8:0) BC_ENTER_LOOPER"
  std::string text() const;

 private:
  struct Part {
    Bytes bytes;                   // command and payload
    std::optional<Parcel> parcel;  // if set, bytes hold a transaction whose addresses encode() fills in
    std::string text;
  };
  Commands& add(Part part);
  Commands& simple(std::uint32_t code, std::span<const std::byte> payload, std::string text);
  Commands& with_parcel(std::uint32_t command, std::uint32_t handle, std::uint32_t code, std::uint32_t flags,
                        Parcel parcel, std::optional<std::uint64_t> buffers_size);
  std::vector<Part> parts_;
  std::uint64_t size_ = 0;
};

// One return of a read buffer. Only the fields of its code mean something.
struct Return {
  std::uint32_t code = 0;
  binder_transaction_data data{};  // BR_TRANSACTION(_SEC_CTX), BR_REPLY
  Address security_context = 0;    // BR_TRANSACTION_SEC_CTX
  std::uint64_t ptr = 0;           // BR_INCREFS …
  std::uint64_t cookie = 0;        // BR_INCREFS …, BR_DEAD_BINDER, BR_FROZEN_BINDER …
  std::uint32_t is_frozen = 0;     // BR_FROZEN_BINDER
};

// Takes [from, to) of a read buffer apart; std::nullopt if it is not a sequence of whole returns.
std::optional<std::vector<Return>> parse_returns(std::span<const std::byte> buffer);

std::string return_name(std::uint32_t code);   // "BR_REPLY", or hex
std::string command_name(std::uint32_t code);  // "BC_REPLY", or hex
std::string errno_name(int error);             // "EAGAIN", "0"

inline std::uint64_t align8(std::uint64_t value) {
  return (value + 7) & ~std::uint64_t{7};
}

template <typename T>
std::span<const std::byte> as_bytes_of(const T& value) {
  return std::as_bytes(std::span<const T, 1>(&value, 1));
}

}  // namespace cuse_binder::conformance
