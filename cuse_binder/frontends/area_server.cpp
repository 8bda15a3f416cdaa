#include "cuse_binder/frontends/area_server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <map>

#include "cuse_binder/base/log.h"

namespace cuse_binder::frontends {
namespace {

// Keys of epoll below these are listeners; connections are known by their descriptor.
constexpr std::uint64_t kWake = ~std::uint64_t{0};
constexpr std::uint64_t kListener = std::uint64_t{1} << 32;
constexpr int kBacklog = 128;

socklen_t fill_address(sockaddr_un& address, const std::string& name, bool abstract) {
  address = {};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path + (abstract ? 1 : 0), name.data(), name.size());
  return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size() + 1);
}

// Whether a socket file that nobody listens on is in the way.
bool is_left_over(const std::string& path) {
  sockaddr_un address;
  const socklen_t size = fill_address(address, path, false);
  const base::UniqueFd probe(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  return connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0 &&
         errno == ECONNREFUSED;
}

void send_answer(int socket, int error, int area) {
  cuse_binder_area_answer answer{error};
  iovec piece{&answer, sizeof answer};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  if (area >= 0) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof area);
    std::memcpy(CMSG_DATA(header), &area, sizeof area);
  }
  // The first message on this socket: there is room. Whoever is not there to take it does not get it.
  if (sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
    CB_LOG_LIMITED(base::Layer::frontend, spdlog::level::debug, "handing a receive area over: {}",
                   std::strerror(errno));
  }
}

}  // namespace

AreaServer::AreaServer(Options options) : options_(std::move(options)), tokens_(options_.token_lifetime) {}

AreaServer::~AreaServer() {
  stop();
}

int AreaServer::start() {
  std::uint64_t random;
  if (getrandom(&random, sizeof random, 0) != sizeof random) return EAGAIN;
  abstract_name_ = fmt::format("binderd-{:016x}", random);
  epoll_.reset(epoll_create1(EPOLL_CLOEXEC));
  wake_.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  reserve_.reset(open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!epoll_ || !wake_ || !reserve_ || !watch(wake_.get(), kWake)) return errno;
  if (const int error = listen_on(abstract_name_, true)) return error;
  if (!options_.path.empty()) {
    if (options_.path.size() >= sizeof(sockaddr_un::sun_path)) return ENAMETOOLONG;
    if (const int error = listen_on(options_.path, false)) return error;
  }
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  thread_ = std::thread([this] { serve(); });
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
  return 0;
}

void AreaServer::stop() noexcept {
  if (thread_.joinable()) {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(wake_.get(), &one, sizeof one);
    thread_.join();
  }
  connections_.clear();
  listeners_.clear();
  if (std::exchange(made_path_, false)) unlink(options_.path.c_str());
}

int AreaServer::listen_on(const std::string& name, bool abstract) {
  base::UniqueFd listener(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener) return errno;
  sockaddr_un address;
  const socklen_t size = fill_address(address, name, abstract);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  if (bind(listener.get(), generic, size) != 0) {
    if (abstract || errno != EADDRINUSE || !is_left_over(name)) return errno;
    unlink(name.c_str());
    if (bind(listener.get(), generic, size) != 0) return errno;
  }
  if (!abstract) {
    made_path_ = true;
    // Who may come this far is decided by the directory, who gets anything by the token.
    if (chmod(name.c_str(), 0666) != 0) return errno;
  }
  if (listen(listener.get(), kBacklog) != 0) return errno;
  if (!watch(listener.get(), kListener | static_cast<std::uint64_t>(listener.get()))) return errno;
  listeners_.push_back(std::move(listener));
  return 0;
}

bool AreaServer::watch(int fd, std::uint64_t key) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = key;
  return epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

base::Result<cuse_binder_area_offer> AreaServer::offer(const std::shared_ptr<AreaGrant>& grant, uid_t uid) {
  const auto token = tokens_.issue(grant, uid);
  if (!token) return base::Errno{token.error()};
  cuse_binder_area_offer offer{};
  std::copy(token.value().begin(), token.value().end(), offer.token);
  abstract_name_.copy(offer.abstract_name, sizeof offer.abstract_name - 1);
  options_.path.copy(offer.path, sizeof offer.path - 1);
  return offer;
}

