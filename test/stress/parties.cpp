#include "test/stress/parties.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <set>

#include "test/stress/binder_file.h"

namespace cuse_binder::stress {

void run_manager(const std::string& device, int ready) {
  BinderFile binder(device);
  binder.become_manager();
  std::deque<std::uint32_t> registered;
  std::mt19937 random(1);
  const auto drop = [&](std::uint32_t handle) {
    std::erase(registered, handle);
    binder.command(BC_RELEASE, handle);
  };
  binder.on_transaction = [&](const binder_transaction_data& data, Message& reply) {
    const auto* bytes = reinterpret_cast<const std::byte*>(data.data.ptr.buffer);
    switch (data.code) {
      case kEcho:
        reply.data.assign(bytes, bytes + data.data_size);
        break;
      case kRegister: {
        const std::uint32_t handle = first_handle(data);
        if (handle == 0 || std::find(registered.begin(), registered.end(), handle) != registered.end()) break;
        binder.command(BC_ACQUIRE, handle);
        binder.command(BC_REQUEST_DEATH_NOTIFICATION, handle, std::uint64_t{handle});
        registered.push_back(handle);
        if (registered.size() > 24) drop(registered.front());
        break;
      }
      case kLookUp:
        if (!registered.empty()) reply.add(handle_object(registered[random() % registered.size()]));
        break;
      default:
        break;
    }
  };
  binder.on_death = [&](std::uint64_t cookie) {
    const auto handle = static_cast<std::uint32_t>(cookie);
    if (std::find(registered.begin(), registered.end(), handle) != registered.end()) drop(handle);
  };
  binder.command(BC_ENTER_LOOPER);
  if (::write(ready, "r", 1) != 1) std::_Exit(1);
  binder.serve_for_ever();
  std::_Exit(1);
}

void run_watchdog(const std::string& device, Pulse& pulse) {
  using Clock = std::chrono::steady_clock;
  BinderFile binder(device);
  for (std::uint64_t number = 0;; ++number) {
    Message message;
    message.code = kEcho;
    message.data.resize(16 + number % 3 * 2000, static_cast<std::byte>(number));
    bool same = false;
    const auto start = Clock::now();
    const bool replied = binder.call(message, [&](const binder_transaction_data& data) {
      const auto* bytes = reinterpret_cast<const std::byte*>(data.data.ptr.buffer);
      same = data.data_size == message.data.size() &&
             std::equal(message.data.begin(), message.data.end(), bytes);
    });
    if (!replied) ++pulse.failed;
    if (replied && !same) pulse.wrong = true;
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start).count();
    pulse.slowest_us = std::max(pulse.slowest_us.load(), static_cast<std::uint64_t>(took));
    ++pulse.calls;
  }
}

void run_peer(const std::string& device, std::uint32_t seed) {
  std::mt19937 random(seed);
  BinderFile binder(device);
  const int file = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  std::set<std::uint32_t> held;
  binder.on_transaction = [&](const binder_transaction_data& data, Message& reply) {
    reply.data.resize(data.data_size % 512);
    if (data.code != kCallBack) return;
    Message back;
    back.handle = first_handle(data);
    back.code = kEcho;
    back.data.resize(64);
    if (back.handle != 0) binder.call(back);
  };
  binder.on_death = [&](std::uint64_t cookie) {
    const auto handle = static_cast<std::uint32_t>(cookie);
    if (held.erase(handle) > 0) binder.command(BC_RELEASE, handle);
  };
  for (;;) {
    Message message;
    message.flags = random() % 3 == 0 ? TF_ONE_WAY : TF_ACCEPT_FDS;
    message.data.resize(random() % 8 == 0 ? 8192 : random() % 64 * 8);
    if (!held.empty() && random() % 4 != 0) {
      message.handle = *std::next(held.begin(), static_cast<std::ptrdiff_t>(random() % held.size()));
    }
    switch (random() % 6) {
      case 0:
        message.code = kRegister;
        message.handle = 0;
        message.add(own_object(0x1000 + 0x10 * (random() % 8)));
        break;
      case 1: {
        message = {};
        message.code = kLookUp;
        binder.call(message, [&](const binder_transaction_data& data) {
          const std::uint32_t handle = first_handle(data);
          if (handle == 0 || !held.insert(handle).second) return;
          binder.command(BC_ACQUIRE, handle);
          if (random() % 2 == 0) binder.command(BC_REQUEST_DEATH_NOTIFICATION, handle, std::uint64_t{handle});
        });
        continue;
      }
      case 2:
        message.code = kTakeFile;
        for (unsigned i = 0; i <= random() % 3; ++i) message.add(file_object(file));
        break;
      case 3:
        message.code = kCallBack;
        message.add(own_object(0x2000));
        break;
      case 4:
        if (held.size() > 4) {
          binder.command(BC_RELEASE, *held.begin());
          held.erase(held.begin());
        }
        [[fallthrough]];
      default:
        message.code = kEcho;
        break;
    }
    binder.call(message);
  }
}

}  // namespace cuse_binder::stress
