#include <systemd/sd-bus.h>

#include <cstring>
#include <stdexcept>
#include <vector>

#include "bench/aidl/echo_pair.h"
#include "bench/aidl/sd_bus.h"
#include "bench/support/caller.h"

namespace cuse_binder::bench {
namespace {

constexpr const char* kName = "bench.Echo";
constexpr const char* kPath = "/bench/Echo";

BusPtr connect(const std::string& address) {
  BusPtr bus = make_bus();
  check(sd_bus_set_address(bus.get(), address.c_str()), "sd_bus_set_address");
  check(sd_bus_set_bus_client(bus.get(), 1), "sd_bus_set_bus_client");
  check(sd_bus_start(bus.get()), "sd_bus_start");
  return bus;
}

int echo(sd_bus_message* call, void*, sd_bus_error*) {
  if (sd_bus_message_is_method_call(call, kName, "Text") > 0) {
    const char* text = nullptr;
    const int result = sd_bus_message_read(call, "s", &text);
    return result < 0 ? result : sd_bus_reply_method_return(call, "s", text);
  }
  if (sd_bus_message_is_method_call(call, kName, "Number") > 0) {
    std::int32_t number = 0;
    const int result = sd_bus_message_read(call, "i", &number);
    return result < 0 ? result : sd_bus_reply_method_return(call, "i", number);
  }
  if (sd_bus_message_is_method_call(call, kName, "Bytes") > 0) {
    const void* bytes = nullptr;
    std::size_t size = 0;
    int result = sd_bus_message_read_array(call, 'y', &bytes, &size);
    sd_bus_message* answer = nullptr;
    if (result >= 0) result = sd_bus_message_new_method_return(call, &answer);
    const MessagePtr owner(answer);
    if (result >= 0) result = sd_bus_message_append_array(answer, 'y', bytes, size);
    return result < 0 ? result : sd_bus_send(nullptr, answer, nullptr);
  }
  return 0;
}

void run_server(const std::string& address, Channel& channel) {
  const BusPtr bus = connect(address);
  check(sd_bus_add_object(bus.get(), nullptr, kPath, echo, nullptr), "sd_bus_add_object");
  check(sd_bus_request_name(bus.get(), kName, 0), "sd_bus_request_name");
  channel.say_ready();
  for (;;) {
    if (check(sd_bus_process(bus.get(), nullptr), "sd_bus_process") == 0)
      check(sd_bus_wait(bus.get(), UINT64_MAX), "sd_bus_wait");
  }
}

void run_client(const std::string& address, Channel& channel) {
  const BusPtr bus = connect(address);
  const std::string text(kTextSize, 'x');
  std::vector<unsigned char> bytes;
  channel.say_ready();
  follow_orders(channel, [&](std::size_t size) {
    const char* const method = size == kNumberSize ? "Number" : size == kTextSize ? "Text" : "Bytes";
    sd_bus_message* message = nullptr;
    check(sd_bus_message_new_method_call(bus.get(), &message, kName, kPath, kName, method), "new call");
    const MessagePtr call(message);
    if (size == kNumberSize) {
      check(sd_bus_message_append(message, "i", 4711), "append");
    } else if (size == kTextSize) {
      check(sd_bus_message_append(message, "s", text.c_str()), "append");
    } else {
      bytes.resize(size, 0x5a);
      check(sd_bus_message_append_array(message, 'y', bytes.data(), size), "append");
    }
    sd_bus_message* answer = nullptr;
    check(sd_bus_call(bus.get(), message, 0, nullptr, &answer), "call");
    const MessagePtr reply(answer);
    if (size == kNumberSize) {
      std::int32_t number = 0;
      check(sd_bus_message_read(answer, "i", &number), "read");
      if (number != 4711) throw std::runtime_error("wrong reply");
    } else if (size == kTextSize) {
      const char* returned = nullptr;
      check(sd_bus_message_read(answer, "s", &returned), "read");
      if (std::strlen(returned) != size) throw std::runtime_error("wrong reply");
    } else {
      // Into memory of one's own, as the others give it.
      const void* returned = nullptr;
      std::size_t returned_size = 0;
      check(sd_bus_message_read_array(answer, 'y', &returned, &returned_size), "read");
      const auto* const first = static_cast<const unsigned char*>(returned);
      const std::vector<unsigned char> copy(first, first + returned_size);
      if (copy.size() != size) throw std::runtime_error("wrong reply");
    }
  });
}

class DbusEcho : public Pair {
 public:
  explicit DbusEcho(const std::string& address)
      : server_("D-Bus service", [&](Channel& channel) { run_server(address, channel); }),
        client_("D-Bus client", [&](Channel& channel) { run_client(address, channel); }) {}
  Child& client() override { return client_; }
  std::vector<pid_t> pids() const override { return {server_.pid(), client_.pid()}; }

 private:
  Child server_;
  Child client_;
};

}  // namespace

std::unique_ptr<Pair> make_dbus_echo(const std::string& bus_address) {
  return std::make_unique<DbusEcho>(bus_address);
}

}  // namespace cuse_binder::bench
