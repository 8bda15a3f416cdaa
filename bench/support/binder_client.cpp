#include "bench/support/binder_client.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>

#include "bench/support/error.h"
#include "cuse_binder/device/binder_device.h"

namespace cuse_binder::bench {
namespace {

constexpr std::size_t kReceiveAreaSize = 1024 * 1024 - 2 * 4096;

binder_transaction_data describe(std::uint32_t handle, std::uint32_t code, std::uint32_t flags,
                                 const BinderClient::Payload& payload) {
  binder_transaction_data data{};
  data.target.handle = handle;
  data.code = code;
  data.flags = flags;
  data.data_size = payload.size;
  data.offsets_size = payload.object_count * sizeof(binder_size_t);
  data.data.ptr.buffer = reinterpret_cast<binder_uintptr_t>(payload.bytes);
  data.data.ptr.offsets = reinterpret_cast<binder_uintptr_t>(payload.offsets);
  return data;
}

}  // namespace

BinderClient::BinderClient(const std::string& device, std::size_t returns_size) : returns_(returns_size) {
  fd_ = open(device.c_str(), O_RDWR | O_CLOEXEC);
  if (fd_ < 0) throw_errno("open " + device);
  receive_area_ =
      binder_device_map(nullptr, kReceiveAreaSize, PROT_READ, MAP_PRIVATE | MAP_NORESERVE, fd_, 0);
  if (receive_area_ == MAP_FAILED) {
    const int error = errno;
    close(fd_);
    errno = error;
    throw_errno("mmap " + device);
  }
}

BinderClient::~BinderClient() {
  munmap(receive_area_, kReceiveAreaSize);
  close(fd_);
}

void BinderClient::become_context_manager() {
  std::int32_t unused = 0;
  if (ioctl(fd_, BINDER_SET_CONTEXT_MGR, &unused) < 0) throw_errno("BINDER_SET_CONTEXT_MGR");
}

void BinderClient::queue(std::uint32_t command, const void* payload, std::size_t size) {
  const auto* code = reinterpret_cast<const unsigned char*>(&command);
  commands_.insert(commands_.end(), code, code + sizeof command);
  const auto* bytes = static_cast<const unsigned char*>(payload);
  if (size > 0) commands_.insert(commands_.end(), bytes, bytes + size);
}

void BinderClient::write_read(bool read) {
  for (;;) {
    binder_write_read exchange{};
    exchange.write_size = commands_.size();
    exchange.write_buffer = reinterpret_cast<binder_uintptr_t>(commands_.data());
    exchange.read_size = read ? returns_.size() : 0;
    exchange.read_buffer = reinterpret_cast<binder_uintptr_t>(returns_.data());
    const int result = ioctl(fd_, BINDER_WRITE_READ, &exchange);
    const int error = errno;
    if (exchange.write_consumed == commands_.size())
      commands_.clear();
    else
      commands_.erase(commands_.begin(),
                      commands_.begin() + static_cast<std::ptrdiff_t>(exchange.write_consumed));
    if (result == 0) {
      if (read) {
        returns_at_ = 0;
        returns_end_ = exchange.read_consumed;
      }
      return;
    }
    if (error != EINTR) {
      errno = error;
      throw_errno("BINDER_WRITE_READ");
    }
  }
}

void BinderClient::flush() {
  if (!commands_.empty()) write_read(false);
}

template <typename T>
T BinderClient::take() {
  if (returns_end_ - returns_at_ < sizeof(T)) throw std::runtime_error("the driver's returns are cut off");
  T value;
  std::memcpy(&value, returns_.data() + returns_at_, sizeof value);
  returns_at_ += sizeof value;
  return value;
}

std::uint32_t BinderClient::next_return(binder_transaction_data& data) {
  if (returns_at_ == returns_end_) write_read(true);
  const auto command = take<std::uint32_t>();
  switch (command) {
    case BR_INCREFS:
    case BR_ACQUIRE: {
      const auto object = take<binder_ptr_cookie>();
      queue(command == BR_INCREFS ? BC_INCREFS_DONE : BC_ACQUIRE_DONE, &object, sizeof object);
      break;
    }
    case BR_RELEASE:
    case BR_DECREFS:
      take<binder_ptr_cookie>();
      break;
    case BR_TRANSACTION:
    case BR_REPLY:
      data = take<binder_transaction_data>();
      break;
    case BR_NOOP:
    case BR_SPAWN_LOOPER:
    case BR_TRANSACTION_COMPLETE:
    case BR_DEAD_REPLY:
    case BR_FAILED_REPLY:
      break;
    default:
      throw std::runtime_error("unexpected return " + std::to_string(command));
  }
  return command;
}

binder_transaction_data BinderClient::call(std::uint32_t handle, std::uint32_t code, const Payload& payload) {
  const binder_transaction_data call = describe(handle, code, 0, payload);
  queue(BC_TRANSACTION, &call, sizeof call);
  for (binder_transaction_data reply;;) {
    const std::uint32_t command = next_return(reply);
    if (command == BR_REPLY) return reply;
    if (command == BR_DEAD_REPLY) throw std::runtime_error("call: BR_DEAD_REPLY");
    if (command == BR_FAILED_REPLY) throw std::runtime_error("call: BR_FAILED_REPLY");
  }
}

bool BinderClient::send_oneway(std::uint32_t handle, std::uint32_t code, const Payload& payload) {
  const binder_transaction_data call = describe(handle, code, TF_ONE_WAY, payload);
  queue(BC_TRANSACTION, &call, sizeof call);
  for (binder_transaction_data unused;;) {
    const std::uint32_t command = next_return(unused);
    if (command == BR_TRANSACTION_COMPLETE) return true;
    if (command == BR_FAILED_REPLY) return false;
    if (command == BR_DEAD_REPLY) throw std::runtime_error("oneway: BR_DEAD_REPLY");
  }
}

void BinderClient::reply(const binder_transaction_data& transaction, const Payload& payload) {
  const binder_transaction_data reply = describe(0, 0, 0, payload);
  free_buffer(transaction);
  queue(BC_REPLY, &reply, sizeof reply);
}

void BinderClient::wait(const Handler& handler) {
  for (binder_transaction_data data;;) {
    if (next_return(data) == BR_TRANSACTION) return handler(data);
  }
}

void BinderClient::serve(const Handler& handler) {
  for (;;) wait(handler);
}

}  // namespace cuse_binder::bench
