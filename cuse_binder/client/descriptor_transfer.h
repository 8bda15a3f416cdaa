// Changes the descriptor table of a client with system calls made by its own, borrowed thread.
//
// How files get in: the client makes a socket pair; we take one end out of it with pidfd_getfd, send the
// files, and the client receives them. So no listener is needed and namespaces do not matter. The client's
// end is moved to a high number first, because the numbers that the files get are part of the driver's
// behaviour: the lowest free ones, in order, as if there had been no socket.
#pragma once

#include <sys/resource.h>

#include <cstdint>
#include <span>
#include <vector>

#include "cuse_binder/base/result.h"
#include "cuse_binder/base/unique_fd.h"
#include "cuse_binder/client/descriptor_job.h"
#include "cuse_binder/client/tracee.h"

namespace cuse_binder::client {

class DescriptorTransfer {
 public:
  // The tracee is stopped; both must outlive the transfer.
  DescriptorTransfer(Tracee& tracee, DescriptorJob& job) : tracee_(tracee), job_(job) {}

  // All of the job's files, or an error and no change: EMFILE, or what the client's own calls gave.
  base::Result<std::vector<int>> install();
  // Errors of single descriptors are ignored.
  void close(std::span<const int> descriptors);

 private:
  struct Scratch {
    std::uint64_t address = 0;
    std::size_t size = 0;
    bool mapped = false;  // its own page, not a piece of the stack
    std::vector<std::byte> saved;
  };
  struct Ends {
    int client = -1;  // number in the client
    base::UniqueFd ours;
  };

  // A system call in the client; ESRCH when the thread is lost, which all callers pass on.
  base::Result<long> call(long number, std::array<std::uint64_t, 6> arguments = {});
  int acquire_scratch(std::size_t size);
  void release_scratch();

  int connect(Ends& ends);
  int park(Ends& ends, std::size_t above);
  std::size_t highest_place() const;
  int receive(Ends& ends, std::vector<int>& numbers);
  int receive_some(Ends& ends, std::size_t count, std::vector<int>& numbers);

  // The client's limit of open descriptors, raised for a moment if need be. The kernel's driver needs one
  // number per file; we need room for a socket beside them. When the room below the limit is too small, the
  // socket goes above: a limit counts only when a number is chosen. It is back in place before a file gets
  // its number.
  int raise_limit();
  void restore_limit();
  int exchange_limit(const rlimit* wanted, rlimit* found);

  Tracee& tracee_;
  DescriptorJob& job_;
  Scratch scratch_;
  rlimit limit_{};  // the client's own, while it is raised or was found impossible to raise
  bool limit_raised_ = false;
};

}  // namespace cuse_binder::client
