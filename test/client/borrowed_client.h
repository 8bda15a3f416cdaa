// A child process that plays a client, and what the test sees of it from outside.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "cuse_binder/base/unique_fd.h"

namespace cuse_binder::test {

class BorrowedClient {
 public:
  // In the child: sends a number to the test.
  using Report = std::function<void(std::int64_t)>;

  // The child has descriptors 0, 1, 2 and one for its reports; it ends when `body` returns.
  explicit BorrowedClient(const std::function<void(const Report&)>& body);
  ~BorrowedClient();  // kills it
  BorrowedClient(const BorrowedClient&) = delete;
  BorrowedClient& operator=(const BorrowedClient&) = delete;

  pid_t pid() const { return pid_; }
  std::int64_t next_report();  // throws when none comes within ten seconds
  void send(int signal) const;
  void wait_until_gone() const;  // throws when it does not end within ten seconds

  std::vector<int> descriptors() const;  // ascending
  std::vector<int> lowest_free(std::size_t count) const;
  std::string target(int fd) const;  // as in /proc: "pipe:[123]"
  bool close_on_exec(int fd) const;

 private:
  pid_t pid_;
  base::UniqueFd reports_;
  base::UniqueFd pidfd_;
};

}  // namespace cuse_binder::test
