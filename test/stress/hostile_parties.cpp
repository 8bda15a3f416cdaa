#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <thread>
#include <vector>

#include "test/stress/binder_file.h"
#include "test/stress/parties.h"

namespace cuse_binder::stress {
namespace {

void tell(int ready, char what) {
  if (::write(ready, &what, 1) != 1) std::_Exit(1);
}

// Memory whose faults nobody handles; null if this machine has no such thing.
std::byte* unreadable_memory(std::size_t size) {
  const auto fd = static_cast<int>(::syscall(SYS_userfaultfd, O_CLOEXEC));
  if (fd < 0) return nullptr;
  uffdio_api api{};
  api.api = UFFD_API;
  if (::ioctl(fd, UFFDIO_API, &api) != 0) return nullptr;
  void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  uffdio_register range{};
  range.range.start = reinterpret_cast<std::uint64_t>(memory);
  range.range.len = size;
  range.mode = UFFDIO_REGISTER_MODE_MISSING;
  if (::ioctl(fd, UFFDIO_REGISTER, &range) != 0) return nullptr;
  return static_cast<std::byte*>(memory);
}

// Root's processes are trusted not to block the daemon.
void become_somebody_else() {
  constexpr uid_t kNobody = 65534;
  if (::geteuid() != 0) return;
  if (::setresgid(kNobody, kNobody, kNobody) != 0 || ::setresuid(kNobody, kNobody, kNobody) != 0) std::_Exit(1);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // the change has cleared it
}

}  // namespace

void run_unreadable(const std::string& device, int ready) {
  constexpr unsigned kThreads = 12;
  constexpr std::size_t kPage = 4096;
  std::byte* trap = unreadable_memory((kThreads + 1) * kPage);
  if (trap == nullptr) {
    tell(ready, 'x');
    std::_Exit(0);
  }
  become_somebody_else();
  static BinderFile binder(device);
  std::atomic<unsigned> about_to{0};
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      // In turn: commands that cannot be read, a payload that cannot, a read buffer that cannot be written.
      const auto place = reinterpret_cast<std::uint64_t>(trap + i * kPage);
      std::byte commands[4 + sizeof(binder_transaction_data)];
      const std::uint32_t code = BC_TRANSACTION;
      binder_transaction_data data{};
      data.code = kEcho;
      data.data_size = 64;
      data.data.ptr.buffer = place;
      std::memcpy(commands, &code, sizeof code);
      std::memcpy(commands + sizeof code, &data, sizeof data);
      binder_write_read bwr{};
      if (i % 3 == 0) {
        bwr.write_buffer = place;
        bwr.write_size = 64;
      } else if (i % 3 == 1) {
        bwr.write_buffer = reinterpret_cast<std::uint64_t>(commands);
        bwr.write_size = sizeof commands;
      } else {
        bwr.read_buffer = place;
        bwr.read_size = 256;
      }
      ++about_to;
      about_to.notify_one();
      ::ioctl(binder.fd(), BINDER_WRITE_READ, &bwr);
    });
  }
  for (unsigned seen = about_to; seen < kThreads; seen = about_to) about_to.wait(seen);
  tell(ready, 'r');
  for (std::thread& thread : threads) thread.join();
  for (;;) ::pause();
}

void run_parked(const std::string& device, unsigned count, int ready) {
  become_somebody_else();
  static BinderFile binder(device);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 64 * 1024);
  unsigned started = 0;
  for (; started < count; ++started) {
    pthread_t thread;
    const int error = pthread_create(
        &thread, &attributes,
        [](void*) -> void* {
          alignas(8) std::byte in[256];
          for (;;) {
            binder_write_read bwr{};
            bwr.read_buffer = reinterpret_cast<std::uint64_t>(in);
            bwr.read_size = sizeof in;
            ::ioctl(binder.fd(), BINDER_WRITE_READ, &bwr);
          }
        },
        nullptr);
    if (error != 0) break;
  }
  tell(ready, started > count / 2 ? 'r' : 'x');
  for (;;) ::pause();
}

void run_garbage(const std::string& device, std::uint32_t seed) {
  become_somebody_else();
  std::mt19937_64 random(seed);
  BinderFile binder(device, O_NONBLOCK);
  std::vector<std::uint64_t> bytes(2048);  // more than any place below plus what a read returns
  const auto inside = reinterpret_cast<std::uint64_t>(bytes.data());
  const auto place = [&]() -> std::uint64_t {
    switch (random() % 4) {
      case 0:
        return random();
      case 1:
        return 0;
      default:
        return inside + random() % 2048;
    }
  };
  const auto size = [&]() -> std::uint64_t {
    return random() % 3 == 0 ? random() >> random() % 64 : random() % 2048;
  };
  static constexpr std::uint32_t kRequests[] = {BINDER_SET_MAX_THREADS,
                                                BINDER_THREAD_EXIT,
                                                BINDER_VERSION,
                                                BINDER_GET_NODE_DEBUG_INFO,
                                                BINDER_GET_NODE_INFO_FOR_REF,
                                                BINDER_GET_EXTENDED_ERROR,
                                                BINDER_ENABLE_ONEWAY_SPAM_DETECTION};
  for (;;) {
    for (auto& word : bytes) word = random();
    // Now and then something that looks like a command.
    static constexpr unsigned kPayloads[] = {0, 4, 8, 12, 16, 64, 72};
    for (std::size_t i = 0; i < bytes.size(); i += 8) {
      const auto payload = kPayloads[random() % std::size(kPayloads)];
      const auto command = _IOC(payload == 0 ? _IOC_NONE : _IOC_WRITE, 'c', random() % 24, payload);
      bytes[i] = (bytes[i] << 32) | command;
    }
    binder_write_read bwr{size(), random() % 4 == 0 ? size() : 0, place(),
                          size(), random() % 4 == 0 ? size() : 0, place()};
    if (random() % 8 == 0) {
      ::ioctl(binder.fd(), kRequests[random() % std::size(kRequests)], place());
    } else if (random() % 64 == 0) {
      ::ioctl(binder.fd(), static_cast<unsigned>(random()), bytes.data());
    } else {
      ::ioctl(binder.fd(), BINDER_WRITE_READ, &bwr);
    }
  }
}

}  // namespace cuse_binder::stress
