#include "cuse_binder/client/descriptor_transfer.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "cuse_binder/client/pidfd.h"
#include "cuse_binder/client/proc_file.h"

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

namespace cuse_binder::client {
namespace {

constexpr std::size_t kFilesPerMessage = 253;  // SCM_MAX_FD
constexpr std::size_t kSpare = 32;             // holes in its table that the first guess allows for
constexpr int kAttempts = 3;
constexpr rlim_t kLimitRoom = 64;
constexpr std::size_t kPage = 4096;

// What the client's recvmsg works with, as it lies in the client's memory; the control data follow.
struct MessageBlock {
  msghdr header;
  iovec payload;
  std::uint64_t byte;
};

std::uint64_t number(int value) {
  return static_cast<std::uint64_t>(static_cast<std::int64_t>(value));
}
template <typename T>
T* remote_pointer(std::uint64_t address) {
  return reinterpret_cast<T*>(address);  // never dereferenced here
}

bool peek(pid_t tid, std::uint64_t address, void* to, std::size_t size) {
  iovec local{to, size}, remote{remote_pointer<void>(address), size};
  return process_vm_readv(tid, &local, 1, &remote, 1, 0) == static_cast<ssize_t>(size);
}

bool poke(pid_t tid, std::uint64_t address, void* from, std::size_t size) {
  iovec local{from, size}, remote{remote_pointer<void>(address), size};
  return process_vm_writev(tid, &local, 1, &remote, 1, 0) == static_cast<ssize_t>(size);
}

bool is_error(long result) {
  return result < 0 && result >= -4095;
}

}  // namespace

base::Result<std::vector<int>> DescriptorTransfer::install() {
  const std::size_t files = std::min(job_.install_count(), kFilesPerMessage);
  int error = acquire_scratch(sizeof(MessageBlock) + CMSG_SPACE(files * sizeof(int)));
  std::vector<int> numbers;
  if (error == 0) {
    Ends ends;
    error = connect(ends);
    if (error == 0) error = receive(ends, numbers);
    if (ends.client >= 0) close(std::array{ends.client});
    release_scratch();
  }
  if (tracee_.state() != Tracee::State::stopped) return base::Errno{ESRCH};
  if (error != 0) return base::Errno{error};
  return numbers;
}

void DescriptorTransfer::close(std::span<const int> descriptors) {
  for (std::size_t i = 0; i < descriptors.size();) {
    // Consecutive numbers go in one call; it ignores the errors that we ignore.
    std::size_t last = i;
    while (last + 1 < descriptors.size() && descriptors[last + 1] == descriptors[last] + 1) ++last;
    if (descriptors[i] >= 0 && last > i) {
      const auto result = call(SYS_close_range, {number(descriptors[i]), number(descriptors[last]), 0});
      if (!result) return;
      if (result.value() == 0) {
        i = last + 1;
        continue;
      }
    }
    if (!call(SYS_close, {number(descriptors[i])})) return;
    ++i;
  }
}

base::Result<long> DescriptorTransfer::call(long number, std::array<std::uint64_t, 6> arguments) {
  return tracee_.call(number, arguments);
}

// A piece of the stack if there is one, else a page of its own: the kernel does not grow stacks for us.
int DescriptorTransfer::acquire_scratch(std::size_t size) {
  scratch_.size = size;
  scratch_.address = tracee_.scratch(size);
  scratch_.saved.resize(size);
  if (peek(tracee_.tid(), scratch_.address, scratch_.saved.data(), size) &&
      poke(tracee_.tid(), scratch_.address, scratch_.saved.data(), size)) {
    return 0;
  }
  const auto page =
      call(SYS_mmap, {0, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, number(-1), 0});
  if (!page) return page.error();
  if (is_error(page.value())) return static_cast<int>(-page.value());
  scratch_.address = static_cast<std::uint64_t>(page.value());
  scratch_.mapped = true;
  return 0;
}

void DescriptorTransfer::release_scratch() {
  if (scratch_.mapped) {
    if (!call(SYS_munmap, {scratch_.address, kPage})) return;  // lost: nobody is left to tidy up for
  } else {
    poke(tracee_.tid(), scratch_.address, scratch_.saved.data(), scratch_.size);
  }
}

// Makes the pair, and leaves the client with its end on a number out of the way and nothing else.
int DescriptorTransfer::connect(Ends& ends) {
  long result;
  for (;;) {
    const auto made = call(SYS_socketpair, {AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, scratch_.address});
    if (!made) return made.error();
    result = made.value();
    if (result != -EMFILE || limit_raised_ || raise_limit() != 0) break;
  }
  std::array<int, 2> pair{};
  if (is_error(result) || !peek(tracee_.tid(), scratch_.address, pair.data(), sizeof pair)) {
    restore_limit();
    return is_error(result) ? static_cast<int>(-result) : EFAULT;
  }

  int error = 0;
  auto pidfd = open_pidfd(tracee_.tid());
  if (pidfd) {
    auto ours = duplicate_from(pidfd.value().get(), pair[1]);
    if (ours) ends.ours = std::move(ours.value());
    error = ours.error();
  } else {
    error = pidfd.error();
  }
  if (error == 0) {
    ends.client = pair[0];
    error =
        park(ends, static_cast<std::size_t>(std::max(pair[0], pair[1])) + 1 + job_.install_count() + kSpare);
    if (error != 0) ends.client = -1;
  }
  restore_limit();
  close(pair);
  return error;
}

// Gives the client's end another number, at least `above` unless the client's limit is in the way; the old
// one stays open.
int DescriptorTransfer::park(Ends& ends, std::size_t above) {
  if (limit_raised_) above = limit_.rlim_cur;
  for (;;) {
    const auto parked = call(SYS_fcntl, {number(ends.client), F_DUPFD_CLOEXEC, above});
    if (!parked) return parked.error();
    if (!is_error(parked.value())) {
      ends.client = static_cast<int>(parked.value());
      return 0;
    }
    // EINVAL: above the limit; EMFILE: nothing free between.
    const bool limited = parked.value() == -EINVAL || parked.value() == -EMFILE;
    if (!limited) return static_cast<int>(-parked.value());
    if (limit_raised_ || above == highest_place()) return EMFILE;
    above = raise_limit() == 0 ? limit_.rlim_cur : highest_place();
  }
}

// Where the limit cannot be raised: the highest free number, which is in the way only of the very last one.
std::size_t DescriptorTransfer::highest_place() const {
  if (limit_.rlim_cur == 0) return 0;
  std::vector<std::size_t> used;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(proc_path(tracee_.tid(), "fd"), error), end;
       !error && entry != end; entry.increment(error)) {
    used.push_back(std::strtoul(entry->path().filename().c_str(), nullptr, 10));
  }
  std::sort(used.begin(), used.end());
  std::size_t place = limit_.rlim_cur - 1;
  while (place > 0 && std::binary_search(used.begin(), used.end(), place)) --place;
  return place;
}

