#include "test/fuzz/fuzz_client.h"

#include <algorithm>
#include <cstring>

#include "cuse_binder/base/check.h"
#include "cuse_binder/client/receive_area.h"

namespace cuse_binder::fuzz {
namespace {

template <typename T>
T load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

// Handles and pointers among the objects of a delivered buffer.
void study_objects(FuzzClient& client, const binder_transaction_data& data) {
  const std::byte* area = client.session->receive_area().data();
  const std::byte* bytes = area + (data.data.ptr.buffer - client.mapping->address);
  const std::byte* offsets = area + (data.data.ptr.offsets - client.mapping->address);
  for (std::uint64_t i = 0; i + sizeof(std::uint64_t) <= data.offsets_size; i += sizeof(std::uint64_t)) {
    const auto at = load<std::uint64_t>(offsets + i);
    CB_CHECK(at <= data.data_size);
    if (data.data_size - at < sizeof(flat_binder_object)) continue;
    const auto object = load<flat_binder_object>(bytes + at);
    if (object.hdr.type == BINDER_TYPE_HANDLE || object.hdr.type == BINDER_TYPE_WEAK_HANDLE) {
      CB_CHECK(object.binder >> 32 == 0 && object.cookie == 0);
      Known::learn(client.known.handles, object.handle);
    }
  }
}

void study_transaction(FuzzClient& client, const binder_transaction_data& data) {
  const HeldBuffer buffer{data.data.ptr.buffer,
                          uapi::align8(data.data_size) + uapi::align8(data.offsets_size)};
  CB_CHECK(client.mapping.has_value());
  CB_CHECK(buffer.address >= client.mapping->address);
  const std::uint64_t offset = buffer.address - client.mapping->address;
  CB_CHECK(offset < client.mapping->size && buffer.size <= client.mapping->size - offset);
  CB_CHECK(data.data.ptr.offsets == buffer.address + uapi::align8(data.data_size));
  for (const HeldBuffer& other : client.held) {
    CB_CHECK(other.address != buffer.address);
    CB_CHECK(other.address + other.size <= buffer.address || buffer.address + buffer.size <= other.address);
  }
  client.held.push_back(buffer);
  if (client.session) study_objects(client, data);
}

}  // namespace

void FuzzClient::restore_memory() {
  for (const FuzzThread& thread : threads) set_piece(thread, 0, Layout::kSize, true, true);
}

void FuzzClient::set_piece(const FuzzThread& thread, std::uint64_t piece, std::uint64_t size, bool present,
                           bool writable) {
  const std::uint64_t start = thread.base() + piece;
  const std::uint64_t end = start + size;
  std::map<std::uint64_t, Range> kept;
  for (const auto& [from, range] : process.ranges) {
    const std::uint64_t to = from + range.size;
    if (from < start) kept[from] = {range.host, std::min(to, start) - from, range.writable};
    if (to > end) {
      const std::uint64_t rest = std::max(from, end);
      kept[rest] = {range.host + (rest - from), to - rest, range.writable};
    }
  }
  process.ranges = std::move(kept);
  if (present) process.ranges[start] = {host(start), size, writable};
}

void study_returns(FuzzClient& client, const binder_write_read& before, const binder_write_read& after) {
  CB_CHECK(after.write_consumed >= before.write_consumed);
  CB_CHECK(after.write_consumed <= std::max(before.write_size, before.write_consumed));
  CB_CHECK(after.read_consumed <= std::max(before.read_size, before.read_consumed));
  if (after.read_consumed <= before.read_consumed) return;
  const std::uint64_t size = after.read_consumed - before.read_consumed;
  const std::uint64_t address = before.read_buffer + before.read_consumed;
  if (!client.owns(address, size)) return;
  const std::byte* at = client.host(address);
  const std::byte* const end = at + size;
  bool ended = false;
  while (at < end) {
    CB_CHECK(!ended && end - at >= 4);
    const auto command = load<std::uint32_t>(at);
    at += 4;
    const std::size_t payload = _IOC_SIZE(command);
    CB_CHECK(static_cast<std::size_t>(end - at) >= payload);
    switch (command) {
      case BR_TRANSACTION:
      case BR_TRANSACTION_SEC_CTX:
      case BR_REPLY:
        study_transaction(client, load<binder_transaction_data>(at));
        ended = true;
        break;
      case BR_INCREFS:
      case BR_ACQUIRE:
        Known::learn(client.known.increments,
                     std::pair{load<std::uint64_t>(at), load<std::uint64_t>(at + 8)});
        break;
      case BR_DEAD_BINDER:
      case uapi::kBrFrozenBinder:
        Known::learn(client.known.cookies, load<std::uint64_t>(at));
        ended = true;
        break;
      case BR_NOOP:
      case BR_SPAWN_LOOPER:
      case BR_RELEASE:
      case BR_DECREFS:
      case BR_TRANSACTION_COMPLETE:
      case BR_ONEWAY_SPAM_SUSPECT:
      case uapi::kBrTransactionPendingFrozen:
      case BR_FAILED_REPLY:
      case BR_DEAD_REPLY:
      case BR_FROZEN_REPLY:
      case BR_CLEAR_DEATH_NOTIFICATION_DONE:
      case uapi::kBrClearFreezeNotificationDone:
        break;
      default:
        CB_CHECK(false && "an unknown return");
    }
    at += payload;
  }
}

}  // namespace cuse_binder::fuzz
