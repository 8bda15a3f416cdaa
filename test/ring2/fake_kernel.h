// The kernel's side of a FUSE connection, written by hand: one end of a socketpair that keeps messages apart.
#pragma once

#include <linux/fuse.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "cuse_binder/base/unique_fd.h"
#include "cuse_binder/frontends/fuse_abi.h"

namespace cuse_binder::test {

class FakeKernel {
 public:
  FakeKernel() {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
      throw std::runtime_error("socketpair");
    kernel_.reset(ends[0]);
    daemon_.reset(ends[1]);
  }

  // Who makes the requests.
  pid_t client = getpid();
  uid_t uid = 0;

  base::UniqueFd take_daemon_end() { return std::move(daemon_); }
  void hang_up() { kernel_.reset(); }
  // What was sent can still be read, then the connection ends; answers are taken by nobody.
  void stop_listening() { shutdown(kernel_.get(), SHUT_RDWR); }

  struct Reply {
    fuse_out_header header{};
    std::vector<std::byte> body;
    template <typename T>
    T as() const {
      T value{};
      std::memcpy(&value, body.data(), std::min(sizeof value, body.size()));
      return value;
    }
  };

  // Sends a request that consists of `parts`; its unique number.
  template <typename... Parts>
  std::uint64_t send(std::uint32_t opcode, std::uint64_t node, const Parts&... parts) {
    fuse_in_header header{};
    header.opcode = opcode;
    header.unique = next_unique_ += 2;
    header.nodeid = node;
    header.pid = static_cast<std::uint32_t>(client);
    header.uid = uid;
    std::vector<std::byte> message(sizeof header);
    (append(message, parts), ...);
    header.len = static_cast<std::uint32_t>(message.size());
    std::memcpy(message.data(), &header, sizeof header);
    send_raw(message);
    return header.unique;
  }
  void send_raw(const std::vector<std::byte>& message) {
    if (::send(kernel_.get(), message.data(), message.size(), MSG_NOSIGNAL) < 0)
      throw std::runtime_error("send");
  }

  // The next message of the daemon; throws when there is none within ten seconds.
  Reply receive() {
    pollfd ready{kernel_.get(), POLLIN, 0};
    if (::poll(&ready, 1, 10000) != 1) throw std::runtime_error("the daemon says nothing");
    std::vector<std::byte> message(65536);
    const ssize_t size = recv(kernel_.get(), message.data(), message.size(), 0);
    Reply reply;
    if (size < static_cast<ssize_t>(sizeof reply.header)) throw std::runtime_error("short reply");
    std::memcpy(&reply.header, message.data(), sizeof reply.header);
    reply.body.assign(message.begin() + sizeof reply.header, message.begin() + size);
    return reply;
  }
  // Sends and takes the reply to it, which must be the next message.
  template <typename... Parts>
  Reply ask(std::uint32_t opcode, std::uint64_t node, const Parts&... parts) {
    const std::uint64_t unique = send(opcode, node, parts...);
    Reply reply = receive();
    if (reply.header.unique != unique) throw std::runtime_error("reply to something else");
    return reply;
  }
  bool silent() const {
    pollfd ready{kernel_.get(), POLLIN, 0};
    return ::poll(&ready, 1, 0) == 0;
  }

 private:
  template <typename T>
  static void append(std::vector<std::byte>& message, const T& part) {
    const auto* bytes = reinterpret_cast<const std::byte*>(&part);
    message.insert(message.end(), bytes, bytes + sizeof part);
  }
  static void append(std::vector<std::byte>& message, const std::string& name) {
    const auto* bytes = reinterpret_cast<const std::byte*>(name.c_str());
    message.insert(message.end(), bytes, bytes + name.size() + 1);
  }

  base::UniqueFd kernel_, daemon_;
  std::uint64_t next_unique_ = 0;
};

}  // namespace cuse_binder::test
