#include "bench/support/load.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <semaphore>
#include <stdexcept>

#include "bench/support/binder_client.h"
#include "bench/support/error.h"
#include "bench/support/registry.h"

namespace cuse_binder::bench {
namespace {

struct Parking {
  int fd;
  std::counting_semaphore<> entered{0};
};

// A new thread's first read returns at once, so the second is the one that waits. It is made a moment after
// `entered` was counted; the measurement's warm-up lies in between.
void* park(void* argument) {
  auto& parking = *static_cast<Parking*>(argument);
  std::uint32_t commands[] = {BC_ENTER_LOOPER};
  unsigned char returns[256];
  binder_write_read exchange{};
  exchange.write_size = sizeof commands;
  exchange.write_buffer = reinterpret_cast<binder_uintptr_t>(commands);
  exchange.read_size = sizeof returns;
  exchange.read_buffer = reinterpret_cast<binder_uintptr_t>(returns);
  int result = ioctl(parking.fd, BINDER_WRITE_READ, &exchange);
  parking.entered.release();
  while (result == 0) {
    exchange.write_size = 0;
    exchange.read_consumed = 0;
    result = ioctl(parking.fd, BINDER_WRITE_READ, &exchange);
  }
  return nullptr;
}

void start_threads(Parking& parking, std::size_t count) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, std::max<std::size_t>(PTHREAD_STACK_MIN, 32 * 1024));
  for (std::size_t i = 0; i < count; i++) {
    pthread_t thread;
    errno = pthread_create(&thread, &attributes, park, &parking);
    if (errno != 0) throw_errno("pthread_create");
  }
  for (std::size_t i = 0; i < count; i++) parking.entered.acquire();
}

[[noreturn]] void be_member(const std::string& device, std::size_t threads, int tell) {
  char connected = 0;
  try {
    BinderClient client(device);
    greet_registry(client);
    Parking parking{client.fd()};
    start_threads(parking, threads);
    connected = 1;
    if (write(tell, &connected, 1) != 1) _exit(EXIT_FAILURE);
    for (;;) pause();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "binder_bench: crowd: %s\n", error.what());
  }
  if (write(tell, &connected, 1) != 1) _exit(EXIT_FAILURE);
  _exit(EXIT_FAILURE);
}

void run_crowd(const std::string& device, std::size_t processes, std::size_t threads_each, Channel& channel) {
  int ends[2];
  if (pipe(ends) < 0) throw_errno("pipe");
  const pid_t self = getpid();
  std::vector<pid_t> members;
  for (std::size_t i = 0; i < processes; i++) {
    const pid_t pid = fork();
    if (pid < 0) throw_errno("fork");
    if (pid == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (getppid() != self) _exit(EXIT_FAILURE);
      close(ends[0]);
      be_member(device, threads_each, ends[1]);
    }
    members.push_back(pid);
  }
  for (std::size_t i = 0; i < processes; i++) {
    char connected;
    if (read(ends[0], &connected, 1) != 1 || connected == 0)
      throw std::runtime_error("a member could not connect");
  }
  channel.say_ready();
  channel.next_order();
  for (const pid_t pid : members) kill(pid, SIGKILL);
  for (const pid_t pid : members) waitpid(pid, nullptr, 0);
  channel.answer({});
}

constexpr std::size_t kBatch = 1000;

void hold_nodes(const std::string& device, std::uint32_t slot, Channel& channel) {
  BinderClient client(device);
  client.enter_looper();
  publish(client, slot, 0x3000 + slot);
  channel.say_ready();
  client.serve([&](const binder_transaction_data& call) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(call.data.ptr.buffer);
    const auto* offsets = reinterpret_cast<const binder_size_t*>(call.data.ptr.offsets);
    for (std::size_t i = 0; i < call.offsets_size / sizeof *offsets; i++) {
      flat_binder_object object;
      std::memcpy(&object, bytes + offsets[i], sizeof object);
      client.acquire(object.handle);
    }
    client.reply(call, {});
  });
}

void own_nodes(const std::string& device, std::uint32_t slot, std::size_t count, Channel& channel) {
  BinderClient client(device, 64 * 1024);
  const std::uint32_t holder = find(client, slot);
  for (std::size_t done = 0; done < count; done += kBatch) {
    const std::size_t size = std::min(kBatch, count - done);
    std::vector<flat_binder_object> objects(size);
    std::vector<binder_size_t> offsets(size);
    for (std::size_t i = 0; i < size; i++) {
      objects[i].hdr.type = BINDER_TYPE_BINDER;
      objects[i].binder = 0x100000 + 8 * (done + i);
      offsets[i] = i * sizeof objects[i];
    }
    client.free_buffer(
        client.call(holder, 1, {objects.data(), size * sizeof objects[0], offsets.data(), size}));
  }
  greet_registry(client);
  channel.say_ready();
  channel.next_order();
}

}  // namespace

Crowd::Crowd(const std::string& device, std::size_t processes, std::size_t threads_each)
    : child_("crowd", [&](Channel& channel) { run_crowd(device, processes, threads_each, channel); }) {}

Crowd::~Crowd() {
  try {
    child_.ask({});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "binder_bench: %s\n", error.what());
  }
}

ManyNodes::ManyNodes(const std::string& device, std::uint32_t slot, std::size_t count)
    : holder_("holder of references", [&](Channel& channel) { hold_nodes(device, slot, channel); }),
      owner_("owner of nodes", [&](Channel& channel) { own_nodes(device, slot, count, channel); }) {}

}  // namespace cuse_binder::bench
