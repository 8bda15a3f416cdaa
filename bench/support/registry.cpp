#include "bench/support/registry.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace cuse_binder::bench {
namespace {

constexpr std::size_t kSlots = 64;
constexpr binder_size_t kAtStart = 0;

// As Android's libbinder puts an object into a parcel: a word about its stability follows, which we keep and
// return. So programs over libbinder can use the registry too.
struct Publication {
  flat_binder_object object;
  std::uint32_t stability;
  std::uint32_t slot;
};
struct Found {
  flat_binder_object object;
  std::uint32_t stability;
};
// Without the padding at the end, which is not sent.
constexpr std::size_t kFoundSize = offsetof(Found, stability) + sizeof(std::uint32_t);

template <typename T>
T received(const binder_transaction_data& data) {
  if (data.data_size < sizeof(T)) throw std::runtime_error("a message is too short");
  T value;
  std::memcpy(&value, reinterpret_cast<const void*>(data.data.ptr.buffer), sizeof value);
  return value;
}

// The kernel lets go of a dead manager some time after its process is gone, and nothing tells when.
void succeed_predecessor(BinderClient& client) {
  for (int tries = 1000;; tries--) {
    try {
      return client.become_context_manager();
    } catch (const std::system_error& error) {
      if (error.code().value() != EBUSY || tries == 0) throw;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
}

void run_registry(const std::string& device, Channel& channel) {
  BinderClient client(device);
  succeed_predecessor(client);
  client.enter_looper();
  client.flush();
  channel.say_ready();
  std::array<Found, kSlots> slots{};
  client.serve([&](const binder_transaction_data& call) {
    if (call.code == Registry::kPublish) {
      const auto publication = received<Publication>(call);
      Found& slot = slots.at(publication.slot);
      client.acquire(publication.object.handle);
      if (slot.object.handle != 0) client.release(slot.object.handle);
      slot.object.hdr.type = BINDER_TYPE_HANDLE;
      slot.object.handle = publication.object.handle;
      slot.stability = publication.stability;
      client.reply(call, {});
    } else if (call.code == Registry::kFind) {
      client.reply(call, {&slots.at(received<std::uint32_t>(call)), kFoundSize, &kAtStart, 1});
    } else {
      client.reply(call, {});
    }
  });
}

}  // namespace

Registry::Registry(const std::string& device)
    : child_("registry", [&](Channel& channel) { run_registry(device, channel); }) {}

void publish(BinderClient& client, std::uint32_t slot, binder_uintptr_t object) {
  Publication publication{};
  publication.object.hdr.type = BINDER_TYPE_BINDER;
  publication.object.binder = object;
  publication.slot = slot;
  client.free_buffer(client.call(0, Registry::kPublish, {&publication, sizeof publication, &kAtStart, 1}));
  client.flush();
}

std::uint32_t find(BinderClient& client, std::uint32_t slot) {
  const binder_transaction_data reply = client.call(0, Registry::kFind, {&slot, sizeof slot});
  const std::uint32_t handle = received<flat_binder_object>(reply).handle;
  client.acquire(handle);
  client.free_buffer(reply);
  client.flush();
  return handle;
}

void greet_registry(BinderClient& client) {
  client.free_buffer(client.call(0, Registry::kGreet, {}));
  client.flush();
}

}  // namespace cuse_binder::bench
