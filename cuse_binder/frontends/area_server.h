// Gives clients the memory of their open files, where mmap on the device cannot (CUSE): over a Unix socket,
// to who shows the token that an ioctl on the device gave him.
//
// One thread, which waits for all connections at once and is never kept waiting by one of them. A connection
// is one message in, one message out. How many there may be at a time is limited; when there are more, those
// of the user who has most give way, so a flood harms its author.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "cuse_binder/base/result.h"
#include "cuse_binder/base/unique_fd.h"
#include "cuse_binder/device/binder_device.h"
#include "cuse_binder/frontends/area_tokens.h"

namespace cuse_binder::frontends {

class AreaServer {
 public:
  struct Options {
    // A socket in the file system, besides the abstract one, for clients in other network namespaces; empty:
    // none.
    std::string path;
    std::chrono::milliseconds token_lifetime{30'000};
    std::chrono::milliseconds patience{5'000};  // for the token of a connection
    std::size_t most_connections = 256;
  };

  explicit AreaServer(Options options);
  ~AreaServer();
  AreaServer(const AreaServer&) = delete;
  AreaServer& operator=(const AreaServer&) = delete;

  int start();  // 0 or a positive errno
  void stop() noexcept;

  // What the client is told: a token and where to show it.
  base::Result<cuse_binder_area_offer> offer(const std::shared_ptr<AreaGrant>& grant, uid_t uid);
  void revoke(const AreaGrant* grant) { tokens_.revoke(grant); }
  const AreaTokens& tokens() const { return tokens_; }

 private:
  struct Connection {
    base::UniqueFd socket;
    pid_t process;
    uid_t uid;
    AreaTokens::Clock::time_point deadline;
  };
  using Connections = std::list<Connection>;

  int listen_on(const std::string& name, bool abstract);
  bool watch(int fd, std::uint64_t key);
  void serve();
  void accept_all(int listener);
  void admit(base::UniqueFd socket);
  void make_room();
  void drop_late();
  void answer(const Connection& connection);
  int milliseconds_to_next_deadline() const;

  const Options options_;
  AreaTokens tokens_;
  std::string abstract_name_;
  bool made_path_ = false;
  base::UniqueFd epoll_, wake_, reserve_;
  std::vector<base::UniqueFd> listeners_;
  std::thread thread_;
  Connections connections_;  // oldest first; the thread's own
};

}  // namespace cuse_binder::frontends
