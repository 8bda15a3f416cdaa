// Going to the background: the process that was started waits until its child says that it serves.
//
// Until then the child keeps standard error, so the person at the terminal reads why a start failed.
#pragma once

#include "cuse_binder/base/unique_fd.h"

namespace cuse_binder::daemon {

class Background {
 public:
  // Forks. Returns in the child only; the parent exits with the child's status, or 0 once it is ready. Must
  // be called before there are other threads. On failure to fork nothing has happened, and errno says why.
  static bool enter(Background& background);

  // Lets the parent exit with 0 and leaves the terminal; `error_output` (borrowed, -1: none) becomes standard
  // error. False if nobody waits any more: the parent was killed while the daemon started.
  bool ready(int error_output);
  // Makes `error_output` standard error, if we are in the background.
  void redirect_errors(int error_output) const;

 private:
  base::UniqueFd ready_pipe_;
  bool entered_ = false;
};

}  // namespace cuse_binder::daemon
