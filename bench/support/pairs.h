// A client process and a server process that make synchronous calls: through a binder device, or, as the
// measure to compare with, through a broker process that passes Unix seqpacket messages on.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bench/support/child.h"

namespace cuse_binder::bench {

// Every reply has this size.
constexpr std::size_t kReplySize = 64;
// The largest request.
constexpr std::size_t kMaxRequest = 512 * 1024;

class Pair {
 public:
  virtual ~Pair() = default;
  virtual Child& client() = 0;
  // All processes that take part, except a daemon or broker.
  virtual std::vector<pid_t> pids() const = 0;
};

// `slot`: where in the device's registry the server is found; one per pair that lives at the same time.
std::unique_ptr<Pair> make_binder_pair(const std::string& device, std::uint32_t slot);

// One broker process and any number of pairs. It is the fastest broker one can write: a thread for each pair
// that receives and sends in turn, four system calls per call, and nothing decided or stored in between.
class Broker {
 public:
  explicit Broker(std::size_t pair_count);
  ~Broker();
  pid_t pid() const { return child_->pid(); }
  Pair& pair(std::size_t index) { return *pairs_[index]; }

 private:
  std::unique_ptr<Child> child_;
  std::vector<std::unique_ptr<Pair>> pairs_;
};

}  // namespace cuse_binder::bench
