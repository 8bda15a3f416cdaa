// A client and a server that sends back what it gets: in each of the ways that are compared.
//
// An order's `size` says what is sent and returned: kNumberSize bytes: a number; kTextSize: a string of so
// many characters; anything else: an array of so many bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "bench/support/pairs.h"

namespace cuse_binder::bench {

constexpr std::size_t kNumberSize = 4;
constexpr std::size_t kTextSize = 16;

// Allocations of memory that the two processes have made so far.
struct Allocations {
  std::uint64_t client = 0, service = 0;
};

class AidlEcho : public Pair {
 public:
  virtual Allocations allocations() const = 0;
};

// Generated code of AIDL over libbinder; the service is found in the device's registry.
std::unique_ptr<AidlEcho> make_aidl_echo(const std::string& device, std::uint32_t slot);
// The same bytes, sent by hand: nothing is put together and nothing looked at.
std::unique_ptr<Pair> make_raw_echo(const std::string& device, std::uint32_t slot);
// Over the message bus at this address, through sd-bus.
std::unique_ptr<Pair> make_dbus_echo(const std::string& bus_address);
// gRPC's synchronous C++ API, over a Unix socket at this path.
std::unique_ptr<Pair> make_grpc_echo(const std::string& socket_path);

}  // namespace cuse_binder::bench
