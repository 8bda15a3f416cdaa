// The life of the process, from parsed options to exit status.
#pragma once

#include "cuse_binder/daemon/exit_code.h"
#include "cuse_binder/daemon/options.h"

namespace cuse_binder::daemon {

// Serves until it is told to stop. Prints why, if it cannot start. Called once, before there are other
// threads.
ExitCode run(const Options& options);

}  // namespace cuse_binder::daemon
