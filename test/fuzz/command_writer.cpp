#include "test/fuzz/command_writer.h"

#include <algorithm>
#include <cstring>

namespace cuse_binder::fuzz {
namespace {

constexpr std::uint64_t kDataRoom = Layout::kScatter - Layout::kData;
constexpr std::uint64_t kMaxObjects = 12;

}  // namespace

std::uint32_t CommandWriter::handle() {
  const unsigned choice = input_.byte();
  if (choice < 64) return 0;
  if (choice < 200 && !client_.known.handles.empty())
    return client_.known.handles[choice % client_.known.handles.size()];
  if (choice < 250) return choice % 5;
  return input_.number<std::uint32_t>();
}

std::uint64_t CommandWriter::pointer() {
  return 0x1000 + 0x10 * input_.pick(5);
}

std::uint64_t CommandWriter::cookie() {
  const unsigned choice = input_.byte();
  if (choice < 200 && !client_.known.cookies.empty())
    return client_.known.cookies[choice % client_.known.cookies.size()];
  return choice % 4;
}

std::uint64_t CommandWriter::buffer_address() {
  const unsigned choice = input_.byte();
  if (choice < 240 && !client_.held.empty()) {
    const auto it = client_.held.begin() + static_cast<std::ptrdiff_t>(choice % client_.held.size());
    const std::uint64_t address = it->address;
    client_.held.erase(it);  // no longer certainly held
    return address;
  }
  const std::uint64_t address = client_.area_address() + 8 * input_.number<std::uint16_t>();
  std::erase_if(client_.held, [&](const HeldBuffer& held) { return held.address == address; });
  return address;
}

void CommandWriter::command() {
  static constexpr std::uint32_t kCommands[] = {BC_TRANSACTION,
                                                BC_TRANSACTION,
                                                BC_TRANSACTION_SG,
                                                BC_REPLY,
                                                BC_REPLY_SG,
                                                BC_REPLY,
                                                BC_FREE_BUFFER,
                                                BC_FREE_BUFFER,
                                                BC_INCREFS,
                                                BC_ACQUIRE,
                                                BC_RELEASE,
                                                BC_DECREFS,
                                                BC_INCREFS_DONE,
                                                BC_ACQUIRE_DONE,
                                                BC_REGISTER_LOOPER,
                                                BC_ENTER_LOOPER,
                                                BC_EXIT_LOOPER,
                                                BC_REQUEST_DEATH_NOTIFICATION,
                                                BC_CLEAR_DEATH_NOTIFICATION,
                                                BC_DEAD_BINDER_DONE,
                                                uapi::kBcRequestFreezeNotification,
                                                uapi::kBcClearFreezeNotification,
                                                uapi::kBcFreezeNotificationDone};
  const std::uint32_t command = kCommands[input_.pick(std::size(kCommands))];
  put(command);
  switch (command) {
    case BC_TRANSACTION:
    case BC_TRANSACTION_SG:
      return transaction(false), command == BC_TRANSACTION_SG
                                     ? put<std::uint64_t>(input_.pick(32) * 8 + input_.rarely(32))
                                     : void();
    case BC_REPLY:
    case BC_REPLY_SG:
      return transaction(true),
             command == BC_REPLY_SG ? put<std::uint64_t>(input_.pick(32) * 8 + input_.rarely(32)) : void();
    case BC_FREE_BUFFER:
      return put(buffer_address());
    case BC_INCREFS:
    case BC_ACQUIRE:
    case BC_RELEASE:
    case BC_DECREFS:
      return put(handle());
    case BC_INCREFS_DONE:
    case BC_ACQUIRE_DONE:
      if (const unsigned choice = input_.byte(); choice < 220 && !client_.known.increments.empty()) {
        const auto& [ptr, known_cookie] = client_.known.increments[choice % client_.known.increments.size()];
        put(ptr);
        put(known_cookie);
      } else {
        put(pointer());
        put(cookie());
      }
      return;
    case BC_REQUEST_DEATH_NOTIFICATION:
    case BC_CLEAR_DEATH_NOTIFICATION:
    case uapi::kBcRequestFreezeNotification:
    case uapi::kBcClearFreezeNotification: {
      put(handle());
      const std::uint64_t chosen = input_.pick(4);
      put(chosen);
      return;
    }
    case BC_DEAD_BINDER_DONE:
    case uapi::kBcFreezeNotificationDone:
      return put(cookie());
    default:
      return;
  }
}

std::uint64_t CommandWriter::object(std::byte* at, std::uint64_t scatter) {
  static constexpr std::uint32_t kTypes[] = {
      BINDER_TYPE_BINDER, BINDER_TYPE_BINDER,      BINDER_TYPE_WEAK_BINDER,
      BINDER_TYPE_HANDLE, BINDER_TYPE_WEAK_HANDLE, BINDER_TYPE_FD,
      BINDER_TYPE_FDA,    BINDER_TYPE_PTR,         BINDER_TYPE_PTR};
  const std::uint32_t type =
      input_.rarely(64) ? input_.number<std::uint32_t>() : kTypes[input_.pick(std::size(kTypes))];
  switch (type) {
    case BINDER_TYPE_FD: {
      binder_fd_object fd{};
      fd.hdr.type = type;
      fd.fd = 3 + input_.pick(input_.rarely(16) ? 100 : 4);
      std::memcpy(at, &fd, sizeof fd);
      return sizeof fd;
    }
    case BINDER_TYPE_FDA: {
      binder_fd_array_object array{};
      array.hdr.type = type;
      array.num_fds = input_.rarely(32) ? input_.number<std::uint64_t>() : input_.pick(4);
      array.parent = input_.pick(4);
      array.parent_offset = input_.rarely(32) ? input_.number<std::uint64_t>() : input_.pick(9) * 4;
      std::memcpy(at, &array, sizeof array);
      return sizeof array;
    }
    case BINDER_TYPE_PTR: {
      binder_buffer_object buffer{};
      buffer.hdr.type = type;
      buffer.flags = input_.pick(2) != 0 ? BINDER_BUFFER_FLAG_HAS_PARENT : 0;
      buffer.length = input_.rarely(32) ? input_.number<std::uint64_t>() : input_.pick(12) * 4;
      buffer.buffer = input_.rarely(32) ? input_.number<std::uint64_t>() : scatter;
      buffer.parent = input_.pick(4);
      buffer.parent_offset = input_.rarely(32) ? input_.number<std::uint64_t>() : input_.pick(6) * 8;
      std::memcpy(at, &buffer, sizeof buffer);
      return sizeof buffer;
    }
    default: {
      flat_binder_object flat{};
      flat.hdr.type = type;
      flat.flags = input_.byte() | (input_.rarely(4) ? 0u : std::uint32_t{FLAT_BINDER_FLAG_ACCEPTS_FDS}) |
                   (input_.rarely(8) ? std::uint32_t{FLAT_BINDER_FLAG_TXN_SECURITY_CTX} : 0u);
      if (type == BINDER_TYPE_HANDLE || type == BINDER_TYPE_WEAK_HANDLE) {
        flat.handle = handle();
      } else {
        flat.binder = pointer();
        flat.cookie = flat.binder + (input_.rarely(32) ? 1 : 8);
      }
      std::memcpy(at, &flat, sizeof flat);
      return sizeof flat;
    }
  }
}

std::uint64_t CommandWriter::objects(unsigned count) {
  std::byte* data = client_.host(thread_.base() + Layout::kData);
  std::byte* offsets = client_.host(thread_.base() + Layout::kOffsets);
  std::uint64_t end = 0;
  for (unsigned i = 0; i < count && end + 128 < kDataRoom; ++i) {
    end += input_.rarely(4) ? input_.pick(16) * 4 : 0;
    std::uint64_t position = end;
    if (input_.rarely(64)) position = input_.number<std::uint16_t>();
    const std::uint64_t scatter = thread_.base() + Layout::kScatter + 64 * (scatter_used_++ % 16);
    // What fd arrays point at: plausible descriptor numbers.
    for (std::uint32_t word = 0; word < 16; ++word) {
      const std::uint32_t fd = 3 + word % 4;
      std::memcpy(client_.host(scatter) + 4 * word, &fd, sizeof fd);
    }
    end += object(data + end, scatter);
    std::memcpy(offsets + i * sizeof position, &position, sizeof position);
  }
  return end;
}

void CommandWriter::transaction(bool reply) {
  binder_transaction_data data{};
  if (!reply) data.target.handle = handle();
  data.code = input_.pick(3);
  static constexpr std::uint32_t kFlags[] = {0,
                                             0,
                                             TF_ACCEPT_FDS,
                                             TF_ONE_WAY,
                                             TF_ONE_WAY,
                                             TF_ONE_WAY | TF_UPDATE_TXN,
                                             TF_ACCEPT_FDS | TF_CLEAR_BUF,
                                             TF_ONE_WAY | TF_CLEAR_BUF};
  data.flags = kFlags[input_.pick(std::size(kFlags))];
  const unsigned count = input_.pick(3) == 0 ? 0 : input_.pick(kMaxObjects);
  data.data_size = objects(count) + input_.pick(4) * 8;
  data.offsets_size = count * sizeof(std::uint64_t);
  data.data.ptr.buffer = thread_.base() + Layout::kData;
  data.data.ptr.offsets = thread_.base() + Layout::kOffsets;
  switch (input_.byte()) {
    case 1:
      data.data_size = input_.number<std::uint64_t>();
      break;
    case 2:
      data.data_size = input_.number<std::uint16_t>();
      break;
    case 3:
      data.offsets_size = input_.number<std::uint64_t>();
      break;
    case 4:
      data.offsets_size = input_.number<std::uint16_t>();
      break;
    case 5:
      data.data.ptr.buffer = input_.number<std::uint64_t>();
      break;
    case 6:
      data.data.ptr.offsets = input_.number<std::uint64_t>();
      break;
    case 7:  // another file of the same process may be the receiver
      data.data.ptr.buffer = client_.area_address() + input_.number<std::uint16_t>();
      break;
    case 8:
      data.data_size = 0x1000 * input_.pick(17);
      break;
    default:
      break;
  }
  put(data);
}

}  // namespace cuse_binder::fuzz
