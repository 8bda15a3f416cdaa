// What the machine has to offer before we can serve: privileges, /dev/fuse, kernel parameters, limits.
#pragma once

#include <optional>
#include <string>

#include "cuse_binder/daemon/exit_code.h"
#include "cuse_binder/frontends/cuse_door.h"

namespace cuse_binder::daemon {

// Whether the FUSE door can be tried at all. If not, the text says what is missing and what to do about it.
std::optional<StartError> check_fuse();

// The same for the CUSE door. Loads nothing: opening the device is what loads the module, where that is set
// up.
std::optional<StartError> check_cuse();

// Turns the errno of a failed mount into words that help.
StartError explain_mount_error(const std::string& mount_point, int error);

// The same for a character device that could not be made.
StartError explain_cuse_error(const frontends::CuseDoor::Failure& failure);

// Switches the kernel's FUSE over io_uring on; logs what it did or why it could not.
void enable_fuse_over_io_uring();
// Logs how to get the faster transport when the kernel has it, but switched off.
void suggest_fuse_over_io_uring();

// Logs what will be missing without CAP_SYS_PTRACE.
void warn_about_missing_privileges();

// Every client costs a few descriptors.
void raise_descriptor_limit();

}  // namespace cuse_binder::daemon
