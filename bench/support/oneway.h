// Several sender processes and one receiver of oneway messages, through a binder device or through a broker
// process.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bench/support/child.h"

namespace cuse_binder::bench {

class OnewayGroup {
 public:
  virtual ~OnewayGroup() = default;
  // A sender follows orders with `seconds`; its answer counts messages that have been received.
  virtual Child& sender(std::size_t index) = 0;
};

constexpr std::size_t kOnewayMessage = 64;

std::unique_ptr<OnewayGroup> make_binder_oneway(const std::string& device, std::uint32_t slot,
                                                std::size_t senders);
std::unique_ptr<OnewayGroup> make_broker_oneway(std::size_t senders);

}  // namespace cuse_binder::bench
