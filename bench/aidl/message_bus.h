// A private D-Bus message bus for one measurement: Debian's dbus-daemon or dbus-broker, at a socket in a
// directory of its own. Everybody may do everything on it.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

namespace cuse_binder::bench {

class MessageBus {
 public:
  virtual ~MessageBus() = default;
  virtual pid_t pid() const = 0;
  virtual std::string address() const = 0;
};

// Both return when clients can connect, and throw if the program is missing or does not start.
std::unique_ptr<MessageBus> start_dbus_daemon();
// Without its launcher, which needs a running systemd: this process is the broker's controller.
std::unique_ptr<MessageBus> start_dbus_broker();

}  // namespace cuse_binder::bench
