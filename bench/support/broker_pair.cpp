#include <array>
#include <thread>

#include "bench/support/caller.h"
#include "bench/support/pairs.h"
#include "bench/support/seqpacket.h"

namespace cuse_binder::bench {
namespace {

constexpr std::size_t kMaxMessage = 4096;
using Message = std::array<unsigned char, kMaxMessage>;

// Between the two processes of a pair and the broker.
struct Route {
  SocketPair to_client, to_server;  // `here` is the broker's end
};

void pass_on(int client, int server) {
  Message message;
  for (;;) {
    send_message(server, message.data(), receive_message(client, message.data(), message.size()));
    send_message(client, message.data(), receive_message(server, message.data(), message.size()));
  }
}

void run_broker(const std::vector<Route>& routes, Channel& channel) {
  std::vector<std::thread> threads;
  for (const Route& route : routes)
    threads.emplace_back(pass_on, route.to_client.here.get(), route.to_server.here.get());
  channel.say_ready();
  for (std::thread& thread : threads) thread.join();
}

void run_server(int broker, Channel& channel) {
  channel.say_ready();
  Message message;
  for (;;) {
    receive_message(broker, message.data(), message.size());
    send_message(broker, message.data(), kReplySize);
  }
}

void run_client(int broker, Channel& channel) {
  channel.say_ready();
  Message request{}, reply;
  follow_orders(channel, [&](std::size_t size) {
    send_message(broker, request.data(), size);
    receive_message(broker, reply.data(), reply.size());
  });
}

class BrokerPair : public Pair {
 public:
  explicit BrokerPair(const Route& route)
      : server_("broker's server",
                [&](Channel& channel) { run_server(route.to_server.there.get(), channel); }),
        client_("broker's client",
                [&](Channel& channel) { run_client(route.to_client.there.get(), channel); }) {}
  Child& client() override { return client_; }
  std::vector<pid_t> pids() const override { return {server_.pid(), client_.pid()}; }

 private:
  Child server_;
  Child client_;
};

}  // namespace

Broker::Broker(std::size_t pair_count) {
  const std::vector<Route> routes(pair_count);
  child_ = std::make_unique<Child>("broker", [&](Channel& channel) { run_broker(routes, channel); });
  for (const Route& route : routes) pairs_.push_back(std::make_unique<BrokerPair>(route));
}

Broker::~Broker() = default;

}  // namespace cuse_binder::bench
