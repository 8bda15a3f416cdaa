#include <bench/echo/IEcho.h>
#include <binder/Parcel.h>

#include <map>
#include <stdexcept>
#include <vector>

#include "bench/aidl/echo_pair.h"
#include "bench/support/binder_client.h"
#include "bench/support/caller.h"
#include "bench/support/registry.h"

namespace cuse_binder::bench {
namespace {

using android::Parcel;
using android::String16;

// A request as generated code would write it. No device is needed for that.
class Request {
 public:
  explicit Request(std::size_t size) {
    Parcel parcel;
    parcel.writeInterfaceToken(::bench::echo::IEcho::descriptor);
    token_size_ = parcel.dataSize();
    if (size == kNumberSize) {
      parcel.writeInt32(4711);
    } else if (size == kTextSize) {
      parcel.writeString16(String16(std::string(size, 'x').c_str()));
    } else {
      parcel.writeByteVector(std::vector<uint8_t>(size, 0x5a));
    }
    bytes_.assign(parcel.data(), parcel.data() + parcel.dataSize());
  }

  BinderClient::Payload payload() const { return {bytes_.data(), bytes_.size()}; }
  std::size_t token_size() const { return token_size_; }
  // The answer has the status instead of the token.
  std::size_t reply_size() const { return bytes_.size() - token_size_ + sizeof(std::int32_t); }

 private:
  std::vector<unsigned char> bytes_;
  std::size_t token_size_ = 0;
};

void run_server(const std::string& device, std::uint32_t slot, Channel& channel) {
  BinderClient client(device);
  client.enter_looper();
  publish(client, slot, 0x1000 + slot);
  const std::size_t token_size = Request(kNumberSize).token_size();
  const std::vector<unsigned char> answer(kMaxRequest);
  channel.say_ready();
  client.serve([&](const binder_transaction_data& call) {
    client.reply(call, {answer.data(), call.data_size - token_size + sizeof(std::int32_t)});
  });
}

void run_client(const std::string& device, std::uint32_t slot, Channel& channel) {
  BinderClient client(device);
  const std::uint32_t server = find(client, slot);
  std::map<std::size_t, Request> requests;
  channel.say_ready();
  follow_orders(channel, [&](std::size_t size) {
    const Request& request = requests.try_emplace(size, size).first->second;
    const binder_transaction_data reply = client.call(server, 1, request.payload());
    if (reply.data_size != request.reply_size()) throw std::runtime_error("wrong reply");
    client.free_buffer(reply);
  });
}

class RawEcho : public Pair {
 public:
  RawEcho(const std::string& device, std::uint32_t slot)
      : server_("raw server", [&](Channel& channel) { run_server(device, slot, channel); }),
        client_("raw client", [&](Channel& channel) { run_client(device, slot, channel); }) {}
  Child& client() override { return client_; }
  std::vector<pid_t> pids() const override { return {server_.pid(), client_.pid()}; }

 private:
  Child server_;
  Child client_;
};

}  // namespace

std::unique_ptr<Pair> make_raw_echo(const std::string& device, std::uint32_t slot) {
  return std::make_unique<RawEcho>(device, slot);
}

}  // namespace cuse_binder::bench
