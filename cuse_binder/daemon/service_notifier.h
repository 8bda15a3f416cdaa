// Tells a service manager how far we are (the protocol of sd_notify(3), which is one datagram per message).
#pragma once

#include <string>
#include <string_view>

namespace cuse_binder::daemon {

class ServiceNotifier {
 public:
  // Reads NOTIFY_SOCKET and removes it from the environment. Without it every message is dropped.
  ServiceNotifier();

  // False if a manager is there and could not be told.
  bool ready(std::string_view status);
  bool stopping();

 private:
  bool send(const std::string& message) const;

  std::string socket_path_;
};

}  // namespace cuse_binder::daemon
