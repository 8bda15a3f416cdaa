#include "bench/support/oneway.h"

#include <array>
#include <cstring>
#include <stdexcept>
#include <thread>

#include "bench/support/binder_client.h"
#include "bench/support/caller.h"
#include "bench/support/registry.h"
#include "bench/support/seqpacket.h"
#include "bench/support/window.h"

namespace cuse_binder::bench {
namespace {

// Begins with the sender's number.
using Message = std::array<unsigned char, kOnewayMessage>;

Message message_of(std::uint32_t sender) {
  Message message{};
  std::memcpy(message.data(), &sender, sizeof sender);
  return message;
}

std::uint32_t sender_of(const void* message) {
  std::uint32_t sender;
  std::memcpy(&sender, message, sizeof sender);
  return sender;
}

[[noreturn]] void send_on_order(Channel& channel, Window& window, const std::function<void()>& send) {
  std::uint32_t sent = 0;
  for (;;) {
    const Order order = channel.next_order();
    const std::uint32_t before = sent;
    const Clock::time_point start = Clock::now();
    do {
      for (int i = 0; i < 32; i++) {
        window.wait_for_room(sent);
        send();
        sent++;
      }
    } while (seconds_since(start) < order.seconds);
    window.wait_until_all_read(sent);
    channel.answer({.calls = sent - before, .seconds = seconds_since(start)});
  }
}

void receive_from_binder(const std::string& device, std::uint32_t slot, const Windows& windows,
                         Channel& channel) {
  BinderClient client(device);
  client.enter_looper();
  publish(client, slot, 0x2000 + slot);
  channel.say_ready();
  client.serve([&](const binder_transaction_data& message) {
    windows[sender_of(reinterpret_cast<const void*>(message.data.ptr.buffer))].count_read();
    client.free_buffer(message);
  });
}

void send_to_binder(const std::string& device, std::uint32_t slot, std::uint32_t sender, Window& window,
                    Channel& channel) {
  BinderClient client(device);
  const std::uint32_t receiver = find(client, slot);
  const Message message = message_of(sender);
  channel.say_ready();
  send_on_order(channel, window, [&] {
    if (!client.send_oneway(receiver, 1, {message.data(), message.size()}))
      throw std::runtime_error("a oneway message inside the window was refused");
  });
}

class BinderOneway : public OnewayGroup {
 public:
  BinderOneway(const std::string& device, std::uint32_t slot, std::size_t senders)
      : windows_(senders), receiver_("oneway receiver", [&](Channel& channel) {
          receive_from_binder(device, slot, windows_, channel);
        }) {
    for (std::uint32_t i = 0; i < senders; i++)
      senders_.push_back(std::make_unique<Child>(
          "oneway sender", [&](Channel& channel) { send_to_binder(device, slot, i, windows_[i], channel); }));
  }
  Child& sender(std::size_t index) override { return *senders_[index]; }

 private:
  Windows windows_;
  Child receiver_;
  std::vector<std::unique_ptr<Child>> senders_;
};

[[noreturn]] void pass_on(int from, int to) {
  for (Message message;;) {
    receive_message(from, message.data(), message.size());
    send_message(to, message.data(), message.size());
  }
}

class BrokerOneway : public OnewayGroup {
 public:
  explicit BrokerOneway(std::size_t senders) : windows_(senders) {
    const SocketPair to_receiver;
    const std::vector<SocketPair> to_senders(senders);
    broker_ = std::make_unique<Child>("oneway broker", [&](Channel& channel) {
      std::vector<std::thread> threads;
      for (const SocketPair& sender : to_senders)
        threads.emplace_back(pass_on, sender.here.get(), to_receiver.here.get());
      channel.say_ready();
      for (std::thread& thread : threads) thread.join();
    });
    receiver_ = std::make_unique<Child>("broker's oneway receiver", [&](Channel& channel) {
      channel.say_ready();
      for (Message message;;) {
        receive_message(to_receiver.there.get(), message.data(), message.size());
        windows_[sender_of(message.data())].count_read();
      }
    });
    for (std::uint32_t i = 0; i < senders; i++)
      senders_.push_back(std::make_unique<Child>("broker's oneway sender", [&](Channel& channel) {
        const Message message = message_of(i);
        channel.say_ready();
        send_on_order(channel, windows_[i],
                      [&] { send_message(to_senders[i].there.get(), message.data(), message.size()); });
      }));
  }
  Child& sender(std::size_t index) override { return *senders_[index]; }

 private:
  Windows windows_;
  std::unique_ptr<Child> broker_, receiver_;
  std::vector<std::unique_ptr<Child>> senders_;
};

}  // namespace

std::unique_ptr<OnewayGroup> make_binder_oneway(const std::string& device, std::uint32_t slot,
                                                std::size_t senders) {
  return std::make_unique<BinderOneway>(device, slot, senders);
}

std::unique_ptr<OnewayGroup> make_broker_oneway(std::size_t senders) {
  return std::make_unique<BrokerOneway>(senders);
}

}  // namespace cuse_binder::bench
