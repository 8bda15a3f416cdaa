#include "bench/support/window.h"

#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <new>

#include "bench/support/error.h"

namespace cuse_binder::bench {
namespace {

// Between processes, hence not std::atomic::wait(), which is private to one.
void futex(std::atomic<std::uint32_t>& word, int operation, std::uint32_t value) {
  syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word), operation, value, nullptr, nullptr, 0);
}

}  // namespace

void Window::wait_until_unread_at_most(std::uint32_t sent, std::uint32_t unread) {
  const std::uint32_t goal = sent - unread;
  if (static_cast<std::int32_t>(read_.load() - goal) >= 0) return;
  // To be woken for a single free place would mean a wake-up for each message: wait for a third of the
  // window.
  const std::uint32_t wake_at = unread == 0 ? goal : goal + kSize / 3;
  for (;;) {
    wake_at_.store(wake_at);
    const std::uint32_t read = read_.load();
    if (static_cast<std::int32_t>(read - wake_at) >= 0) return;
    futex(read_, FUTEX_WAIT, read);
  }
}

void Window::count_read() {
  if (read_.fetch_add(1) + 1 == wake_at_.load()) futex(read_, FUTEX_WAKE, INT_MAX);
}

Windows::Windows(std::size_t count) : size_(count * sizeof(Window)) {
  void* memory = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw_errno("mmap");
  windows_ = static_cast<Window*>(memory);
  for (std::size_t i = 0; i < count; i++) new (&windows_[i]) Window;
}

Windows::~Windows() {
  munmap(windows_, size_);
}

}  // namespace cuse_binder::bench
