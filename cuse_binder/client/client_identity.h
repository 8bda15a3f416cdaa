// Who a client is: process of a thread, pids as another client sees them, security label.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "cuse_binder/base/result.h"

namespace cuse_binder::client {

struct ProcessIdentity {
  pid_t pid = 0;  // thread-group id in the daemon's pid namespace
  std::vector<pid_t>
      namespace_pids;  // the same process from the daemon's namespace inwards (NSpid), first == pid
  std::uint64_t pid_namespace = 0;          // inode of the namespace the process lives in, 0 if unknown
  std::vector<std::uint64_t> namespaces{};  // inodes of the namespaces of namespace_pids; empty if unknown
  std::string command;                      // comm
};

class ClientIdentity {
 public:
  virtual ~ClientIdentity() = default;

  // The process of thread `tid`; ESRCH if it is gone or not visible.
  virtual base::Result<ProcessIdentity> process_of(pid_t tid) = 0;
  // The security label of thread `tid`, NUL-terminated as the security module produces it (the text of
  // /proc/<tid>/attr/current); EOPNOTSUPP without a security module, EINVAL when the module has no label to
  // offer.
  virtual base::Result<std::string> security_context(pid_t tid) = 0;
  // Nice value of a thread, 0 if unknown.
  virtual int nice_of(pid_t tid) = 0;
};

// `subject`'s pid as `observer` would see it; 0 when it is not visible from there.
pid_t visible_pid(const ProcessIdentity& subject, const ProcessIdentity& observer);

}  // namespace cuse_binder::client
