#include <stdexcept>
#include <vector>

#include "bench/support/binder_client.h"
#include "bench/support/caller.h"
#include "bench/support/pairs.h"
#include "bench/support/registry.h"

namespace cuse_binder::bench {
namespace {

void run_server(const std::string& device, std::uint32_t slot, Channel& channel) {
  BinderClient client(device);
  client.enter_looper();
  publish(client, slot, 0x1000 + slot);
  channel.say_ready();
  const std::vector<unsigned char> answer(kReplySize);
  client.serve([&](const binder_transaction_data& call) {
    client.reply(call, {answer.data(), answer.size()});
  });
}

void run_client(const std::string& device, std::uint32_t slot, Channel& channel) {
  BinderClient client(device);
  const std::uint32_t server = find(client, slot);
  const std::vector<unsigned char> request(kMaxRequest, 0x5a);
  channel.say_ready();
  follow_orders(channel, [&](std::size_t size) {
    const binder_transaction_data reply = client.call(server, 1, {request.data(), size});
    if (reply.data_size != kReplySize) throw std::runtime_error("wrong reply");
    client.free_buffer(reply);
  });
}

class BinderPair : public Pair {
 public:
  BinderPair(const std::string& device, std::uint32_t slot)
      : server_("binder server", [&](Channel& channel) { run_server(device, slot, channel); }),
        client_("binder client", [&](Channel& channel) { run_client(device, slot, channel); }) {}
  Child& client() override { return client_; }
  std::vector<pid_t> pids() const override { return {server_.pid(), client_.pid()}; }

 private:
  Child server_;
  Child client_;
};

}  // namespace

std::unique_ptr<Pair> make_binder_pair(const std::string& device, std::uint32_t slot) {
  return std::make_unique<BinderPair>(device, slot);
}

}  // namespace cuse_binder::bench
