#include "cuse_binder/protocol/argument.h"

#include <cerrno>

#include "cuse_binder/uapi/binder.h"

namespace cuse_binder::protocol {

std::size_t argument_bytes_read(std::uint32_t command) {
  switch (command) {
    case BINDER_WRITE_READ:
    case BINDER_SET_MAX_THREADS:
    case BINDER_SET_CONTEXT_MGR_EXT:
    case BINDER_GET_NODE_DEBUG_INFO:
    case BINDER_GET_NODE_INFO_FOR_REF:
    case BINDER_FREEZE:
    case BINDER_GET_FROZEN_INFO:
    case BINDER_ENABLE_ONEWAY_SPAM_DETECTION:
      return _IOC_SIZE(command);
    default:
      return 0;
  }
}

int copy_out_fault(std::uint32_t command) { return command == BINDER_VERSION ? EINVAL : EFAULT; }

void fetch_argument(Services& services, Request& request) noexcept {
  if (!request.argument_address) return;
  const std::size_t size = argument_bytes_read(request.command);
  if (size == 0) return;
  ClientAccess access(services, request);
  if (!access.read(request.argument_room.data(), *request.argument_address, size)) return;
  request.argument = std::span<const std::byte>(request.argument_room).first(size);
}

void answer_waiting(Services& services, Request& request, int error, std::span<const std::byte> out) noexcept {
  if (!request.argument_address || out.empty()) {
    request.answer(error, out);
    return;
  }
  ClientAccess access(services, request);
  const bool written = access.write(*request.argument_address, out.data(), out.size());
  request.answer(written ? error : copy_out_fault(request.command), {});
}

}  // namespace cuse_binder::protocol