int DescriptorTransfer::raise_limit() {
  if (exchange_limit(nullptr, &limit_) != 0) return EMFILE;
  rlimit more = limit_;
  more.rlim_cur += kLimitRoom;
  more.rlim_max = std::max(more.rlim_max, more.rlim_cur);
  if (exchange_limit(&more, nullptr) == 0) {
    limit_raised_ = true;
    return 0;
  }
  // Raising the hard limit takes CAP_SYS_RESOURCE; up to it the client may go by itself.
  more.rlim_max = limit_.rlim_max;
  more.rlim_cur = std::min(more.rlim_cur, more.rlim_max);
  if (more.rlim_cur <= limit_.rlim_cur || exchange_limit(&more, nullptr) != 0) return EMFILE;
  limit_raised_ = true;
  return 0;
}

void DescriptorTransfer::restore_limit() {
  if (!limit_raised_) return;
  limit_raised_ = false;
  exchange_limit(&limit_, nullptr);
}

// prlimit, from here, or by the client itself where we may not touch other users' limits.
int DescriptorTransfer::exchange_limit(const rlimit* wanted, rlimit* found) {
  if (prlimit(tracee_.tid(), RLIMIT_NOFILE, wanted, found) == 0) return 0;
  if (errno != EPERM) return errno;
  rlimit values[2] = {wanted != nullptr ? *wanted : rlimit{}, {}};
  if (!poke(tracee_.tid(), scratch_.address, values, sizeof values)) return EFAULT;
  const auto result = call(SYS_prlimit64, {0, RLIMIT_NOFILE, wanted != nullptr ? scratch_.address : 0,
                                           found != nullptr ? scratch_.address + sizeof(rlimit) : 0});
  if (!result) return result.error();
  if (is_error(result.value())) return static_cast<int>(-result.value());
  if (found == nullptr) return 0;
  if (!peek(tracee_.tid(), scratch_.address, values, sizeof values)) return EFAULT;
  *found = values[1];
  return 0;
}

