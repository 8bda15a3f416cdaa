#include "test/stress/binder_file.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "cuse_binder/device/binder_device.h"

namespace cuse_binder::stress {
namespace {

[[noreturn]] void failed(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

template <typename T>
T load(const void* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

// Calls `f` with each object's type and bytes.
template <typename F>
void for_each_object(const binder_transaction_data& data, F&& f) {
  const auto* bytes = reinterpret_cast<const std::byte*>(data.data.ptr.buffer);
  const auto* offsets = reinterpret_cast<const std::byte*>(data.data.ptr.offsets);
  for (std::uint64_t i = 0; i < data.offsets_size; i += sizeof(std::uint64_t)) {
    const std::byte* object = bytes + load<std::uint64_t>(offsets + i);
    f(load<std::uint32_t>(object), object);
  }
}

}  // namespace

flat_binder_object own_object(std::uint64_t ptr) {
  flat_binder_object object{};
  object.hdr.type = BINDER_TYPE_BINDER;
  object.flags = FLAT_BINDER_FLAG_ACCEPTS_FDS;
  object.binder = ptr;
  object.cookie = ptr;
  return object;
}

flat_binder_object handle_object(std::uint32_t handle) {
  flat_binder_object object{};
  object.hdr.type = BINDER_TYPE_HANDLE;
  object.handle = handle;
  return object;
}

binder_fd_object file_object(int fd) {
  binder_fd_object object{};
  object.hdr.type = BINDER_TYPE_FD;
  object.fd = static_cast<std::uint32_t>(fd);
  return object;
}

std::uint32_t first_handle(const binder_transaction_data& data) {
  std::uint32_t found = 0;
  for_each_object(data, [&](std::uint32_t type, const std::byte* object) {
    if (type == BINDER_TYPE_HANDLE && found == 0) found = load<flat_binder_object>(object).handle;
  });
  return found;
}

BinderFile::BinderFile(const std::string& path, int flags)
    : fd_(::open(path.c_str(), O_RDWR | O_CLOEXEC | flags)) {
  if (fd_.get() < 0) failed("open");
  mapping_ = binder_device_map(nullptr, kMappingSize, PROT_READ, MAP_PRIVATE, fd_.get(), 0);
  if (mapping_ == MAP_FAILED) failed("mmap");
}

BinderFile::~BinderFile() {
  ::munmap(mapping_, kMappingSize);
}

void BinderFile::become_manager() {
  flat_binder_object object{};
  object.flags = FLAT_BINDER_FLAG_ACCEPTS_FDS;
  if (::ioctl(fd_.get(), BINDER_SET_CONTEXT_MGR_EXT, &object) != 0) failed("BINDER_SET_CONTEXT_MGR_EXT");
}

void BinderFile::send(const Message& message, bool reply) {
  const Message& kept = kept_.emplace_back(message);
  binder_transaction_data data{};
  data.target.handle = kept.handle;
  data.code = kept.code;
  data.flags = kept.flags;
  data.data_size = kept.data.size();
  data.offsets_size = kept.offsets.size() * sizeof(std::uint64_t);
  // The vectors' storage does not move when kept_ grows.
  data.data.ptr.buffer = reinterpret_cast<std::uint64_t>(kept.data.data());
  data.data.ptr.offsets = reinterpret_cast<std::uint64_t>(kept.offsets.data());
  if (reply) {
    command(BC_REPLY, data);
  } else {
    command(BC_TRANSACTION, data);
  }
}

bool BinderFile::call(const Message& message,
                      const std::function<void(const binder_transaction_data&)>& take) {
  send(message, false);
  const bool oneway = (message.flags & TF_ONE_WAY) != 0;
  // An incoming call may be served meanwhile, and make a call itself.
  const Outcome outer_outcome = std::exchange(outcome_, Outcome::pending);
  const auto* outer_take = std::exchange(take_, &take);
  while (outcome_ == Outcome::pending) {
    if (!exchange()) break;
    if (oneway) break;
  }
  take_ = outer_take;
  return std::exchange(outcome_, outer_outcome) == Outcome::replied || oneway;
}

bool BinderFile::exchange() {
  std::byte in[512];
  binder_write_read bwr{};
  std::vector<std::byte> out = std::exchange(out_, {});
  std::vector<Message> kept = std::exchange(kept_, {});
  bwr.write_buffer = reinterpret_cast<std::uint64_t>(out.data());
  bwr.write_size = out.size();
  bwr.read_buffer = reinterpret_cast<std::uint64_t>(in);
  bwr.read_size = sizeof in;
  for (;;) {
    const std::uint64_t written = bwr.write_consumed;
    bwr.read_consumed = 0;
    const int result = ::ioctl(fd_.get(), BINDER_WRITE_READ, &bwr);
    if (result != 0 && errno == EINTR) continue;
    if (result != 0 && errno == EAGAIN) return false;
    if (result != 0) failed("BINDER_WRITE_READ");
    handle_returns(in, in + bwr.read_consumed);
    if (bwr.write_consumed >= bwr.write_size) return true;
    // A refusal stops the write half until it was read. What is left is written without waiting for anything.
    bwr.read_size = bwr.write_consumed > written ? 0 : sizeof in;
  }
}

void BinderFile::serve_for_ever() {
  for (;;) exchange();
}

void BinderFile::handle_returns(const std::byte* at, const std::byte* end) {
  while (at < end) {
    const auto code = load<std::uint32_t>(at);
    at += sizeof code;
    const std::byte* payload = at;
    at += _IOC_SIZE(code);
    switch (code) {
      case BR_INCREFS:
        command(BC_INCREFS_DONE, load<binder_ptr_cookie>(payload));
        break;
      case BR_ACQUIRE:
        command(BC_ACQUIRE_DONE, load<binder_ptr_cookie>(payload));
        break;
      case BR_TRANSACTION:
        incoming(load<binder_transaction_data>(payload));
        break;
      case BR_REPLY: {
        const auto data = load<binder_transaction_data>(payload);
        if (take_ != nullptr && *take_) (*take_)(data);
        for_each_object(data, [](std::uint32_t type, const std::byte* object) {
          if (type == BINDER_TYPE_FD) ::close(static_cast<int>(load<binder_fd_object>(object).fd));
        });
        command(BC_FREE_BUFFER, data.data.ptr.buffer);
        outcome_ = Outcome::replied;
        break;
      }
      case BR_DEAD_REPLY:
      case BR_FAILED_REPLY:
      case BR_FROZEN_REPLY:
        outcome_ = Outcome::failed;
        break;
      case BR_DEAD_BINDER: {
        const auto cookie = load<std::uint64_t>(payload);
        if (on_death) on_death(cookie);
        command(BC_DEAD_BINDER_DONE, cookie);
        break;
      }
      case BR_SPAWN_LOOPER:
      default:
        break;
    }
  }
}

void BinderFile::incoming(const binder_transaction_data& data) {
  Message reply;
  if (on_transaction) on_transaction(data, reply);
  for_each_object(data, [](std::uint32_t type, const std::byte* object) {
    if (type == BINDER_TYPE_FD) ::close(static_cast<int>(load<binder_fd_object>(object).fd));
  });
  command(BC_FREE_BUFFER, data.data.ptr.buffer);
  if ((data.flags & TF_ONE_WAY) == 0) send(reply, true);
}

}  // namespace cuse_binder::stress
