#include "cuse_binder/daemon/service_notifier.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "cuse_binder/base/unique_fd.h"

namespace cuse_binder::daemon {

ServiceNotifier::ServiceNotifier() {
  if (const char* path = std::getenv("NOTIFY_SOCKET")) socket_path_ = path;
  unsetenv("NOTIFY_SOCKET");
}

bool ServiceNotifier::ready(std::string_view status) {
  // MAINPID: with --daemonize the manager knows only our parent.
  return send("READY=1\nMAINPID=" + std::to_string(getpid()) + "\nSTATUS=" + std::string(status) + "\n");
}

bool ServiceNotifier::stopping() {
  return send("STOPPING=1\n");
}

bool ServiceNotifier::send(const std::string& message) const {
  if (socket_path_.empty()) return true;
  sockaddr_un address{};
  if (socket_path_.size() >= sizeof(address.sun_path)) return false;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket_path_.data(), socket_path_.size());
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';  // abstract socket
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_path_.size());

  const base::UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  return socket &&
         sendto(socket.get(), message.data(), message.size(), MSG_NOSIGNAL,
                reinterpret_cast<const sockaddr*>(&address), length) == static_cast<ssize_t>(message.size());
}

}  // namespace cuse_binder::daemon