void AreaServer::serve() {
  for (;;) {
    std::array<epoll_event, 32> events;
    const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                 milliseconds_to_next_deadline());
    bool accepting = false;
    for (int i = 0; i < count; ++i) {
      const std::uint64_t key = events[static_cast<std::size_t>(i)].data.u64;
      if (key == kWake) return;
      if (key & kListener) {
        accepting = true;
        continue;
      }
      const auto ready =
          std::find_if(connections_.begin(), connections_.end(),
                       [key](const Connection& each) { return each.socket.get() == static_cast<int>(key); });
      if (ready == connections_.end()) continue;
      answer(*ready);
      connections_.erase(ready);
    }
    // After those that had something to say: a number that is closed and given again within one turn would
    // be taken for the old one.
    if (accepting) {
      for (const auto& listener : listeners_) accept_all(listener.get());
    }
    drop_late();
  }
}

void AreaServer::accept_all(int listener) {
  // Not without end: those that are connected have their turn in between.
  for (std::size_t i = 0; i < options_.most_connections; ++i) {
    base::UniqueFd socket(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket) {
      if (errno != EMFILE && errno != ENFILE) return;
      // Out of descriptors: with the one that is kept for this the peer is turned away at least, instead of
      // being reported again and again.
      reserve_.reset();
      socket.reset(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
      socket.reset();
      reserve_.reset(open("/dev/null", O_RDONLY | O_CLOEXEC));
      return;
    }
    admit(std::move(socket));
  }
}

void AreaServer::admit(base::UniqueFd socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return;
  if (connections_.size() >= options_.most_connections) make_room();
  if (!watch(socket.get(), static_cast<std::uint64_t>(socket.get()))) return;
  connections_.push_back(
      {std::move(socket), peer.pid, peer.uid, AreaTokens::Clock::now() + options_.patience});
}

void AreaServer::make_room() {
  std::map<uid_t, std::size_t> by_user;
  for (const Connection& connection : connections_) ++by_user[connection.uid];
  const auto most = std::max_element(by_user.begin(), by_user.end(),
                                     [](const auto& a, const auto& b) { return a.second < b.second; });
  if (most == by_user.end()) return;
  const auto oldest = std::find_if(connections_.begin(), connections_.end(),
                                   [&](const Connection& each) { return each.uid == most->first; });
  connections_.erase(oldest);
}

void AreaServer::drop_late() {
  const auto now = AreaTokens::Clock::now();
  while (!connections_.empty() && connections_.front().deadline <= now) connections_.pop_front();
}

int AreaServer::milliseconds_to_next_deadline() const {
  if (connections_.empty()) return -1;
  const auto left = connections_.front().deadline - AreaTokens::Clock::now();
  const auto whole = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  return static_cast<int>(std::max<std::int64_t>(whole, 0));
}

void AreaServer::answer(const Connection& connection) {
  std::array<std::uint8_t, sizeof(AreaToken) + 1> message;  // one more, to notice what is too long
  const ssize_t size = recv(connection.socket.get(), message.data(), message.size(), MSG_DONTWAIT);
  if (size < 0) return;
  std::shared_ptr<AreaGrant> grant;
  if (size == sizeof(AreaToken)) {
    AreaToken token;
    std::copy_n(message.begin(), token.size(), token.begin());
    grant = tokens_.redeem(token, connection.process, connection.uid);
  }
  if (grant == nullptr) {
    CB_LOG_LIMITED(base::Layer::frontend, spdlog::level::warn,
                   "process {} (uid {}) asked for a receive area without a valid token", connection.process,
                   connection.uid);
    send_answer(connection.socket.get(), EACCES, -1);
    return;
  }
  const auto area = grant->hand_out();
  send_answer(connection.socket.get(), area.error(), area ? area.value().get() : -1);
}

}  // namespace cuse_binder::frontends
