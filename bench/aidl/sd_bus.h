// Owners of sd-bus's objects, and its errors as exceptions.
#pragma once

#include <systemd/sd-bus.h>

#include <memory>
#include <string>
#include <system_error>

namespace cuse_binder::bench {

struct BusCloser {
  void operator()(sd_bus* bus) const { sd_bus_close_unref(bus); }
};
using BusPtr = std::unique_ptr<sd_bus, BusCloser>;

struct MessageReleaser {
  void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
};
using MessagePtr = std::unique_ptr<sd_bus_message, MessageReleaser>;

inline int check(int result, const std::string& what) {
  if (result < 0) throw std::system_error(-result, std::generic_category(), what);
  return result;
}

inline BusPtr make_bus() {
  sd_bus* bus = nullptr;
  check(sd_bus_new(&bus), "sd_bus_new");
  return BusPtr(bus);
}

}  // namespace cuse_binder::bench
