// Argument structs of ioctls whose caller's pointer the door passes on unseen (Request::argument_address).
//
// Which bytes are copied in depends on what the driver reads, not on what the command number promises: BINDER_VERSION is
// declared to carry four bytes in, and nobody looks at them; BINDER_THREAD_EXIT is called with NULL by everybody.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "cuse_binder/protocol/client_access.h"
#include "cuse_binder/protocol/request.h"

namespace cuse_binder::protocol {

// How many bytes the driver reads of the argument of `command`; 0 also for unknown commands.
std::size_t argument_bytes_read(std::uint32_t command);
// The errno of an answer that could not be copied out.
int copy_out_fault(std::uint32_t command);

// Fills `request.argument`; it stays empty if the client's memory faults. Nothing to do for arguments by value.
void fetch_argument(Services& services, Request& request) noexcept;

// Answers with bytes, written here and now where the door does not do it: `error` if that succeeds. May wait for the client,
// so whatever is owed to others must be published (handover.h).
void answer_waiting(Services& services, Request& request, int error, std::span<const std::byte> out) noexcept;

}  // namespace cuse_binder::protocol
