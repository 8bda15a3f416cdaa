// Who a client is, from /proc.
#pragma once

#include "cuse_binder/client/client_identity.h"

namespace cuse_binder::client {

class ProcClientIdentity final : public ClientIdentity {
 public:
  base::Result<ProcessIdentity> process_of(pid_t tid) override;
  base::Result<std::string> security_context(pid_t tid) override;
  int nice_of(pid_t tid) override;
};

}  // namespace cuse_binder::client
