// The other ways of calling another process that this build and this machine have.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bench/support/pairs.h"

namespace cuse_binder::bench {

class Peer {
 public:
  virtual ~Peer() = default;
  virtual const std::string& name() const = 0;
  virtual Child& client() = 0;
  virtual std::vector<pid_t> pids() const = 0;
};

// Says on the standard error output which ones are left out, and why.
std::vector<std::unique_ptr<Peer>> start_peers();

}  // namespace cuse_binder::bench