int DescriptorTransfer::receive(Ends& ends, std::vector<int>& numbers) {
  const std::size_t count = job_.install_count();
  for (int attempt = 1;; ++attempt) {
    int error = 0;
    while (error == 0 && numbers.size() < count) {
      const std::size_t some = std::min(count - numbers.size(), kFilesPerMessage);
      error = job_.send_files(ends.ours.get(), numbers.size(), some);
      if (error == 0) error = receive_some(ends, some, numbers);
    }
    const int highest = numbers.empty() ? -1 : *std::max_element(numbers.begin(), numbers.end());
    if (error == 0 && (highest < ends.client || attempt == kAttempts)) return 0;
    close(numbers);
    numbers.clear();
    if (error != 0) return error;
    // The table has more holes than we thought and the socket sat in one of the numbers: once more, higher.
    const int old = ends.client;
    error = park(ends, static_cast<std::size_t>(highest) + count + kSpare);
    restore_limit();
    if (error != 0) return error;
    close(std::array{old});
  }
}

// Receives one message of `count` files and appends their numbers; fewer than `count` is EMFILE.
int DescriptorTransfer::receive_some(Ends& ends, std::size_t count, std::vector<int>& numbers) {
  const std::uint64_t base = scratch_.address;
  std::vector<std::byte> bytes(sizeof(MessageBlock) + CMSG_SPACE(count * sizeof(int)));
  const std::size_t control_size = bytes.size() - sizeof(MessageBlock);
  MessageBlock block{};
  block.payload = {remote_pointer<void>(base + offsetof(MessageBlock, byte)), 1};
  block.header.msg_iov = remote_pointer<iovec>(base + offsetof(MessageBlock, payload));
  block.header.msg_iovlen = 1;
  block.header.msg_control = remote_pointer<void>(base + sizeof block);
  block.header.msg_controllen = control_size;
  std::memcpy(bytes.data(), &block, sizeof block);
  if (!poke(tracee_.tid(), base, bytes.data(), bytes.size())) return EFAULT;

  const auto received = call(SYS_recvmsg, {number(ends.client), base, MSG_CMSG_CLOEXEC | MSG_DONTWAIT});
  if (!received) return received.error();
  if (is_error(received.value())) return static_cast<int>(-received.value());

  // The client's other threads can write here: take nothing for granted. False numbers harm only the client.
  if (!peek(tracee_.tid(), base, bytes.data(), bytes.size())) return EFAULT;
  std::memcpy(&block, bytes.data(), sizeof block);
  cmsghdr rights{};
  if (block.header.msg_controllen >= CMSG_LEN(0))
    std::memcpy(&rights, bytes.data() + sizeof block, sizeof rights);
  const bool found =
      rights.cmsg_level == SOL_SOCKET && rights.cmsg_type == SCM_RIGHTS && rights.cmsg_len >= CMSG_LEN(0);
  const std::size_t got = found ? std::min((rights.cmsg_len - CMSG_LEN(0)) / sizeof(int), count) : 0;
  for (std::size_t i = 0; i < got; ++i) {
    int fd;
    std::memcpy(&fd, bytes.data() + sizeof block + CMSG_LEN(0) + i * sizeof fd, sizeof fd);
    numbers.push_back(fd);
  }
  return got == count ? 0 : EMFILE;
}

}  // namespace cuse_binder::client
