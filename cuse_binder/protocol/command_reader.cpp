#include "cuse_binder/protocol/command_reader.h"

#include <algorithm>

#include "cuse_binder/uapi/binder.h"

namespace cuse_binder::protocol {

std::size_t CommandReader::payload_size(std::uint32_t command) {
  switch (command) {
    case BC_ATTEMPT_ACQUIRE:  // refused before their payload is looked at
    case BC_ACQUIRE_RESULT:
      return 0;
    case BC_TRANSACTION:
    case BC_REPLY:
    case BC_TRANSACTION_SG:
    case BC_REPLY_SG:
    case BC_FREE_BUFFER:
    case BC_INCREFS:
    case BC_ACQUIRE:
    case BC_RELEASE:
    case BC_DECREFS:
    case BC_INCREFS_DONE:
    case BC_ACQUIRE_DONE:
    case BC_REQUEST_DEATH_NOTIFICATION:
    case BC_CLEAR_DEATH_NOTIFICATION:
    case BC_DEAD_BINDER_DONE:
    case uapi::kBcRequestFreezeNotification:
    case uapi::kBcClearFreezeNotification:
    case uapi::kBcFreezeNotificationDone:
      return _IOC_SIZE(command);
    default:
      return 0;
  }
}

bool CommandReader::buffered() const {
  if (!available(sizeof(std::uint32_t))) return false;
  return available(sizeof(std::uint32_t) + payload_size(command()));
}

bool CommandReader::fetch(ClientAccess& access) {
  if (buffered()) return true;
  window_start_ = position_;
  const std::uint64_t wanted = std::min<std::uint64_t>(size_ - position_, window_.size());
  // A short read is fine as long as the next command is in it.
  window_size_ = access.read_some(window_.data(), address_ + position_, wanted);
  return buffered();
}

void CommandReader::accept() { position_ += sizeof(std::uint32_t) + payload_size(command()); }

}  // namespace cuse_binder::protocol
